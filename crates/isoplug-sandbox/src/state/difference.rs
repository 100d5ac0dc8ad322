//! Says what differs between two layers of the same packages, by path and package.

use std::collections::BTreeMap;
use std::io;

use isoplug_formats::tree::pack::{Contents, Packs};
use isoplug_formats::tree::{Content, Entry, Kind, Tree};
use serde::{Deserialize, Serialize};

use super::unknown::{Unknown, unknown};
use super::{Blame, Patterns, known};
use crate::{HOST, OTHER_HOST};

const NAME: &str = "the host name of the build";

/// A layer whose contents can be read.
pub struct Layer {
    /// Its list.
    pub tree: Tree,
    /// Its contents.
    pub packs: Packs,
}

/// One path that is not the same in both, or whose bytes give it away though it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The path.
    pub path: String,
    /// The package that made it, if that can be told.
    pub package: Option<String>,
    /// What a build sees of it, without another one to compare it with.
    pub suspect: Option<String>,
    /// What differs, in words.
    pub what: Option<String>,
}

impl Difference {
    fn at(path: &[u8], package: Option<&str>) -> Self {
        let path = format!("/{}", String::from_utf8_lossy(path));
        Self { path, package: package.map(str::to_owned), suspect: None, what: None }
    }
}

impl From<Unknown> for Difference {
    fn from(unknown: Unknown) -> Self {
        let Unknown { path, suspect, package } = unknown;
        Self { path, package, suspect: Some(suspect.to_string()), what: None }
    }
}

/// Compares. What `own` names may differ. `epoch`: the time of what scripts made.
///
/// # Errors
/// Those of reading contents.
pub fn differences(
    first: &Layer,
    again: &Layer,
    own: &Patterns,
    epoch: u32,
) -> io::Result<Vec<Difference>> {
    let unknown = unknown(&first.tree, &first.packs, own, epoch)?.into_iter();
    let mut found: BTreeMap<String, Difference> =
        unknown.map(|one| (one.path.clone(), one.into())).collect();
    let mut blame = None;
    for (path, one, other) in pairs(&first.tree, &again.tree) {
        let is_folder = [one, other].iter().flatten().any(|entry| entry.kind == Kind::Directory);
        if own.has(path, is_folder) {
            continue;
        }
        let what = what(first, again, one, other)?;
        let Some(what) = what.filter(|it| *it != NAME || !known().is_named(path)) else { continue };
        let blame = match &mut blame {
            Some(blame) => blame,
            none => none.insert(Blame::new(&first.tree, &first.packs)?),
        };
        let new = Difference::at(path, blame.package(path));
        found.entry(new.path.clone()).or_insert(new).what = Some(what);
    }
    Ok(found.into_values().collect())
}

type Pair<'a> = (&'a Vec<u8>, Option<&'a Entry>, Option<&'a Entry>);

fn pairs<'a>(first: &'a Tree, again: &'a Tree) -> Vec<Pair<'a>> {
    let both = first.entries.iter().map(|(path, one)| (path, Some(one), again.entries.get(path)));
    let new = again.entries.iter().filter(|(path, _)| !first.entries.contains_key(*path));
    let mut pairs: Vec<Pair> =
        both.chain(new.map(|(path, other)| (path, None, Some(other)))).collect();
    pairs.sort_by_key(|(path, ..)| *path);
    pairs
}

fn what(
    first: &Layer,
    again: &Layer,
    one: Option<&Entry>,
    other: Option<&Entry>,
) -> io::Result<Option<String>> {
    let (one, other) = match (one, other) {
        (Some(one), Some(other)) => (one, other),
        (Some(_), None) => return Ok(Some("only the first build made it".to_owned())),
        (None, _) => return Ok(Some("only the second build made it".to_owned())),
    };
    if let (Kind::File(one), Kind::File(other)) = (&one.kind, &other.kind)
        && one.digest != other.digest
    {
        return contents(first, one, again, other).map(Some);
    }
    Ok(metadata(one, other))
}

/// Says how two entries differ but for the contents of files.
fn metadata(one: &Entry, other: &Entry) -> Option<String> {
    let (a, b) = (one, other);
    let same_kind = match (&a.kind, &b.kind) {
        (Kind::File(_), Kind::File(_)) => true,
        (one, other) => one == other,
    };
    if !same_kind {
        return Some(format!("{} and {}", kind(&a.kind), kind(&b.kind)));
    }
    if (a.mode, a.uid, a.gid) != (b.mode, b.uid, b.gid) {
        let words = |entry: &Entry| format!("{:o} {}:{}", entry.mode, entry.uid, entry.gid);
        return Some(format!("mode and owner {} and {}", words(a), words(b)));
    }
    match () {
        () if a.mtime != b.mtime => Some(format!("times {} and {}", a.mtime, b.mtime)),
        () if a.xattrs != b.xattrs => Some("extended attributes".to_owned()),
        () => None,
    }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Symlink(target) => format!("a link to {}", String::from_utf8_lossy(target)),
        Kind::HardLink(first) => format!("another name of {}", String::from_utf8_lossy(first)),
        Kind::File(_) => "a file".to_owned(),
        Kind::Directory => "a folder".to_owned(),
        _ => "a special file".to_owned(),
    }
}

fn contents(first: &Layer, one: &Content, again: &Layer, other: &Content) -> io::Result<String> {
    let (one, other) = (first.packs.read(one)?, again.packs.read(other)?);
    let (Ok(one), Ok(other)) = (String::from_utf8(one), String::from_utf8(other)) else {
        return Ok("other bytes".to_owned());
    };
    if one == other.replace(OTHER_HOST, HOST) {
        return Ok(NAME.to_owned());
    }
    let mut lines = one.lines().zip(other.lines());
    Ok(match lines.find(|(one, other)| one != other) {
        Some((one, other)) => format!("`{}` and `{}`", short(one), short(other)),
        None => "other bytes".to_owned(),
    })
}

/// Returns the beginning of a line, fit to be shown.
fn short(line: &str) -> String {
    let shown = line.trim().chars().filter(|c| !c.is_control());
    let short: String = shown.clone().take(60).collect();
    if shown.count() > 60 { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use isoplug_formats::tree::pack::PackWriter;

    use super::*;

    fn layer(files: &[(&str, &str)], mode: u16) -> Layer {
        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let pending: Vec<_> =
            files.iter().map(|(_, text)| pack.append(text.as_bytes()).unwrap()).collect();
        let (file, id, finished) = pack.finish().unwrap();
        let (mut tree, mut packs) = (Tree::default(), Packs::default());
        packs.add(id, file);
        for ((path, _), pending) in files.iter().zip(pending) {
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.as_bytes(), Entry::new(kind, mode, 7));
        }
        Layer { tree, packs }
    }

    #[test]
    fn what_differs_is_said_and_what_is_known_is_not() {
        let first = layer(&[("a", "1\nx"), ("b", "isoplug"), ("c", "c"), ("d", "d")], 0o644);
        let again = layer(&[("a", "1\ny"), ("b", OTHER_HOST), ("c", "c"), ("e", "e")], 0o644);
        let found = differences(&first, &again, &Patterns::new(["/d"]), 9).unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("{}: {}", one.path, one.what.as_deref().unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                "/a: `x` and `y`",
                "/b: the host name of the build",
                "/e: only the second build made it",
            ]
        );
        let other = layer(&[("c", "c")], 0o600);
        let found =
            differences(&layer(&[("c", "c")], 0o644), &other, &Patterns::default(), 9).unwrap();
        assert_eq!(found[0].what.as_deref().unwrap(), "mode and owner 644 0:0 and 600 0:0");
    }

    #[test]
    fn where_the_host_name_may_stand_it_is_no_difference() {
        let of = |host: &str, path| layer(&[(path, &*format!("local='@:{host}'\n"))], 0o644);
        let found = |path| {
            let (first, again) = (of(HOST, path), of(OTHER_HOST, path));
            differences(&first, &again, &Patterns::default(), 9).unwrap().len()
        };
        assert_eq!(found("var/lib/exim4/config.autogenerated"), 0);
        assert_eq!(found("var/lib/exim4/other"), 1);
    }
}
