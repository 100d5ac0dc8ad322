//! Writes the files that go beside an ISO: checksum, package list, bill of materials, lock.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};
use isoplug_manifest::lock::LockedPackage;

use crate::papers;
use crate::papers::sbom::{self, Subject};
use crate::plugins::UsedPlugin;
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// The ISO's file name, as users see it.
    pub file_name: String,
    /// The packages that are installed.
    pub installed: Vec<LockedPackage>,
    /// The packages of which only boot loaders were taken.
    pub boot: Vec<LockedPackage>,
    /// The packages that drivers were compiled from.
    pub drivers: Vec<LockedPackage>,
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
    /// Name, version and architecture of each installed package: `NAME.packages`.
    pub packages: Artifact<Blob>,
    /// The bill of materials in SPDX: `NAME.spdx.json`.
    pub sbom: Artifact<Blob>,
    /// The lock: `NAME.lock`.
    pub lock: Artifact<Blob>,
}

impl Stage for Papers {
    const NAME: &'static str = "papers";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs {
            checksum: slots.slot("checksum"),
            packages: slots.slot("packages"),
            sbom: slots.slot("sbom"),
            lock: slots.slot("lock"),
        }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { iso, file_name, installed, boot, drivers, plugins, lock, epoch } = self;
        key.artifact("iso", *iso);
        key.value("file-name", file_name);
        key.value("installed", &digests(installed));
        key.value("boot", &digests(boot));
        key.value("drivers", &digests(drivers));
        key.value("plugins", plugins);
        key.value("lock", lock);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let Self { iso, file_name, installed, boot, drivers, plugins, lock, epoch } = self;
        let sha256 = &cx.digest(*iso)?.hex();
        let epoch = *epoch;
        let subject = Subject { file_name, sha256, installed, boot, drivers, plugins, epoch };
        write(cx, out.checksum, &papers::checksum(sha256, file_name))?;
        write(cx, out.packages, &papers::package_list(installed))?;
        write(cx, out.sbom, &sbom::write(&subject))?;
        write(cx, out.lock, lock)
    }
}

fn write(cx: &Context, out: Artifact<Blob>, text: &str) -> Result<(), stored::Error> {
    stored::write(out, text.as_bytes(), &[], cx)
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

    /// Makes a blob that stands for the ISO.
    struct Iso;

    impl Stage for Iso {
        const NAME: &'static str = "iso";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Blob>;
        type Error = stored::Error;

        fn outputs(slots: &Slots) -> Artifact<Blob> {
            slots.slot("iso")
        }

        fn key(&self, _: &mut dyn Key) {}

        fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), stored::Error> {
            write(cx, *out, "iso")
        }
    }

    #[test]
    fn the_checksum_is_the_isos() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut graph = Graph::new();
        let iso = graph.add(Iso);
        let papers = graph.add(Papers {
            iso,
            file_name: "acme.iso".into(),
            installed: Vec::new(),
            boot: Vec::new(),
            drivers: Vec::new(),
            plugins: Vec::new(),
            lock: "version = 1\n".into(),
            epoch: 0,
        });
        let outputs = run(&graph, &[papers.checksum.id()], &store, &Options::default()).unwrap();
        let checksum = std::fs::read_to_string(outputs.path(papers.checksum).unwrap()).unwrap();
        assert_eq!(checksum, format!("{}  acme.iso\n", Digest::of(b"iso").hex()));
    }
}
