//! Finds the libraries that a program of the layer needs, as ld.so does, but without running it.
//!
//! Libraries for newer processors (`glibc-hwcaps`) do not count: the initrd boots everywhere.

use std::collections::BTreeSet;

use isoplug_formats::elf::{self, Linkage};
use isoplug_formats::tree::{self, TreePath};

use super::draft::{Draft, Error, unknown};

/// Returns the paths of the libraries, and of the program that loads them.
pub(super) fn of(program: &[u8], draft: &Draft) -> Result<BTreeSet<TreePath>, Error> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![(program.to_vec(), Vec::new())];
    while let Some((path, inherited)) = waiting.pop() {
        let Some(linkage) = linkage(&path, draft)? else { continue };
        let folders = [folders(&path, &linkage, draft), inherited].concat();
        let loader = linkage.interpreter.iter().cloned();
        let libraries = linkage.needed.iter().map(|name| library(name, &folders, &path, draft));
        let libraries = libraries.collect::<Result<Vec<_>, _>>()?;
        for library in loader.chain(libraries).chain(with_threads(&linkage, draft)) {
            if found.insert(library.clone()) {
                waiting.push((library, folders.clone()));
            }
        }
    }
    Ok(found)
}

/// Returns the paths of the libraries that a program, or one of its libraries, loads by name while it runs. Those that the
/// layer does not have, the program does without.
pub(super) fn by_name(program: &[u8], draft: &Draft) -> Result<BTreeSet<TreePath>, Error> {
    let mut found = BTreeSet::new();
    for path in of(program, draft)?.into_iter().chain([program.to_vec()]) {
        let Some(linkage) = linkage(&path, draft)? else { continue };
        let folders = folders(&path, &linkage, draft);
        let names = linkage.loaded.iter().flat_map(|note| names(note));
        found
            .extend(names.filter_map(|name| library(name.as_bytes(), &folders, &path, draft).ok()));
    }
    Ok(found)
}

/// Returns the names of libraries in a note: `[{ "soname": ["libcryptsetup.so.12"], … }]`. What is no such text names none.
fn names(note: &[u8]) -> Vec<String> {
    let text = note.split(|&byte| byte == 0).next().unwrap_or_default();
    let entries: Vec<serde_json::Value> = serde_json::from_slice(text).unwrap_or_default();
    let names = |entry: &serde_json::Value| {
        serde_json::from_value::<Vec<String>>(entry["soname"].clone()).unwrap_or_default()
    };
    entries.iter().flat_map(names).collect()
}

/// Returns what a file links to; `None` if it is a script.
fn linkage(path: &[u8], draft: &Draft) -> Result<Option<Linkage>, Error> {
    let Some(bytes) = draft.read(path)? else { return Err(unknown(path, "there is no such file")) };
    match Linkage::read(&bytes) {
        Ok(linkage) => Ok(Some(linkage)),
        Err(elf::Error::Kind) => Ok(None),
        Err(error) => Err(unknown(path, error.to_string())),
    }
}

/// Returns the folders that a file names itself.
fn folders(path: &[u8], linkage: &Linkage, draft: &Draft) -> Vec<TreePath> {
    let real = draft.find(path).map(|(path, _)| path).unwrap_or_default();
    let origin = [b"/", tree::parent(&real).unwrap_or_default()].concat();
    let named = linkage.folders.iter().filter(|folder| !folder.is_empty());
    let folder = |folder: &Vec<u8>| {
        let text = String::from_utf8_lossy(folder);
        let origin = String::from_utf8_lossy(&origin);
        text.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin).into_bytes()
    };
    named.map(folder).collect()
}

/// Looks where ld.so looks without a cache, since the initrd has none (ld.so(8)).
fn library(
    name: &[u8],
    folders: &[TreePath],
    user: &[u8],
    draft: &Draft,
) -> Result<TreePath, Error> {
    let usual = [format!("usr/lib/{}", draft.triplet), "usr/lib".to_owned()];
    let folders = folders.iter().cloned().chain(usual.map(String::into_bytes));
    let mut paths = folders.map(|folder| tree::join(&folder, name));
    let found = paths.find(|path| draft.is_file(path));
    found.ok_or_else(|| {
        let name = String::from_utf8_lossy(name);
        unknown(user, format!("its library {name} is in no folder that ld.so looks in by itself"))
    })
}

/// A program with threads loads libgcc when a thread ends, without being linked to it.
fn with_threads(linkage: &Linkage, draft: &Draft) -> Vec<TreePath> {
    if !linkage.needed.iter().any(|name| name.starts_with(b"libpthread.so.")) {
        return Vec::new();
    }
    draft.libraries("libgcc_s.so.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_are_loaded_by_name_are_read_of_their_note() {
        let note = br#"[{"feature":"cryptsetup","priority":"suggested","soname":["libcryptsetup.so.12","libc.so"]},{}]"#;
        assert_eq!(names(&[&note[..], b"\0"].concat()), ["libcryptsetup.so.12", "libc.so"]);
        assert!(names(b"[{\"soname\":7}]").is_empty() && names(b"x").is_empty());
    }
}
