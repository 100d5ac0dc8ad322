//! Shows what a plugin answered as JSON that a person can read and keep: `expected.json`.

use std::fmt::Write as _;

use isoplug_plugin::{
    Attributes, Content, Entry, EntryKind, Module, PluginDiagnostic, PluginSeverity, Segment,
    Strength,
};
use serde_json::{Map, Value as Json, json};

/// Texts longer than this are shown as their digest.
const LONG: u64 = 16 << 10;

/// Shows modules by name.
pub(crate) fn modules(modules: &[Module]) -> Json {
    let shown = modules.iter().map(|module| (module.name.clone(), Json::Object(one(module))));
    Json::Object(shown.collect())
}

/// The lists of words that a module has.
const WORDS: [&str; 5] = ["provides", "requires", "conflicts", "after", "before"];

fn one(module: &Module) -> Map<String, Json> {
    let Module { name: _, provides, requires, conflicts, after, before, fragments, entries, hooks } =
        module;
    let mut shown = Map::new();
    let lists = [provides, requires, conflicts, after, before];
    for (word, list) in WORDS.into_iter().zip(lists).filter(|(_, list)| !list.is_empty()) {
        shown.insert(word.to_owned(), json!(list));
    }
    let merge: Vec<Json> = fragments.iter().map(fragment).collect();
    let entries: Map<String, Json> = entries.iter().map(entry).collect();
    let hooks: Map<String, Json> =
        hooks.iter().map(|hook| (hook.name.clone(), content(&hook.script))).collect();
    let parts = [("merge", json!(merge)), ("entries", json!(entries)), ("hooks", json!(hooks))];
    let is_there = |part: &Json| *part != json!([]) && *part != json!({});
    shown.extend(parts.into_iter().filter(|(_, it)| is_there(it)).map(|(k, v)| (k.to_owned(), v)));
    shown
}

fn fragment((fragment, strength): &(Json, Strength)) -> Json {
    json!({ "fragment": fragment, "strength": strength.to_string() })
}

fn entry(entry: &Entry) -> (String, Json) {
    let shown = match &entry.kind {
        EntryKind::File(bytes, attributes) => with_attributes(content(bytes), attributes),
        EntryKind::Folder(attributes) => with_attributes(json!({ "kind": "folder" }), attributes),
        EntryKind::Symlink(target) => json!({ "target": target }),
        EntryKind::Remove => json!({ "kind": "removed" }),
    };
    (format!("{}:{}", entry.tree, entry.path), shown)
}

fn with_attributes(mut shown: Json, attributes: &Attributes) -> Json {
    let Attributes { mode, uid, gid, replace } = *attributes;
    shown["mode"] = json!(format!("{mode:04o}"));
    if (uid, gid) != (0, 0) {
        shown["owner"] = json!(format!("{uid}:{gid}"));
    }
    if replace {
        shown["replace"] = json!(true);
    }
    shown
}

/// Shows a text as it is, and other bytes by their digest. A secret stays one.
fn content(content: &Content) -> Json {
    if let Some(name) = content.secret_name() {
        return json!({ "secret": name });
    }
    let bytes = if content.size() <= LONG { content.to_vec().ok() } else { None };
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => json!({ "text": text }),
        None => json!({ "digest": content.digest().to_string(), "size": content.size() }),
    }
}

/// Shows what a plugin told the user.
pub(crate) fn diagnostics(diagnostics: &[PluginDiagnostic]) -> Json {
    let shown = diagnostics.iter().map(|diagnostic| {
        let PluginDiagnostic { severity, code, message, at, help } = diagnostic;
        let severity = match severity {
            PluginSeverity::Error => "error",
            PluginSeverity::Warning => "warning",
            PluginSeverity::Note => "note",
        };
        let mut shown = json!({ "severity": severity, "code": code, "message": message });
        if !at.is_empty() {
            shown["at"] = json!(path(at));
        }
        if let Some(help) = help {
            shown["help"] = json!(help);
        }
        shown
    });
    Json::Array(shown.collect())
}

/// Shows the errors, one a line: `empty-greeting at greeting: there is nothing to say`.
pub(crate) fn errors(diagnostics: &[PluginDiagnostic]) -> String {
    let mut lines = String::new();
    let is_error = |it: &&PluginDiagnostic| it.severity == PluginSeverity::Error;
    for PluginDiagnostic { code, message, at, .. } in diagnostics.iter().filter(is_error) {
        let at = if at.is_empty() { String::new() } else { format!(" at {}", path(at)) };
        let _ = writeln!(lines, "{code}{at}: {message}");
    }
    lines
}

/// Shows the way to an option: `users[2].name`.
fn path(at: &[Segment]) -> String {
    let mut path = String::new();
    for segment in at {
        let _ = match segment {
            Segment::Key(key) if path.is_empty() => write!(path, "{key}"),
            Segment::Key(key) => write!(path, ".{key}"),
            Segment::Index(index) => write!(path, "[{index}]"),
        };
    }
    path
}
