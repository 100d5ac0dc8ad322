//! Refuses modules that set one path to different things.

use std::collections::BTreeMap;

use super::OrderError;
use crate::{Entry, EntryKind, Module, Tree};

/// Refuses two modules that set one path to different things.
pub(super) fn check(
    modules: &[(&str, &Module)],
    names: &[String],
    order: &[usize],
) -> Result<(), OrderError> {
    let mut owners: BTreeMap<(Tree, &str), (usize, &Entry)> = BTreeMap::new();
    for index in order {
        let sets = |entry: &&Entry| entry.kind != EntryKind::Remove;
        for entry in modules[*index].1.entries.iter().filter(sets) {
            let here = (entry.tree, entry.path.as_str());
            if let Some((first, before)) = owners.insert(here, (*index, entry))
                && !replaces(before, entry)
            {
                return Err(OrderError::Path {
                    tree: entry.tree,
                    path: entry.path.clone(),
                    first: names[first].clone(),
                    second: names[*index].clone(),
                });
            }
        }
    }
    Ok(())
}

/// Says whether an entry may stand where one before it stood.
fn replaces(before: &Entry, entry: &Entry) -> bool {
    let mut same = before.clone();
    if let (EntryKind::File(_, before), EntryKind::File(_, now))
    | (EntryKind::Folder(before), EntryKind::Folder(now)) = (&mut same.kind, &entry.kind)
    {
        before.replace = now.replace;
    }
    match &entry.kind {
        EntryKind::File(_, attributes) | EntryKind::Folder(attributes) if attributes.replace => {
            true
        }
        _ => same == *entry,
    }
}
