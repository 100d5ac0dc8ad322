//! Collects what the packages of an image say of themselves, and who put which other files into it: the facts of its
//! bills of materials.
//!
//! Reads dpkg's status file and the copyright files of the finished root filesystem, the control files of packages
//! that are not installed, and what contributors added. Knows no ISO, no lock and no format of a bill.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use isoplug_bill::facts::{self, Facts};
use isoplug_bill::licence;
use isoplug_bill::model::{Contributor, OperatingSystem};
use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::deb::{self, Deb};
use isoplug_formats::tree::{self, Kind};
use sha1::{Digest as _, Sha1};

use super::fetch;
use crate::papers::inventory::Inventory;
use crate::stored::{self, InPacks};

/// Inputs.
#[derive(Debug, Clone)]
pub struct Collect {
    /// What the squashfs is made of.
    pub rootfs: Artifact<Tree>,
    /// The whole trees of the systems that the medium installs, by their names.
    pub targets: Vec<(String, Artifact<Tree>)>,
    /// The fetched packages that are not installed ([`fetch::read`]).
    pub beside: Vec<Artifact<Blob>>,
    /// The SHA-512 of each package ([`super::sha512`]).
    pub sha512: Vec<Artifact<Blob>>,
    /// Who added what: title, on whose behalf, and the overlay.
    pub overlays: Vec<(String, String, Artifact<Tree>)>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The [`Inventory`]; [`crate::papers::inventory::read`] reads it.
    pub inventory: Artifact<Blob>,
}

/// Why the facts could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A package cannot be read.
    #[error("the package {package} is damaged")]
    Deb {
        /// Name, version and architecture.
        package: String,
        /// What is wrong.
        source: deb::Error,
    },
    /// The list of packages cannot be read.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// A tree could not be read, or the facts not be stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Stage for Collect {
    const NAME: &'static str = "inventory";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { inventory: slots.slot("inventory.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { rootfs, targets, beside, sha512, overlays } = self;
        key.artifact("rootfs", *rootfs);
        targets.iter().for_each(|(name, rootfs)| key.artifact(name, *rootfs));
        beside.iter().for_each(|debs| key.artifact("beside", *debs));
        sha512.iter().for_each(|digests| key.artifact("sha512", *digests));
        for (title, by, overlay) in overlays {
            key.value("title", title);
            key.value("by", by);
            key.artifact("overlay", *overlay);
        }
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let found = Found { tree: stored::tree(self.rootfs, cx)?, packs: InPacks::new(cx) };
        let mut inventory = Inventory {
            system: OperatingSystem::read(&found.text("etc/os-release")?),
            installed: found.installed()?,
            ..Inventory::default()
        };
        for (name, rootfs) in &self.targets {
            let found = Found { tree: stored::tree(*rootfs, cx)?, packs: InPacks::new(cx) };
            inventory.targets.insert(name.clone(), found.installed()?);
        }
        for debs in &self.beside {
            inventory.beside.extend(beside(*debs, cx)?);
        }
        for digests in &self.sha512 {
            inventory.sha512.extend(sha512(*digests, cx)?);
        }
        for (title, by, overlay) in &self.overlays {
            inventory.contributors.extend(contributor(title, by, *overlay, cx)?);
        }
        Ok(stored::write_json(out.inventory, &inventory, &[], cx)?)
    }
}

/// Reads the digests of packages.
fn sha512(digests: Artifact<Blob>, cx: &Context) -> Result<BTreeMap<String, String>, Error> {
    Ok(serde_json::from_str(&stored::text(digests, cx)?).unwrap_or_default())
}

/// The root filesystem.
struct Found<'a> {
    tree: tree::Tree,
    packs: InPacks<'a>,
}

impl Found<'_> {
    fn installed(&self) -> Result<BTreeMap<String, Facts>, stored::Error> {
        let mut installed = facts::of_status(&self.text("var/lib/dpkg/status")?);
        for (key, facts) in &mut installed {
            let name = key.split(' ').next().unwrap_or_default();
            let copyright = self.bytes(&format!("usr/share/doc/{name}/copyright"))?;
            facts.licence = copyright.map(|bytes| licence::read(&bytes)).unwrap_or_default();
        }
        Ok(installed)
    }

    fn text(&self, path: &str) -> Result<String, stored::Error> {
        let bytes = self.bytes(path)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns the bytes of the file that a path leads to, if it is one.
    fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, stored::Error> {
        let entry = self.tree.resolve(path).and_then(|path| self.tree.get(path));
        let first = match entry.map(|entry| &entry.kind) {
            Some(Kind::HardLink(first)) => self.tree.get(first).map(|entry| &entry.kind),
            other => other,
        };
        match first {
            Some(Kind::File(content)) => self.packs.bytes(content).map(Some),
            _ => Ok(None),
        }
    }
}

/// Returns what packages say by their SHA-256. Their licences lie in their files, which nobody unpacks here.
pub(super) fn beside(debs: Artifact<Blob>, cx: &Context) -> Result<BTreeMap<String, Facts>, Error> {
    let mut all = BTreeMap::new();
    for package in fetch::read(&cx.path(debs)?)? {
        let path = cx.referred(&fetch::digest(&package)?)?;
        let file = File::open(&path).map_err(stored::Error::read(&path))?;
        let control = Deb::open(file).and_then(|deb| deb.known().control());
        let damaged = |source| Error::Deb { package: package.title(), source };
        all.insert(package.sha256.clone(), Facts::read(&control.map_err(damaged)?));
    }
    Ok(all)
}

/// Returns what a contributor added, if that is any file.
fn contributor(
    title: &str,
    by: &str,
    overlay: Artifact<Tree>,
    cx: &Context,
) -> Result<Option<Contributor>, stored::Error> {
    let (tree, packs) = (stored::overlay(overlay, cx)?.tree, InPacks::new(cx));
    let mut digests = Vec::new();
    for (path, entry) in &tree.entries {
        if let Kind::File(content) = &entry.kind {
            let mut digest = Sha1::new();
            let failed = stored::Error::read(String::from_utf8_lossy(path).into_owned());
            io::copy(&mut packs.reader(content), &mut digest).map_err(failed)?;
            digests.push(hex(&digest.finalize()));
        }
    }
    if digests.is_empty() {
        return Ok(None);
    }
    digests.sort();
    let verification_code = hex(&Sha1::digest(digests.concat()));
    let files = digests.len() as u64;
    let (title, by) = (title.to_owned(), by.to_owned());
    Ok(Some(Contributor { title, by, files, verification_code }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
