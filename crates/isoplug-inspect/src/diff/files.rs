//! Files of the root filesystem: content, kind, mode, owner, extended attributes, time, target.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;

use crate::bytes::hex;
use crate::look::owners::Owners;
use crate::report::parts;
use crate::root::Root;
use crate::squashfs::{Kind, Node};

use super::PackageChange;
use super::content::{self, Pair};

/// One thing that differs about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `content`, `kind`, `mode`, `owner`, `time`, `target`, or `xattr` and a name.
    pub what: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
    /// The lines that differ, of a text.
    pub lines: Vec<String>,
}

/// A file that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its path with a leading slash.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub way: &'static str,
    /// The package that it is of.
    pub package: Option<String>,
    /// Whether that package differs, too, which explains it.
    pub explained: bool,
    /// What differs.
    pub changes: Vec<Change>,
}

/// The longest difference of texts that is shown.
const LONGEST: usize = 40;
/// The largest text that is compared line by line.
const LARGEST: u64 = 256 << 10;

impl Change {
    pub(super) fn new(what: &str, old: impl ToString, new: impl ToString) -> Self {
        Self {
            what: what.to_owned(),
            old: old.to_string(),
            new: new.to_string(),
            lines: Vec::new(),
        }
    }

    /// Makes one of contents, with the lines that differ if both are texts.
    pub(super) fn content(old: &[u8], new: &[u8]) -> Self {
        let change = Self::new("content", size(old.len() as u64), size(new.len() as u64));
        Self { lines: lines(old, new), ..change }
    }
}

fn size(bytes: u64) -> String {
    format!("{bytes} bytes")
}

/// Returns the lines that differ, no more than a reader takes in.
fn lines(old: &[u8], new: &[u8]) -> Vec<String> {
    let is_text = |bytes: &[u8]| bytes.len() as u64 <= LARGEST && !bytes.contains(&0);
    let (Ok(old_text), Ok(new_text)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else {
        return Vec::new();
    };
    if !is_text(old) || !is_text(new) {
        return Vec::new();
    }
    let text = similar::TextDiff::from_lines(old_text, new_text)
        .unified_diff()
        .context_radius(1)
        .to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.len() > LONGEST {
        let more = lines.len() - LONGEST;
        lines.truncate(LONGEST);
        lines.push(format!("… and {more} lines more"));
    }
    lines
}

/// What differs between two root filesystems.
pub(super) struct Files {
    pub(super) changes: Vec<FileChange>,
    /// The time that follows from the image's, if that differs.
    pub(super) time: Option<String>,
}

/// Compares root filesystems, whose packages differ in this.
pub(super) fn compare(
    a: &Root,
    b: &Root,
    owners: &[Owners; 2],
    packages: &[PackageChange],
) -> io::Result<Files> {
    let mut times = Times::new(a, b);
    let removed = a.nodes().filter(|node| b.find(&node.path).is_none());
    let removed = removed.map(|node| file(node, "removed", owners[0].of(&node.path), Vec::new()));
    let mut changes: BTreeMap<String, FileChange> =
        removed.map(|it| (it.path[1..].to_owned(), it)).collect();
    for node in b.nodes() {
        let (way, all) = match a.find(&node.path) {
            None => ("added", Vec::new()),
            Some(old) => ("changed", node_changes(a, b, old, node, &mut times)?),
        };
        let change = file(node, way, owners[1].of(&node.path), all);
        changes.insert(node.path.clone(), change);
    }
    contents(a, b, &mut changes)?;
    Ok(Files { changes: finish(changes, packages), time: times.told() })
}

/// Compares the contents of files of one size.
fn contents(a: &Root, b: &Root, changes: &mut BTreeMap<String, FileChange>) -> io::Result<()> {
    let pairs = b.nodes().filter_map(|node| {
        let old = a.find(&node.path)?;
        let is_like = matches!(node.kind, Kind::File(_)) && old.kind == node.kind;
        is_like.then_some(Pair { a: old, b: node })
    });
    for (old, new) in content::differing(a, b, pairs.collect())? {
        let change = Change::content(&text_of(a, old)?, &text_of(b, new)?);
        let Kind::File(bytes) = new.kind else { continue };
        let change = Change { old: size(bytes), new: size(bytes), ..change };
        if let Some(file) = changes.get_mut(&new.path) {
            file.changes.insert(0, change);
        }
    }
    Ok(())
}

fn finish(changes: BTreeMap<String, FileChange>, packages: &[PackageChange]) -> Vec<FileChange> {
    let packages: BTreeSet<&str> = packages.iter().map(|package| &*package.name).collect();
    let is_one = |it: &FileChange| it.way != "changed" || !it.changes.is_empty();
    let mut changes: Vec<FileChange> = changes.into_values().filter(is_one).collect();
    for change in &mut changes {
        let package = change.package.as_deref().unwrap_or_default();
        change.explained = packages.contains(package) || package == "dpkg" && !packages.is_empty();
    }
    changes
}

fn file(node: &Node, way: &'static str, package: Option<&str>, changes: Vec<Change>) -> FileChange {
    let package = package.map(str::to_owned);
    FileChange { path: format!("/{}", node.path), way, package, explained: false, changes }
}

/// Returns a content that may be a text, nothing if it is too large for that.
fn text_of(root: &Root, node: &Node) -> io::Result<Vec<u8>> {
    match node.kind {
        Kind::File(size) if size <= LARGEST => root.read(node),
        _ => Ok(vec![0]),
    }
}

fn node_changes(
    a: &Root,
    b: &Root,
    old: &Node,
    new: &Node,
    times: &mut Times,
) -> io::Result<Vec<Change>> {
    let mut found: Vec<Change> = kind_change(a, b, old, new)?.into_iter().collect();
    if old.mode != new.mode {
        found.push(Change::new("mode", format!("{:04o}", old.mode), format!("{:04o}", new.mode)));
    }
    let owner = |node: &Node| format!("{}:{}", node.uid, node.gid);
    if owner(old) != owner(new) {
        found.push(Change::new("owner", owner(old), owner(new)));
    }
    if old.mtime != new.mtime && !times.follows(old.mtime, new.mtime) {
        found.push(Change::new("time", old.mtime, new.mtime));
    }
    found.extend(xattr_changes(a, b, old, new));
    Ok(found)
}

/// Compares what names stand for; contents of one size are compared elsewhere.
fn kind_change(a: &Root, b: &Root, old: &Node, new: &Node) -> io::Result<Option<Change>> {
    Ok(match (&old.kind, &new.kind) {
        (one, two) if one == two => None,
        (Kind::File(one), Kind::File(two)) => {
            let change = Change::content(&text_of(a, old)?, &text_of(b, new)?);
            Some(Change { old: size(*one), new: size(*two), ..change })
        }
        (Kind::Link(one), Kind::Link(two)) => {
            let [one, two] = [one, two].map(|target| String::from_utf8_lossy(target));
            Some(Change::new("target", one, two))
        }
        _ => Some(Change::new("kind", parts::mode(old), parts::mode(new))),
    })
}

fn xattr_changes(a: &Root, b: &Root, old: &Node, new: &Node) -> Vec<Change> {
    let (old, new) = (a.xattrs(old), b.xattrs(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value =
        |value: Option<&Vec<u8>>| value.map_or_else(|| "none".to_owned(), |bytes| readable(bytes));
    let differ = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    differ
        .map(|name| {
            Change::new(&format!("xattr {name}"), value(old.get(name)), value(new.get(name)))
        })
        .collect()
}

fn readable(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    if bytes.iter().all(is_plain) {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        hex(bytes)
    }
}

/// Times that follow from the time of the whole image.
struct Times {
    images: Option<(u32, u32)>,
    count: usize,
}

impl Times {
    fn new(a: &Root, b: &Root) -> Self {
        let of = |root: &Root| root.layers.last().map(|(_, layer)| layer.mtime);
        let images = of(a).zip(of(b)).filter(|(old, new)| old != new);
        Self { images, count: 0 }
    }

    fn follows(&mut self, old: u32, new: u32) -> bool {
        let is_so = self.images == Some((old, new));
        self.count += usize::from(is_so);
        is_so
    }

    fn told(&self) -> Option<String> {
        let ((old, new), count) = (self.images?, self.count);
        Some(format!("the time of the image: {old}, then {new}; {count} files have it"))
    }
}
