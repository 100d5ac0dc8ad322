//! Default profiles that the manifest does not have.

use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::value::Value;

/// Reports each name of `image.default-profiles` that is none of the profiles.
pub(crate) fn default_profiles(root: &Value, known: &[String], diagnostics: &mut Vec<Diagnostic>) {
    let named = root.get("image").and_then(|image| image.get("default-profiles"));
    let named = named.and_then(Value::as_list).unwrap_or_default();
    for item in named {
        let Some(name) = item.as_str().filter(|name| !known.iter().any(|known| known == name))
        else {
            continue;
        };
        let message = format!("there is no profile `{name}`");
        let diagnostic = Diagnostic::error("unknown-profile", message).at(&item.origin, "");
        let diagnostic = did_you_mean(diagnostic, name, known.iter());
        diagnostics.push(match diagnostic.help {
            None if !known.is_empty() => diagnostic.help(format!("known: {}", known.join(", "))),
            _ => diagnostic,
        });
    }
}
