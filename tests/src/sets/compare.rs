//! Compares two systems path by path: kind, mode, owner and group by name, link target, attributes
//! and content; and which packages are configured.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use isoplug_formats::apt::{packages, stanza};
use isoplug_formats::tree::pack::{Contents, PackWriter};
use isoplug_formats::tree::scan::scan;
use isoplug_formats::tree::{Content, Entry, Kind, Tree, TreePath};
use isoplug_sandbox::finalise::{self, finalise};
use isoplug_sandbox::state::known;

use super::known::{Rule, rule, settled};
use super::layers::Made;
use super::root::Root;

/// Returns what differs, one line each, sorted by path; nothing if the systems are equal.
pub fn compare(ours: &Made, theirs: &Root, epoch: u32) -> Result<Vec<String>> {
    let merged = theirs.merged();
    let mut pack = PackWriter::new(std::io::sink());
    let scanned = scan(&merged, &mut pack)?;
    let (_, _, finished) = pack.finish()?;
    let their_tree = finalise(scanned.tree(&finished), epoch.into());
    let our_tree = finalise(ours.tree.clone(), epoch.into());
    let our_bytes = |path: &[u8]| read_packed(&our_tree, path, &ours.packs);
    let their_bytes = |path: &[u8]| Ok(fs::read(host_path(&merged, path))?);
    let one = Side { tree: &our_tree, bytes: &our_bytes };
    let other = Side { tree: &their_tree, bytes: &their_bytes };
    let mut found = packages_differ(&one, &other)?;
    found.extend(files_differ(&one, &other)?);
    Ok(found)
}

struct Side<'a> {
    tree: &'a Tree,
    bytes: &'a dyn Fn(&[u8]) -> Result<Vec<u8>>,
}

fn packages_differ(one: &Side, other: &Side) -> Result<Vec<String>> {
    let states = |side: &Side| -> Result<BTreeSet<String>> {
        let text = String::from_utf8((side.bytes)(b"var/lib/dpkg/status")?)?;
        let state = |package: packages::Package| {
            let status = stanza::field(package.stanza, "Status").unwrap_or_default();
            format!("{} {} {status}", package.name, package.version)
        };
        Ok(packages::packages(&text).map(state).collect())
    };
    let (one, other) = (states(one)?, states(other)?);
    let ours = one.difference(&other).map(|state| format!("package only ours: {state}"));
    let theirs = other.difference(&one).map(|state| format!("package only apt's: {state}"));
    Ok(ours.chain(theirs).collect())
}

fn files_differ(one: &Side, other: &Side) -> Result<Vec<String>> {
    let names = [names(one)?, names(other)?];
    let paths: BTreeSet<&TreePath> =
        one.tree.entries.keys().chain(other.tree.entries.keys()).collect();
    let mut found = Vec::new();
    let counts = |path: &&TreePath| rule(path) != Rule::Ignored && !is_state(path, [one, other]);
    for path in paths.into_iter().filter(counts) {
        let differs = match (one.tree.get(path), other.tree.get(path)) {
            (Some(ours), Some(theirs)) => {
                let looks = [look(ours, &names[0]), look(theirs, &names[1])];
                entries_differ(path, looks, one, other)?
            }
            (Some(_), None) => Some("only ours".to_owned()),
            (None, _) => Some("only apt's".to_owned()),
        };
        let shown = String::from_utf8_lossy(path);
        found.extend(differs.map(|differs| format!("/{shown}: {differs}")));
    }
    Ok(found)
}

/// Tells whether each machine makes it for itself: isoplug takes it out.
fn is_state(path: &TreePath, sides: [&Side; 2]) -> bool {
    let mut entries = sides.into_iter().filter_map(|side| side.tree.get(path));
    entries.any(|entry| known().is_state(path, entry.kind == Kind::Directory))
}

fn entries_differ(
    path: &TreePath,
    [ours, theirs]: [String; 2],
    one: &Side,
    other: &Side,
) -> Result<Option<String>> {
    let rule = rule(path);
    if ours != theirs {
        return Ok(Some(format!("{ours}, apt: {theirs}")));
    }
    let differ = rule != Rule::Contents && contents_differ(path, rule, one, other)?;
    Ok(differ.then(|| "other contents".to_owned()))
}

/// Names of users and groups by number.
struct Names([BTreeMap<u32, String>; 2]);

fn names(side: &Side) -> Result<Names> {
    let table = |path: &str| -> Result<BTreeMap<u32, String>> {
        let text = String::from_utf8((side.bytes)(path.as_bytes())?)?;
        let name = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            Some((fields.nth(1)?.parse().ok()?, name))
        };
        Ok(text.lines().filter_map(name).collect())
    };
    Ok(Names([table("etc/passwd")?, table("etc/group")?]))
}

/// Says all of an entry but its content. A further name of a file looks like the first.
fn look(entry: &Entry, names: &Names) -> String {
    let kind = match &entry.kind {
        Kind::Directory => "folder".to_owned(),
        Kind::File(_) | Kind::HardLink(_) => "file".to_owned(),
        Kind::Symlink(target) => format!("link to {}", merged(&String::from_utf8_lossy(target))),
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
            format!("device {major}:{minor}")
        }
        Kind::Fifo => "pipe".to_owned(),
        Kind::Socket => "socket".to_owned(),
    };
    let name = |which: usize, id: u32| {
        names.0[which].get(&id).cloned().unwrap_or_else(|| format!("number {id}"))
    };
    let (owner, group) = (name(0, entry.uid), name(1, entry.gid));
    let overlay = |name: &&Vec<u8>| !name.starts_with(b"trusted.overlay");
    let attributes: Vec<_> = entry.xattrs.keys().filter(overlay).collect();
    let attributes = attributes.iter().map(|name| String::from_utf8_lossy(name).into_owned());
    let attributes = attributes.collect::<Vec<_>>().join(" ");
    format!("{kind} {:o} {owner}:{group} {attributes}", entry.mode).trim_end().to_owned()
}

/// Returns the target of a link in `/usr`: which name scripts find for a unit in a merged folder goes by the order of
/// configuration.
fn merged(target: &str) -> String {
    let folders = ["bin/", "sbin/", "lib/", "lib64/"];
    match target.strip_prefix('/') {
        Some(rest) if folders.iter().any(|folder| rest.starts_with(folder)) => {
            format!("/usr/{rest}")
        }
        _ => target.to_owned(),
    }
}

fn contents_differ(path: &[u8], rule: Rule, one: &Side, other: &Side) -> Result<bool> {
    match (content(one.tree, path), content(other.tree, path)) {
        (Some(ours), Some(theirs)) if ours.digest != theirs.digest => {
            let in_image = |side: &Side| -> Result<Vec<u8>> {
                let bytes = (side.bytes)(path)?;
                Ok(finalise::settled(path, || Ok(bytes.clone()), 0)?.unwrap_or(bytes))
            };
            Ok(settled(rule, &in_image(one)?) != settled(rule, &in_image(other)?))
        }
        _ => Ok(false),
    }
}

fn content<'t>(tree: &'t Tree, path: &[u8]) -> Option<&'t Content> {
    match &tree.get(path)?.kind {
        Kind::File(content) => Some(content),
        Kind::HardLink(first) => content(tree, first),
        _ => None,
    }
}

fn read_packed(tree: &Tree, path: &[u8], packs: &dyn Contents) -> Result<Vec<u8>> {
    let content = content(tree, path).context("a file")?;
    let mut bytes = vec![0; usize::try_from(content.size)?];
    packs.read_at(content, 0, &mut bytes)?;
    Ok(bytes)
}

fn host_path(root: &Path, path: &[u8]) -> std::path::PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}
