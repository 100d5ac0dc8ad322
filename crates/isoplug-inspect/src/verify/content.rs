//! Depth 3: every file is explained by a package, by dpkg, or named.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::debs::{self, Contents, Shipped};
use crate::image::Image;
use crate::look::owners::{Diversions, Owners, merged};
use crate::root::Root;
use crate::squashfs::{Kind, Node};
use crate::target::{self, System};

use super::Step;
use super::refusal::Refusal;

/// Files that package scripts write from what is in the image, by how their paths begin or end.
const GENERATED: [&str; 8] = [
    "etc/alternatives/",
    "etc/ld.so.cache",
    "etc/ssl/certs/",
    "var/cache/",
    "var/lib/systemd/",
    "usr/lib/modules/",
    "etc/rc",
    "var/lib/apt/",
];

/// How many files are named one by one.
const MOST: usize = 50;

/// What files are.
#[derive(Default)]
struct Counts {
    packaged: usize,
    dpkg: usize,
    generated: usize,
    settings: Vec<String>,
    nobody: Vec<String>,
    faults: Vec<String>,
}

/// Compares every file of each system of an image with the .debs of its packages; `find` tells where one is.
///
/// # Errors
///
/// When something cannot be read.
pub fn steps(image: &Image, find: Find) -> io::Result<Vec<Step>> {
    let of = |system: System| {
        let mut step = step(&system, find)?;
        let faults = step.faults.iter_mut().map(|fault| &mut fault.text);
        let texts = faults.chain(&mut step.notes).chain([&mut step.said]);
        texts.for_each(|text| *text = system.told(text));
        Ok(step)
    };
    target::systems(image).into_iter().map(of).collect()
}

fn step(system: &System, find: Find) -> io::Result<Step> {
    const WHAT: &str = "content";
    if system.packages.is_empty() {
        return Ok(Step::unknown(WHAT, "it has no list of packages that dpkg keeps"));
    }
    let (shipped, mut missing) = shipped(system, find)?;
    if missing.is_empty() {
        return counted(system.root, &shipped).map(|counts| counts.step(system.packages.len()));
    }
    let (count, all) = (missing.len(), system.packages.len());
    let said = format!("{count} of {all} .debs are not to be had; name a folder with --debs");
    missing.truncate(MOST);
    Ok(Step { notes: missing, ..Step::unknown(WHAT, said) })
}

/// Tells where the .deb of a name, version and architecture is.
pub type Find<'a> = &'a dyn Fn(&str, &str, &str) -> Option<PathBuf>;

/// Returns what all packages ship, and which of them are not to be had.
fn shipped(system: &System, find: Find) -> io::Result<(Contents, Vec<String>)> {
    let diversions = Diversions::read(system.root);
    let (mut shipped, mut missing) = (Contents::new(), Vec::new());
    for package in system.packages {
        let Some(deb) = find(&package.name, &package.version, &package.architecture) else {
            missing.push(format!("{} {}", package.name, package.version));
            continue;
        };
        let place = |path: &str| {
            let path = format!("/{path}");
            merged(system.root, diversions.of(&path, &package.name).trim_start_matches('/'))
        };
        debs::add_contents(&deb, &place, &mut shipped)?;
    }
    Ok((shipped, missing))
}

fn counted(root: &Root, shipped: &Contents) -> io::Result<Counts> {
    let owners = Owners::read(root);
    let mut counts = Counts::default();
    // Those that share a fragment come one after the other, so each is unpacked once.
    let mut placed = BTreeMap::new();
    for node in root.nodes().filter(|node| node.kind != Kind::Folder) {
        match shipped.get(&node.path) {
            Some(expected) => {
                placed.insert((place(root, node)?, &node.path), (node, expected));
            }
            None => counts.other(node, &owners),
        }
    }
    for (node, expected) in placed.into_values() {
        if is_as_shipped(root, node, expected)? {
            counts.packaged += 1;
        } else {
            counts.altered(&node.path, owners.of(&node.path).unwrap_or("a package"));
        }
    }
    Ok(counts)
}

/// The fragment of a file's tail, where in it that begins, and where the blocks of the file begin.
type Place = (Option<(u32, u32)>, u64);

fn place(root: &Root, node: &Node) -> io::Result<Place> {
    let layer = root.layer(node).filter(|_| matches!(node.kind, Kind::File(_)));
    let content = layer.map(|layer| layer.content(node)).transpose()?;
    Ok(content.map_or((None, 0), |content| (content.fragment, content.start)))
}

fn is_as_shipped(root: &Root, node: &Node, expected: &Shipped) -> io::Result<bool> {
    Ok(match (&node.kind, expected) {
        (Kind::Link(target), Shipped::Link(expected)) => {
            String::from_utf8_lossy(target) == **expected
        }
        (Kind::File(_), Shipped::File(expected)) => {
            let mut hasher = Sha256::new();
            if let Some(layer) = root.layer(node) {
                layer.stream(node, &mut |block| {
                    hasher.update(block);
                    Ok(())
                })?;
            }
            hex(&hasher.finalize()) == **expected
        }
        _ => false,
    })
}

impl Counts {
    /// Counts a file that is not what its package ships.
    fn altered(&mut self, path: &str, package: &str) {
        if path.starts_with("etc/") || path.starts_with("var/") {
            self.settings.push(format!("/{path}"));
        } else {
            self.faults.push(format!("/{path} is not what {package} ships there"));
        }
    }

    /// Counts a file that no package ships.
    fn other(&mut self, node: &Node, owners: &Owners) {
        let is_generated = GENERATED.iter().any(|start| node.path.starts_with(start))
            || matches!(&node.kind, Kind::Link(target) if target.starts_with(b"/etc/alternatives/"));
        match owners.of(&node.path) {
            Some("dpkg") => self.dpkg += 1,
            _ if node.mode & 0o6000 != 0 => {
                self.faults.push(format!(
                    "/{} gives rights to whoever runs it, and no package ships it",
                    node.path
                ));
            }
            _ if is_generated => self.generated += 1,
            _ => self.nobody.push(format!("/{}", node.path)),
        }
    }

    fn step(mut self, packages: usize) -> Step {
        let Self { packaged, dpkg, generated, .. } = self;
        let (settings, nobody) = (self.settings.len(), self.nobody.len());
        let said = format!(
            "{packages} packages: {packaged} files as they ship them, {dpkg} of dpkg, {generated} made by their scripts, \
             {settings} settings that were changed, {nobody} of no package"
        );
        let more = self.faults.len().saturating_sub(MOST);
        self.faults.truncate(MOST);
        if more > 0 {
            self.faults.push(format!("and {more} more"));
        }
        let notes = self.settings.iter().map(|path| format!("{path} was changed"));
        let notes = notes.chain(self.nobody.iter().map(|path| format!("{path} is of no package")));
        let faults = self.faults.into_iter().map(|text| Refusal::TamperedContent.fault(text));
        Step { notes: notes.collect(), ..Step::new("content", said, faults.collect()) }
    }
}
