//! Shared modules: what the texts of one are called, and which files it may name.
//!
//! A module is a folder of somebody else's. Its texts are `module:NAME/PATH`, so that a path beside one of them is one
//! of the module, too; where that lies on this machine, and whether it is believed, whoever loads it knows.

use crate::diagnostic::Diagnostic;
use crate::format::beside;
use crate::secret::is_secret;
use crate::shape::{Kind, Shape};
use crate::text::Texts;
use crate::value::{Data, Key, Value};

/// How a path of a shared module begins: `module:NAME/PATH`.
pub const MODULE: &str = "module:";
/// The name that stands for the built-in profiles.
const BUILT_IN: &str = "isoplug";
/// The key that names a variable of the environment, wherever there is one.
const VARIABLE: &str = "env";

/// Returns what the manifest of a module is called.
pub(crate) fn manifest(module: &str) -> String {
    format!("{MODULE}{module}/isoplug.toml")
}

/// Returns the module that a text is of.
pub(crate) fn of_text(name: &str) -> Option<&str> {
    name.strip_prefix(MODULE)?.split_once('/').map(|(module, _)| module)
}

/// Returns the path of a file that a text names, or why a module cannot name it.
pub(crate) fn named(text: &str, path: &str) -> Result<String, Diagnostic> {
    let found = beside(text, path);
    match of_text(text) {
        Some(module) if of_text(&found) != Some(module) => {
            let message =
                format!("the shared module `{module}` names a file that is none of its own");
            Err(Diagnostic::error("foreign-path", message)
                .help("a module is its folder: put the file there, or name it in the manifest"))
        }
        _ => Ok(found),
    }
}

/// Says that a text of a module has a secret, or wants to read a variable of the environment.
pub(crate) fn secret(value: &Value, shape: &Shape, texts: &Texts) -> Option<Diagnostic> {
    let Value { data: Data::Table(table), origin } = value else { return None };
    let Kind::Object { fields, .. } = &shape.kind else { return None };
    let reads = fields.contains_key(VARIABLE)
        && table.iter().any(|(key, _)| key.name.eq_ignore_ascii_case(VARIABLE));
    if !is_secret(shape) && !reads || of_text(&texts.get(origin.text).name).is_none() {
        return None;
    }
    let message = "a shared module holds no secret and reads none";
    let diagnostic = Diagnostic::error("secret-in-module", message).at(origin, "");
    Some(diagnostic.help("say it in the manifest that extends the module"))
}

/// Returns what is wrong with how a manifest names shared modules.
pub(crate) fn mistakes(root: &Value) -> Vec<Diagnostic> {
    let modules = root.get("modules").and_then(Value::as_table).into_iter().flatten();
    let mistake = |(key, source): &(Key, Value)| {
        if key.name == BUILT_IN {
            let message = "`isoplug` stands for the built-in profiles";
            let diagnostic = Diagnostic::error("module", message).at(&key.origin, "");
            return Some(diagnostic.help("give the module another name"));
        }
        let has = |name| source.get(name).is_some();
        let message = format!("the module `{}` needs `registry` or `path`, one of them", key.name);
        let is_wrong = has("registry") == has("path");
        is_wrong.then(|| Diagnostic::error("module", message).at(&key.origin, ""))
    };
    modules.filter_map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_names_its_own_files_alone() {
        let text = manifest("acme");
        assert_eq!(of_text(&text), Some("acme"));
        assert_eq!(named(&text, "etc/../motd").unwrap(), "module:acme/motd");
        for path in ["/etc/shadow", "../other/motd", "../../etc/shadow", "etc/../../x"] {
            assert!(named(&text, path).is_err(), "{path}");
        }
        assert_eq!(named("isoplug.toml", "../x").unwrap(), "../x");
    }
}
