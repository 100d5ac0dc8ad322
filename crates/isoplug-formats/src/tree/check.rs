//! Checks that a tree is a file system, so that no entry is lost or lands outside it.

use super::{Entry, Kind, Tree, TreePath, file_name, parent};

/// Returns the first entry in path order that no file system could hold, and what is wrong with it.
pub(crate) fn check(tree: &Tree) -> Result<(), (TreePath, &'static str)> {
    if !tree.entries.contains_key(&[][..]) {
        return Err((TreePath::new(), "the tree has no root"));
    }
    for (path, entry) in &tree.entries {
        name(path, entry).and_then(|()| place(tree, path)).map_err(|why| (path.clone(), why))?;
        hard_link(tree, path, entry).map_err(|why| (path.clone(), why))?;
        // The number by which chown(2) leaves an owner as it is can own nothing.
        if entry.uid == u32::MAX || entry.gid == u32::MAX {
            return Err((path.clone(), "its owner or group is not a valid number"));
        }
    }
    Ok(())
}

fn name(path: &[u8], entry: &Entry) -> Result<(), &'static str> {
    match file_name(path) {
        _ if path.is_empty() && entry.kind == Kind::Directory => Ok(()),
        _ if path.is_empty() => Err("the root is not a folder"),
        _ if path.starts_with(b"/") => Err("its path begins with a slash"),
        b"" | b"." | b".." => Err("not a name"),
        name if name.contains(&0) => Err("its name holds a zero byte"),
        name if name.len() > 255 => Err("its name is longer than 255 bytes"),
        _ => Ok(()),
    }
}

fn place(tree: &Tree, path: &[u8]) -> Result<(), &'static str> {
    let is_folder = |path| tree.entries.get(path).is_some_and(|e| e.kind == Kind::Directory);
    if parent(path).is_none_or(is_folder) { Ok(()) } else { Err("its parent is not a folder") }
}

fn hard_link(tree: &Tree, path: &[u8], entry: &Entry) -> Result<(), &'static str> {
    let Kind::HardLink(target) = &entry.kind else { return Ok(()) };
    match tree.entries.get(target).map(|entry| &entry.kind) {
        None => Err("the target of a hard link is missing"),
        Some(Kind::Directory) => Err("the target of a hard link is a folder"),
        Some(Kind::HardLink(_)) => Err("the target of a hard link is a hard link"),
        Some(_) if target.as_slice() > path => Err("the target of a hard link sorts after it"),
        Some(_) => Ok(()),
    }
}
