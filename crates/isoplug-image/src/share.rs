//! Parts the trees of several systems into what some of them have alike and what each has alone.
//!
//! A system is laid out again from its parts, whatever their order is: no entry but a folder is in two of them, and each
//! system's own part has all of its folders. Reads no file; knows no medium.

use std::collections::BTreeMap;

use isoplug_formats::tree::{self, Entry, Kind, Tree, TreePath};

/// The systems that have something alike, by their places in the list; at least two.
pub type Members = Vec<usize>;

/// What systems are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What several have alike.
    pub sets: BTreeMap<Members, Tree>,
    /// What each has alone.
    pub own: Vec<Tree>,
}

/// Parts trees. A set whose files have fewer bytes than `least` is no part of its own.
pub fn share(trees: &[Tree], least: u64) -> Shared {
    let (sets, mut own) = told_apart(trees);
    let (kept, small): (BTreeMap<_, _>, BTreeMap<_, _>) =
        sets.into_iter().partition(|(members, paths)| size(&trees[members[0]], paths) >= least);
    for (members, paths) in small {
        members.iter().for_each(|&member| own[member].extend(&paths));
    }
    let set = |(members, paths): (Members, Vec<&TreePath>)| {
        let part = part(&trees[members[0]], &paths);
        (members, part)
    };
    let own = trees.iter().zip(&own).map(|(tree, paths)| with_folders(tree, part(tree, paths)));
    Shared { own: own.collect(), sets: kept.into_iter().map(set).collect() }
}

/// What is in each set of systems, and in each system alone.
type Apart<'a> = (BTreeMap<Members, Vec<&'a TreePath>>, Vec<Vec<&'a TreePath>>);

/// Finds out who has what.
fn told_apart(trees: &[Tree]) -> Apart<'_> {
    let named: Vec<Named> = trees.iter().map(Named::of).collect();
    let mut sets: BTreeMap<Members, Vec<&TreePath>> = BTreeMap::new();
    let mut own: Vec<Vec<&TreePath>> = vec![Vec::new(); trees.len()];
    for (index, system) in named.iter().enumerate() {
        for path in system.paths() {
            let members = members(&named, path, index);
            match members[..] {
                [_] => own[index].push(path),
                [first, ..] if first == index => sets.entry(members).or_default().push(path),
                _ => {}
            }
        }
    }
    (sets, own)
}

/// A tree, and the names of each of its files that has several, by the first.
struct Named<'a> {
    tree: &'a Tree,
    names: BTreeMap<&'a [u8], Vec<&'a [u8]>>,
}

impl<'a> Named<'a> {
    fn of(tree: &'a Tree) -> Self {
        let mut names: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
        for (path, entry) in &tree.entries {
            if let Kind::HardLink(first) = &entry.kind {
                names.entry(first).or_insert_with(|| vec![first]).push(path);
            }
        }
        Self { tree, names }
    }

    /// Returns the paths of what is no folder.
    fn paths(&self) -> impl Iterator<Item = &'a TreePath> {
        let entries = self.tree.entries.iter();
        entries.filter(|(_, entry)| entry.kind != Kind::Directory).map(|(path, _)| path)
    }

    /// Returns what is at a path and all names of it. Those of one file stay together, so they are a part of it.
    fn at(&self, path: &[u8]) -> Option<(&'a Entry, &[&'a [u8]])> {
        let entry = self.tree.entries.get(path)?;
        let (first, entry) = match &entry.kind {
            Kind::HardLink(first) => (&first[..], self.tree.entries.get(first)?),
            _ => (path, entry),
        };
        Some((entry, self.names.get(first).map_or(&[], Vec::as_slice)))
    }

    fn has_the_same(&self, other: &Self, path: &[u8]) -> bool {
        let (Some((one, names)), Some((two, others))) = (self.at(path), other.at(path)) else {
            return false;
        };
        names == others && are_alike(one, two)
    }
}

/// Tells whether two entries are the same but for the place of their bytes.
fn are_alike(one: &Entry, other: &Entry) -> bool {
    let kind = match (&one.kind, &other.kind) {
        (Kind::File(one), Kind::File(two)) => (one.digest, one.size) == (two.digest, two.size),
        (one, two) => one == two,
    };
    let Entry { kind: _, mode, uid, gid, mtime, xattrs } = one;
    let numbers = (*mode, *uid, *gid, *mtime);
    kind && numbers == (other.mode, other.uid, other.gid, other.mtime) && *xattrs == other.xattrs
}

/// Returns the systems that have the same at a path as one of them has.
fn members(all: &[Named], path: &[u8], of: usize) -> Members {
    let has = |index: &usize| *index == of || all[of].has_the_same(&all[*index], path);
    (0..all.len()).filter(has).collect()
}

/// Returns how many bytes the files at some paths have.
fn size(tree: &Tree, paths: &[&TreePath]) -> u64 {
    let size = |path: &&TreePath| match tree.entries.get(*path).map(|entry| &entry.kind) {
        Some(Kind::File(content)) => content.size,
        _ => 0,
    };
    paths.iter().map(size).sum()
}

/// Returns the tree of some paths, with the folders on the way as they are there.
fn part(tree: &Tree, paths: &[&TreePath]) -> Tree {
    let mut part = Tree::default();
    let mut add = |path: &[u8]| {
        if let Some(entry) = tree.entries.get(path) {
            part.entries.insert(path.to_vec(), entry.clone());
        }
    };
    add(b"");
    for path in paths {
        std::iter::successors(Some(&path[..]), |path| tree::parent(path)).for_each(&mut add);
    }
    part
}

fn with_folders(tree: &Tree, mut part: Tree) -> Tree {
    let folders = tree.entries.iter().filter(|(_, entry)| entry.kind == Kind::Directory);
    part.entries.extend(folders.map(|(path, entry)| (path.clone(), entry.clone())));
    part
}

#[cfg(test)]
mod tests;
