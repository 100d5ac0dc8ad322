//! Files of the medium, its volume, its boot loaders.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::image::Image;
use crate::iso::{Entry, Medium};
use crate::look::initrd;

use super::Difference;
use super::content;
use super::files::{Change, FileChange};

/// A fact that differs; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What.
    pub what: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

impl Fact {
    pub(super) fn new(what: impl Into<String>, old: impl ToString, new: impl ToString) -> Self {
        Self { what: what.into(), old: old.to_string(), new: new.to_string() }
    }
}

/// Lists that follow from the files that they name.
const LISTS: [&str; 4] = ["sha256sum.txt", "md5sum.txt", "SHA256SUMS", "MD5SUMS"];
/// The largest file that is looked through for the identity of the medium.
const LARGEST: u64 = 4 << 20;

/// Compares all but the squashfs, which is compared file by file elsewhere.
pub(super) fn compare(a: &Image, b: &Image, found: &mut Difference) -> io::Result<()> {
    volume(a, b, found);
    let identities = Identities { old: identity(&a.medium), new: identity(&b.medium) };
    let of =
        |medium: &Medium, path: &str| medium.find(path).filter(|entry| entry.path == path).cloned();
    let mut changes = Vec::new();
    for entry in a.medium.entries.iter().filter(|it| of(&b.medium, &it.path).is_none()) {
        if !identities.is_marker(&entry.path) {
            changes.push(change(entry, "removed", Vec::new()));
        }
    }
    for entry in &b.medium.entries {
        match of(&a.medium, &entry.path) {
            None if identities.is_marker(&entry.path) => {}
            None => changes.push(change(entry, "added", Vec::new())),
            Some(old) => {
                let all = entry_changes(a, b, &old, entry, &identities)?;
                changes.push(change(entry, "changed", all));
            }
        }
    }
    changes.retain(|it| it.way != "changed" || !it.changes.is_empty());
    let is_list = |it: &FileChange| LISTS.contains(&&it.path[1..]);
    if changes.iter().any(|it| !is_list(it)) || found.is_different() {
        changes.retain(|it| !is_list(it));
    }
    identities.tell(found);
    found.medium = changes;
    boot(a, b, found)
}

fn change(entry: &Entry, way: &'static str, changes: Vec<Change>) -> FileChange {
    FileChange { path: format!("/{}", entry.path), way, changes, ..FileChange::default() }
}

fn entry_changes(
    a: &Image,
    b: &Image,
    old: &Entry,
    new: &Entry,
    identities: &Identities,
) -> io::Result<Vec<Change>> {
    let mut found = Vec::new();
    let is_layer = |image: &Image| image.root.layers.iter().any(|(path, _)| *path == new.path);
    let is_catalog = b.medium.boot.catalog_at == Some(new.at);
    let is_apart = is_layer(a) && is_layer(b) || new.folder || is_catalog;
    let parts = (a.medium.part(old), b.medium.part(new));
    if !is_apart && !content::same_bytes(&parts.0, &parts.1)? {
        let (small, is_initrd) = (
            old.size.max(new.size) <= LARGEST,
            b.loaded.iter().any(|it| it.path == new.path && it.role == "initrd"),
        );
        let bytes = if small { (parts.0.all()?, parts.1.all()?) } else { (vec![0], vec![0, 0]) };
        if !small || identities.replaced(&bytes.0) != bytes.1 {
            let mut change = Change::content(&identities.replaced(&bytes.0), &bytes.1);
            if is_initrd && !small {
                change.lines = initrd_lines(&parts.0, &parts.1);
            }
            found.push(Change {
                old: format!("{} bytes", old.size),
                new: format!("{} bytes", new.size),
                ..change
            });
        }
    }
    let mode = |entry: &Entry| entry.mode.map_or_else(String::new, |mode| format!("{mode:04o}"));
    let owner = |entry: &Entry| format!("{}:{}", entry.uid, entry.gid);
    let facts = [("mode", mode(old), mode(new)), ("owner", owner(old), owner(new))];
    found.extend(
        facts
            .into_iter()
            .filter(|(_, old, new)| old != new)
            .map(|(what, old, new)| Change::new(what, old, new)),
    );
    if old.target != new.target {
        let target = |entry: &Entry| entry.target.clone().unwrap_or_default();
        found.push(Change::new("target", target(old), target(new)));
    }
    Ok(found)
}

/// Returns which files of an initrd differ.
fn initrd_lines(a: &crate::span::Span, b: &crate::span::Span) -> Vec<String> {
    let (Ok(old), Ok(new)) = (initrd::files(a), initrd::files(b)) else { return Vec::new() };
    let removed = old.keys().filter(|path| !new.contains_key(*path)).map(|path| format!("-{path}"));
    let others = new.iter().filter(|(path, what)| old.get(*path) != Some(*what));
    let others =
        others.map(|(path, _)| format!("{}{path}", if old.contains_key(path) { "!" } else { "+" }));
    removed.chain(others).collect()
}

/// The names by which the boot loaders find their own medium.
struct Identities {
    old: Option<String>,
    new: Option<String>,
}

fn identity(medium: &Medium) -> Option<String> {
    let names = medium.entries.iter().filter_map(|entry| entry.path.strip_prefix(".isoplug/"));
    names
        .filter(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_owned)
        .next()
}

impl Identities {
    fn is_marker(&self, path: &str) -> bool {
        let name = path.strip_prefix(".isoplug/");
        name.is_some_and(|name| [&self.old, &self.new].iter().any(|it| it.as_deref() == Some(name)))
    }

    /// Returns bytes of the first as they would be with the identity of the second.
    fn replaced(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if let (Some(old), Some(new)) = (&self.old, &self.new)
            && old != new
        {
            let mut at = 0;
            while let Some(found) =
                bytes[at..].windows(32).position(|window| window == old.as_bytes())
            {
                bytes[at + found..at + found + 32].copy_from_slice(new.as_bytes());
                at += found + 32;
            }
        }
        bytes
    }

    fn tell(&self, found: &mut Difference) {
        if let (Some(old), Some(new)) = (&self.old, &self.new)
            && old != new
        {
            found.volatile.push(format!("the identity of the medium: {old}, then {new}"));
        }
    }
}

fn volume(a: &Image, b: &Image, found: &mut Difference) {
    let (old, new) = (&a.medium.volume, &b.medium.volume);
    let dates = [(&old.created, &new.created), (&old.modified, &new.modified)];
    if let Some((old, new)) = dates.iter().find(|(old, new)| old != new) {
        found.volatile.push(format!("the dates of the volume: {old}, then {new}"));
    }
    let facts = [
        ("volume id", &old.id, &new.id),
        ("publisher", &old.publisher, &new.publisher),
        ("preparer", &old.preparer, &new.preparer),
        ("written by", &old.application, &new.application),
    ];
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    found.boot.extend(differ.map(|(what, old, new)| Fact::new(what, old, new)));
}

fn boot(a: &Image, b: &Image, found: &mut Difference) -> io::Result<()> {
    let platforms = |image: &Image| {
        let all = image
            .medium
            .boot
            .images
            .iter()
            .map(|it| format!("{} {}", it.platform, it.file.as_deref().unwrap_or("-")));
        all.collect::<Vec<_>>().join(", ")
    };
    let tables = |image: &Image| {
        let all = image
            .medium
            .boot
            .partitions
            .iter()
            .map(|it| format!("{} {} {}", it.table, it.name, it.kind));
        all.collect::<Vec<_>>().join(", ")
    };
    let kernels = |image: &Image| {
        let all = image.loaded.iter().filter(|it| it.role == "kernel").map(|it| it.what.clone());
        all.collect::<Vec<_>>().join(", ")
    };
    let facts = [
        ("El Torito", platforms(a), platforms(b)),
        ("partitions", tables(a), tables(b)),
        ("kernel", kernels(a), kernels(b)),
    ];
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    found.boot.extend(differ.map(|(what, old, new)| Fact::new(what, old, new)));
    esp(a, b, found)
}

fn esp(a: &Image, b: &Image, found: &mut Difference) -> io::Result<()> {
    let identities = Identities { old: identity(&a.medium), new: identity(&b.medium) };
    let (old, new) = (esp_files(a)?, esp_files(b)?);
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for path in paths {
        let (before, after) = (old.get(path), new.get(path));
        if before.map(|bytes| identities.replaced(bytes)).as_ref() != after {
            let size = |bytes: Option<&Vec<u8>>| {
                bytes.map_or_else(String::new, |bytes| format!("{} bytes", bytes.len()))
            };
            found.boot.push(Fact::new(format!("ESP /{path}"), size(before), size(after)));
        }
    }
    Ok(())
}

fn esp_files(image: &Image) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let Some((fat, _)) = &image.esp else { return Ok(BTreeMap::new()) };
    let files = fat.files()?.into_iter();
    files.map(|file| Ok((file.path.clone(), fat.read(&file)?))).collect()
}
