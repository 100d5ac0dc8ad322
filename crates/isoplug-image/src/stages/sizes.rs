//! Says of each file of the root filesystem how large it is and which package brought it, and of each package what it
//! needs: what `isoplug size` shows.
//!
//! Reads what dpkg noted in the tree: its lists of files, its status file (deb(5), dpkg(1)). Knows no profile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::apt::stanza;
use isoplug_formats::apt::status::Installed;
use isoplug_formats::tree::{self, Kind};
use serde::{Deserialize, Serialize};

use crate::stored::{self, InPacks};

/// Inputs.
pub struct Sizes {
    /// What the squashfs is made of.
    pub rootfs: Artifact<Tree>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The [`Report`]; [`read`] reads it.
    pub report: Artifact<Blob>,
}

/// What takes the room of a root filesystem.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Every regular file, each content of several names once, by its path with a leading slash.
    pub files: Vec<SizedFile>,
    /// For each package by its name the installed ones that it depends on or recommends.
    pub needs: BTreeMap<String, BTreeSet<String>>,
}

/// A file and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizedFile {
    /// Its path.
    pub path: String,
    /// Its size in bytes, as it is before compression.
    pub bytes: u64,
    /// The package that brought it; none has what scripts, the manifest and plugins made.
    pub package: Option<String>,
}

impl Stage for Sizes {
    const NAME: &'static str = "sizes";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { report: slots.slot("sizes.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { rootfs } = self;
        key.artifact("rootfs", *rootfs);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let tree = stored::tree(self.rootfs, cx)?;
        let packs = InPacks::new(cx);
        let text = |path: &[u8]| match tree.entries.get(path).map(|entry| &entry.kind) {
            Some(Kind::File(content)) => {
                packs.bytes(content).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => Ok(String::new()),
        };
        let mut owners = BTreeMap::new();
        for path in tree.entries.keys() {
            if let Some(package) = package_of_list(path) {
                add_owner(&package, &text(path)?, &tree, &mut owners);
            }
        }
        let report = Report { files: files(&tree, &owners), needs: needs(&text(STATUS)?) };
        stored::write_json(out.report, &report, &[], cx)
    }
}

const STATUS: &[u8] = b"var/lib/dpkg/status";

/// Reads what the stage wrote.
///
/// # Errors
///
/// The file cannot be read, or is not this stage's.
pub fn read(path: &Path) -> io::Result<Report> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// Returns the package whose list of files this is, without its architecture.
fn package_of_list(path: &[u8]) -> Option<String> {
    let name = path.strip_prefix(b"var/lib/dpkg/info/")?.strip_suffix(b".list")?;
    let name = String::from_utf8_lossy(name);
    Some(name.split_once(':').map_or(&*name, |(name, _)| name).to_owned())
}

/// Notes who brought what a list names. Of a file of several packages the first counts.
fn add_owner(package: &str, list: &str, tree: &tree::Tree, owners: &mut BTreeMap<Vec<u8>, String>) {
    for line in list.lines().filter_map(|line| line.strip_prefix('/')) {
        owners.entry(merged(line, tree)).or_insert_with(|| package.to_owned());
    }
}

/// Older packages list `/bin/sh` where `/bin` is a link to `usr/bin`.
fn merged(path: &str, tree: &tree::Tree) -> Vec<u8> {
    let Some((top, rest)) = path.split_once('/') else { return path.as_bytes().to_vec() };
    match tree.entries.get(top.as_bytes()).map(|entry| &entry.kind) {
        Some(Kind::Symlink(target)) => [target, b"/".as_slice(), rest.as_bytes()].concat(),
        _ => path.as_bytes().to_vec(),
    }
}

fn files(tree: &tree::Tree, owners: &BTreeMap<Vec<u8>, String>) -> Vec<SizedFile> {
    let mut files = Vec::new();
    for (path, entry) in &tree.entries {
        if let Kind::File(content) = &entry.kind {
            files.push(SizedFile {
                path: format!("/{}", String::from_utf8_lossy(path)),
                bytes: content.size,
                package: owners.get(path).cloned(),
            });
        }
    }
    files
}

/// Returns what each installed package needs, by dpkg's status file.
fn needs(status: &str) -> BTreeMap<String, BTreeSet<String>> {
    let installed = Installed::read(status);
    let needs = |stanza| {
        let package = stanza::field(stanza, "Package")?.to_owned();
        let found = installed.named(stanza, &["Pre-Depends", "Depends", "Recommends"]);
        Some((package, found.into_iter().map(str::to_owned).collect()))
    };
    installed.stanzas().filter_map(needs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_follow_what_is_provided_and_installed() {
        let status = "Package: a\nStatus: install ok installed\nDepends: b | c, mail\nRecommends: d\n\n\
            Package: b\nStatus: install ok installed\n\n\
            Package: c\nStatus: deinstall ok config-files\n\n\
            Package: m\nStatus: install ok installed\nProvides: mail (= 1)\n";
        let needs = needs(status);
        let of_a: Vec<&String> = needs["a"].iter().collect();
        assert_eq!(of_a, ["b", "m"]);
        assert!(!needs.contains_key("c"));
    }

    #[test]
    fn lists_have_the_name_of_their_package() {
        let name = |path: &str| package_of_list(path.as_bytes());
        assert_eq!(name("var/lib/dpkg/info/libc6:amd64.list").as_deref(), Some("libc6"));
        assert_eq!(name("var/lib/dpkg/info/dpkg.list").as_deref(), Some("dpkg"));
        assert_eq!(name("var/lib/dpkg/info/dpkg.md5sums"), None);
    }
}
