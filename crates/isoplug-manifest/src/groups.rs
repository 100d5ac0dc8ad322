//! The profiles that a manifest names outside of them: those to build when none is named, and groups of them.
//!
//! Knows nothing of what a profile is.

use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::value::{Key, Table, Value};

/// Reports each group that cannot be one, and each name that is none of the profiles, or of the groups where one may stand.
pub(crate) fn groups(root: &Value, profiles: &Table, diagnostics: &mut Vec<Diagnostic>) {
    let groups =
        root.get("groups").and_then(Value::as_table).map(Vec::as_slice).unwrap_or_default();
    let known: Vec<String> = profiles.iter().map(|(key, _)| key.name.clone()).collect();
    for (key, members) in groups {
        let members = members.as_list().unwrap_or_default();
        diagnostics.extend(not_a_group(key, members, profiles));
        diagnostics.extend(members.iter().filter_map(|member| unknown(member, &known)));
    }
    let named = root.get("image").and_then(|image| image.get("default-profiles"));
    let named = named.and_then(Value::as_list).unwrap_or_default();
    let groups = groups.iter().map(|(key, _)| key.name.clone());
    let known: Vec<String> = known.iter().cloned().chain(groups).collect();
    diagnostics.extend(named.iter().filter_map(|name| unknown(name, &known)));
}

/// Returns what is wrong with a group as such.
fn not_a_group(key: &Key, members: &[Value], profiles: &Table) -> Option<Diagnostic> {
    let name = &key.name;
    if let Some((profile, _)) = profiles.iter().find(|(profile, _)| profile.name == *name) {
        let message = format!("the group `{name}` is called like a profile");
        let diagnostic = Diagnostic::error("group", message).at(&key.origin, "");
        let help = "call one of them otherwise: `--profile` takes either";
        return Some(diagnostic.and(&profile.origin, "the profile").help(help));
    }
    members.is_empty().then(|| {
        let message = format!("the group `{name}` has no profile");
        let help = "name its profiles, or remove the group";
        Diagnostic::error("group", message).at(&key.origin, "").help(help)
    })
}

/// Reports a name that is not known.
fn unknown(item: &Value, known: &[String]) -> Option<Diagnostic> {
    let name = item.as_str().filter(|name| !known.iter().any(|known| known == name))?;
    let message = format!("there is no profile `{name}`");
    let diagnostic = Diagnostic::error("unknown-profile", message).at(&item.origin, "");
    let diagnostic = did_you_mean(diagnostic, name, known.iter());
    Some(match diagnostic.help {
        None if !known.is_empty() => diagnostic.help(format!("known: {}", known.join(", "))),
        _ => diagnostic,
    })
}
