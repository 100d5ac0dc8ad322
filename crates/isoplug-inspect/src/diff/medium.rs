//! Files of the medium, its volume, its boot loaders.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::image::Image;
use crate::iso::{Entry, Medium};
use crate::look::initrd;
use crate::span::Span;

use super::Difference;
use super::content;
use super::files::{Change, FileChange};
use super::identities::Identities;

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
    let identities = Identities::of(&a.medium, &b.medium)?;
    let removed = a.medium.entries.iter().filter(|it| exact(&b.medium, &it.path).is_none());
    let mut changes: Vec<FileChange> =
        removed.map(|it| change(it, "removed", Vec::new())).collect();
    for entry in &b.medium.entries {
        changes.push(match exact(&a.medium, &entry.path) {
            None => change(entry, "added", Vec::new()),
            Some(old) => change(entry, "changed", entry_changes(a, b, old, entry, &identities)?),
        });
    }
    changes.retain(|it| it.way != "changed" || !it.changes.is_empty());
    changes.retain(|it| it.way == "changed" || !identities.is_marker(&it.path[1..]));
    let is_list = |it: &FileChange| LISTS.contains(&&it.path[1..]);
    if changes.iter().any(|it| !is_list(it)) || found.is_different() {
        changes.retain(|it| !is_list(it));
    }
    identities.tell(found);
    found.medium = changes;
    boot(a, b, found)
}

/// Returns what is at a path, case counting.
pub(super) fn exact<'a>(medium: &'a Medium, path: &str) -> Option<&'a Entry> {
    medium.find(path).filter(|entry| entry.path == path)
}

fn change(entry: &Entry, way: &'static str, changes: Vec<Change>) -> FileChange {
    FileChange { path: format!("/{}", entry.path), way, changes, ..FileChange::default() }
}

/// Tells whether a file is a part of a root filesystem, which is compared file by file elsewhere.
fn is_layer(image: &Image, path: &str) -> bool {
    let roots = image.targets.iter().map(|target| &target.root).chain([&image.root]);
    roots.flat_map(|root| &root.layers).any(|(layer, _)| layer == path)
}

fn entry_changes(
    a: &Image,
    b: &Image,
    old: &Entry,
    new: &Entry,
    identities: &Identities,
) -> io::Result<Vec<Change>> {
    let is_catalog = b.medium.boot.catalog_at == Some(new.at);
    let is_tree = identities.has_other_root(&new.path);
    let is_layer = is_layer(a, &new.path) && is_layer(b, &new.path);
    let is_apart = is_layer || is_tree || new.folder || is_catalog;
    let parts = (a.medium.part(old), b.medium.part(new));
    let role = Role::of(b, &new.path);
    let content =
        if is_apart { None } else { content_change((&parts.0, &parts.1), role, identities)? };
    let mut found: Vec<Change> = content.into_iter().collect();
    let mode = |entry: &Entry| entry.mode.map_or_else(String::new, |mode| format!("{mode:04o}"));
    let owner = |entry: &Entry| format!("{}:{}", entry.uid, entry.gid);
    let target = |entry: &Entry| entry.target.clone().unwrap_or_default();
    let facts = [
        ("mode", mode(old), mode(new)),
        ("owner", owner(old), owner(new)),
        ("target", target(old), target(new)),
    ];
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    found.extend(differ.map(|(what, old, new)| Change::new(what, old, new)));
    Ok(found)
}

/// What a file is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Initrd,
    /// What a BIOS loads from a disc.
    Loader,
    Other,
}

impl Role {
    fn of(image: &Image, path: &str) -> Self {
        let mut loaders = image.medium.boot.images.iter().filter(|it| it.platform == "bios");
        match () {
            () if image.loaded.iter().any(|it| it.path == path && it.role == "initrd") => {
                Self::Initrd
            }
            () if loaders.any(|it| it.file.as_deref() == Some(path)) => Self::Loader,
            () => Self::Other,
        }
    }
}

/// Blanks what a writer of media puts into a loader: its own place and length (the boot information table), and
/// where GRUB goes on.
fn without_places(loader: &mut [u8]) {
    for range in [8..64, 2548..2556] {
        if let Some(places) = loader.get_mut(range) {
            places.fill(0);
        }
    }
}

/// Returns which files of an initrd differ.
fn initrd_lines(a: &Span, b: &Span) -> Vec<String> {
    let (Ok(old), Ok(new)) = (initrd::files(a), initrd::files(b)) else { return Vec::new() };
    let removed = old.keys().filter(|path| !new.contains_key(*path)).map(|path| format!("-{path}"));
    let others = new.iter().filter(|(path, what)| old.get(*path) != Some(*what));
    let others =
        others.map(|(path, _)| format!("{}{path}", if old.contains_key(path) { "!" } else { "+" }));
    removed.chain(others).collect()
}

/// Compares contents, each with the identity of its own medium.
fn content_change(
    (old, new): (&Span, &Span),
    role: Role,
    identities: &Identities,
) -> io::Result<Option<Change>> {
    if content::same_bytes(old, new)? {
        return Ok(None);
    }
    let [before, after] = [old, new].map(|span| format!("{} bytes", span.size()));
    if old.size().max(new.size()) > LARGEST {
        let is_initrd = role == Role::Initrd;
        let lines = if is_initrd { initrd_lines(old, new) } else { Vec::new() };
        return Ok(Some(Change { lines, ..Change::new("content", before, after) }));
    }
    let (mut replaced, mut bytes) = (identities.replaced(&old.all()?), new.all()?);
    if role == Role::Loader {
        [&mut replaced, &mut bytes].into_iter().for_each(|bytes| without_places(bytes));
    }
    let change = Change::content(&replaced, &bytes);
    Ok((replaced != bytes).then_some(Change { old: before, new: after, ..change }))
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
    let facts = [
        ("El Torito", platforms(a), platforms(b)),
        ("partitions", tables(a), tables(b)),
        ("kernel", kernels(a), kernels(b)),
    ];
    let differ = facts.into_iter().filter(|(_, old, new)| old != new);
    found.boot.extend(differ.map(|(what, old, new)| Fact::new(what, old, new)));
    esp(a, b, found)
}

fn platforms(image: &Image) -> String {
    let all = image.medium.boot.images.iter();
    let all = all.map(|it| format!("{} {}", it.platform, it.file.as_deref().unwrap_or("-")));
    all.collect::<Vec<_>>().join(", ")
}

fn tables(image: &Image) -> String {
    let all = image.medium.boot.partitions.iter();
    all.map(|it| format!("{} {} {}", it.table, it.name, it.kind)).collect::<Vec<_>>().join(", ")
}

fn kernels(image: &Image) -> String {
    let all = image.loaded.iter().filter(|it| it.role == "kernel").map(|it| it.what.clone());
    all.collect::<Vec<_>>().join(", ")
}

fn esp(a: &Image, b: &Image, found: &mut Difference) -> io::Result<()> {
    let identities = Identities::of(&a.medium, &b.medium)?;
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
