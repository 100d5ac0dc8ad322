//! Reads the sources of a manifest: an archive has a suite, a folder has none and nothing that an archive has.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Manifest, Source};
use crate::value::Value;

/// The suite of a folder: a flat repository, which is of no distribution.
const OF_FOLDERS: &str = "./";
/// What says where an archive is and who signs it.
const OF_ARCHIVES: [&str; 13] = [
    "suite",
    "components",
    "mirrors",
    "keyring",
    "keys",
    "fingerprints",
    "allow-weak-keys",
    "codename",
    "in-image",
    "pockets",
    "check-valid-until",
    "snapshot",
    "snapshot-services",
];

/// Returns the sources, of which there is always one.
pub(super) fn sources(manifest: &Manifest) -> BTreeMap<String, Source> {
    if manifest.sources.is_empty() {
        return BTreeMap::from([("debian".to_owned(), Source::default())]);
    }
    let mut sources = manifest.sources.clone();
    let folders = sources.values_mut().filter(|source| source.folder.is_some());
    folders.for_each(|source| OF_FOLDERS.clone_into(&mut source.suite));
    sources
}

/// Reports sources that are neither an archive nor a folder, and those that would be both.
pub(super) fn mistakes(root: &Value) -> Vec<Diagnostic> {
    let sources = root.get("sources").and_then(Value::as_table);
    let tables = sources.into_iter().flatten().map(|(_, source)| source);
    tables.filter_map(mistake).collect()
}

fn mistake(source: &Value) -> Option<Diagnostic> {
    let Some(folder) = source.get("folder") else {
        let missing = source.as_table().is_some() && source.get("suite").is_none();
        let diagnostic = Diagnostic::error("missing-key", "`suite` is missing");
        return missing.then(|| diagnostic.at(&source.origin, ""));
    };
    let (key, other) = OF_ARCHIVES.iter().find_map(|key| Some((key, source.get(key)?)))?;
    let message = format!("a folder of packages has no `{key}`");
    let diagnostic = Diagnostic::error("folder-or-archive", message).at(&other.origin, "");
    Some(
        diagnostic.and(&folder.origin, "the folder").help("only `priority` stands beside `folder`"),
    )
}
