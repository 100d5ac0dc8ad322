//! Writes the files that go beside an ISO: checksum, package list, bills of materials, provenance, lock.
//!
//! Nothing in them depends on when, where or by whom it was built; nobody signs here.

use isoplug_bill::licences::Report;
use isoplug_bill::model::Bill;
use isoplug_bill::provenance::{self, Release};
use isoplug_bill::{cyclonedx, spdx};
use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage};
use isoplug_manifest::lock::LockedPackage;

use super::sha512;
use crate::bootable::Bootable;
use crate::grub::paths;
use crate::papers;
use crate::papers::about::About;
use crate::papers::bill::{Subject, System, bill};
use crate::plugins::UsedPlugin;
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// What it boots.
    pub bootable: Bootable,
    /// What its packages say of themselves ([`papers::inventory::read`]).
    pub inventory: Artifact<Blob>,
    /// What is known of it from its manifest and its lock.
    pub about: About,
    /// The ISO's file name, as users see it.
    pub file_name: String,
    /// The packages that are installed.
    pub installed: Vec<LockedPackage>,
    /// The systems of a medium that installs some, the live one first, with their packages; else none.
    pub systems: Vec<System>,
    /// The packages of which only boot loaders were taken.
    pub boot: Vec<LockedPackage>,
    /// The packages that drivers were compiled from.
    pub drivers: Vec<LockedPackage>,
    /// The packages that lie on the medium as they are.
    pub offline: Vec<LockedPackage>,
    /// The plugins that had a part in it.
    pub plugins: Vec<UsedPlugin>,
    /// The text of the lock that was used.
    pub lock: String,
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What `sha256sum --check` reads: `NAME.iso.sha256`.
    pub checksum: Artifact<Blob>,
    /// Name, version and architecture of each installed package: `NAME.iso.packages`.
    pub packages: Artifact<Blob>,
    /// The bill of materials in SPDX: `NAME.iso.spdx.json`.
    pub spdx: Artifact<Blob>,
    /// The bill of materials in CycloneDX: `NAME.iso.cdx.json`.
    pub cyclonedx: Artifact<Blob>,
    /// Under which licences it is: `NAME.iso.licences.json`.
    pub licences: Artifact<Blob>,
    /// What it was made from: `NAME.iso.provenance.json`.
    pub provenance: Artifact<Blob>,
    /// The lock: `NAME.iso.lock`.
    pub lock: Artifact<Blob>,
}

impl Outputs {
    /// Returns each of them with what its file name ends in.
    #[must_use]
    pub fn all(&self) -> [(Artifact<Blob>, &'static str); 7] {
        let Self { checksum, packages, spdx, cyclonedx, licences, provenance, lock } = *self;
        [
            (packages, "packages"),
            (lock, "lock"),
            (spdx, "spdx.json"),
            (cyclonedx, "cdx.json"),
            (licences, "licences.json"),
            (provenance, "provenance.json"),
            (checksum, "sha256"),
        ]
    }
}

/// Why the papers are not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The facts cannot be read.
    #[error("the facts of the packages are damaged")]
    Inventory(#[source] std::io::Error),
    /// A file could not be read or stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Stage for Papers {
    const NAME: &'static str = "papers";
    const VERSION: u32 = 4;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs {
            checksum: slots.slot("checksum"),
            packages: slots.slot("packages"),
            spdx: slots.slot("spdx"),
            cyclonedx: slots.slot("cyclonedx"),
            licences: slots.slot("licences"),
            provenance: slots.slot("provenance"),
            lock: slots.slot("lock"),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: what decides it")]
    fn key(&self, key: &mut dyn Key) {
        let Self {
            iso,
            bootable,
            inventory,
            about,
            file_name,
            installed,
            systems,
            boot,
            drivers,
            offline,
            plugins,
            lock,
            epoch,
        } = self;
        key.artifact("iso", *iso);
        bootable.key(key);
        key.artifact("inventory", *inventory);
        key.value("about", about);
        key.value("file-name", file_name);
        key.value("installed", &digests(installed));
        for (name, packages) in systems {
            key.value(name, &digests(packages));
        }
        key.value("boot", &digests(boot));
        key.value("drivers", &digests(drivers));
        if !offline.is_empty() {
            key.value("offline", &digests(offline));
        }
        key.value("plugins", plugins);
        key.value("lock", lock);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let sha256 = cx.digest(self.iso)?.hex();
        write(cx, out.checksum, &papers::checksum(&sha256, &self.file_name))?;
        write(cx, out.packages, &papers::package_list(&self.installed))?;
        write(cx, out.lock, &self.lock)?;
        let bill = self.bill(sha256, cx)?;
        let bills = [("spdx.json", spdx::write(&bill)), ("cdx.json", cyclonedx::write(&bill))];
        write(cx, out.spdx, &bills[0].1)?;
        write(cx, out.cyclonedx, &bills[1].1)?;
        write(cx, out.licences, &Report::of(&bill.packages).to_json())?;
        let byproducts = self.byproducts(&bills, cx)?;
        write(cx, out.provenance, &self.provenance(&bill, &byproducts))
    }
}

impl Papers {
    fn bill(&self, sha256: String, cx: &Context) -> Result<Bill, Error> {
        let inventory =
            papers::inventory::read(&cx.path(self.inventory)?).map_err(Error::Inventory)?;
        Ok(bill(&Subject {
            about: &self.about,
            file_name: &self.file_name,
            digests: (sha256, sha512::of_file(&cx.path(self.iso)?)?),
            packages: [&self.installed, &self.boot, &self.drivers, &self.offline],
            systems: &self.systems,
            inventory: &inventory,
            plugins: &self.plugins,
            epoch: self.epoch,
        }))
    }

    /// Returns what was made beside the ISO, each with its SHA-256.
    fn byproducts(
        &self,
        bills: &[(&str, String)],
        cx: &Context,
    ) -> Result<Vec<(String, String)>, Error> {
        let Bootable { vmlinuz, initrd, squashfs } = self.bootable;
        let mut all = Vec::new();
        for (path, blob) in
            [(paths::KERNEL, vmlinuz), (paths::INITRD, initrd), (paths::SQUASHFS, squashfs)]
        {
            all.push((path.to_owned(), cx.digest(blob)?.hex()));
        }
        let bill = |(suffix, text): &(&str, String)| {
            (format!("{}.{suffix}", self.file_name), Digest::of(text.as_bytes()).hex())
        };
        all.extend(bills.iter().map(bill));
        Ok(all)
    }

    fn provenance(&self, bill: &Bill, byproducts: &[(String, String)]) -> String {
        let About { profile, arch, variant, manifest, releases, .. } = &self.about;
        let lock = ("isoplug.lock".to_owned(), Digest::of(self.lock.as_bytes()).hex());
        let files: Vec<(String, String)> = manifest.iter().cloned().chain([lock]).collect();
        let releases = releases.iter().map(|release| Release {
            of: [&release.archive, &release.suite],
            sha256: &release.sha256,
            signers: &release.signers,
        });
        let releases = releases.collect();
        let architecture = arch;
        let (files, variables) = (&files[..], variant);
        provenance::write(&provenance::Subject {
            bill,
            profile,
            architecture,
            variables,
            files,
            releases,
            byproducts,
        })
    }
}

fn write(cx: &Context, out: Artifact<Blob>, text: &str) -> Result<(), Error> {
    Ok(stored::write(out, text.as_bytes(), &[], cx)?)
}

/// Returns all that the papers say of packages, in a form that can be written down.
fn digests(packages: &[LockedPackage]) -> Vec<[&str; 6]> {
    let all = packages.iter().map(|package| {
        let LockedPackage { name, version, architecture, source, path, size: _, sha256 } = package;
        [&name[..], version, architecture, source, path, sha256]
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_engine::{Digest, Graph, Options, Store, run};

    /// Makes a blob that stands for the ISO and all the others.
    struct Iso(&'static str);

    impl Stage for Iso {
        const NAME: &'static str = "iso";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Blob>;
        type Error = Error;

        fn outputs(slots: &Slots) -> Artifact<Blob> {
            slots.slot("iso")
        }

        fn key(&self, key: &mut dyn Key) {
            key.value("text", &self.0);
        }

        fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), Error> {
            write(cx, *out, self.0)
        }
    }

    fn papers_of(iso: Artifact<Blob>, inventory: Artifact<Blob>) -> Papers {
        Papers {
            iso,
            bootable: Bootable { vmlinuz: iso, initrd: iso, squashfs: iso },
            inventory,
            about: About::default(),
            file_name: "acme.iso".into(),
            installed: Vec::new(),
            systems: Vec::new(),
            boot: Vec::new(),
            drivers: Vec::new(),
            offline: Vec::new(),
            plugins: Vec::new(),
            lock: "version = 1\n".into(),
            epoch: 0,
        }
    }

    #[test]
    fn the_checksum_is_the_isos() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut graph = Graph::new();
        let iso = graph.add(Iso("iso"));
        let nothing = serde_json::to_string(&papers::inventory::Inventory::default()).unwrap();
        let inventory = graph.add(Iso(nothing.leak()));
        let papers = graph.add(papers_of(iso, inventory));
        let outputs = run(&graph, &[papers.checksum.id()], &store, &Options::default()).unwrap();
        let checksum = std::fs::read_to_string(outputs.path(papers.checksum).unwrap()).unwrap();
        assert_eq!(checksum, format!("{}  acme.iso\n", Digest::of(b"iso").hex()));
    }
}
