//! Entries of the boot menu, with their kernel parameters word by word.

use serde::Serialize;

use crate::look::menu::Entry;

/// An entry that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MenuChange {
    /// The file and the title.
    pub entry: String,
    /// `added`, `removed`, `changed` or `moved`.
    pub way: &'static str,
    /// Kernel parameters, kernels and initrds that came.
    pub added: Vec<String>,
    /// Those that went.
    pub removed: Vec<String>,
}

/// Compares menus.
pub(super) fn compare(old: &[Entry], new: &[Entry]) -> Vec<MenuChange> {
    let key = |entry: &Entry| (entry.file.clone(), entry.title.clone());
    let find = |all: &[Entry], entry: &Entry| all.iter().find(|it| key(it) == key(entry)).cloned();
    let gone = old.iter().filter(|entry| find(new, entry).is_none());
    let mut found: Vec<MenuChange> =
        gone.map(|entry| change(entry, "removed", Vec::new(), words(entry))).collect();
    for entry in new {
        match find(old, entry) {
            None => found.push(change(entry, "added", words(entry), Vec::new())),
            Some(before) => found.extend(changed(&before, entry)),
        }
    }
    if found.is_empty() && old.iter().map(key).ne(new.iter().map(key)) {
        let moved = old.iter().zip(new).filter(|(old, new)| key(old) != key(new));
        found.extend(moved.map(|(_, new)| change(new, "moved", Vec::new(), Vec::new())));
    }
    found
}

fn words(entry: &Entry) -> Vec<String> {
    let kernel = [&entry.kernel].into_iter().filter(|kernel| !kernel.is_empty());
    kernel.chain(&entry.initrds).chain(&entry.parameters).cloned().collect()
}

fn changed(old: &Entry, new: &Entry) -> Option<MenuChange> {
    let (before, after) = (words(old), words(new));
    if before == after {
        return None;
    }
    let minus = |all: &[String], other: &[String]| {
        all.iter().filter(|word| !other.contains(word)).cloned().collect()
    };
    let (added, removed): (Vec<String>, Vec<String>) =
        (minus(&after, &before), minus(&before, &after));
    if added.is_empty() && removed.is_empty() {
        // The same words in another order, or one of them twice.
        return Some(change(new, "changed", vec![after.join(" ")], vec![before.join(" ")]));
    }
    Some(change(new, "changed", added, removed))
}

fn change(
    entry: &Entry,
    way: &'static str,
    added: Vec<String>,
    removed: Vec<String>,
) -> MenuChange {
    MenuChange { entry: format!("/{}: {}", entry.file, entry.title), way, added, removed }
}
