//! Reads, of the packages of an image, which source packages they were built of.
//!
//! What counts are their control fields: Source, Built-Using and Static-Built-Using. Knows no index of sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use isoplug_bill::facts::Facts;
use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};
use isoplug_manifest::lock::LockedPackage;

use crate::papers::sources::Origin;
use crate::stages::{fetch, inventory};
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Origins {
    /// The fetched packages ([`fetch::read`]).
    pub debs: Artifact<Blob>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The [`Origin`]s; [`read`] reads them.
    pub origins: Artifact<Blob>,
}

/// Reads what the stage wrote.
///
/// # Errors
///
/// The file cannot be read, or is not that stage's.
pub fn read(path: &Path) -> std::io::Result<Vec<Origin>> {
    serde_json::from_slice(&fs::read(path)?).map_err(std::io::Error::other)
}

impl Stage for Origins {
    const NAME: &'static str = "source-packages";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = inventory::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { origins: slots.slot("origins.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { debs } = self;
        key.artifact("debs", *debs);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), inventory::Error> {
        let facts = inventory::beside(self.debs, cx)?;
        let packages = fetch::read(&cx.path(self.debs)?)?;
        Ok(stored::write_json(out.origins, &origins(&packages, &facts), &[], cx)?)
    }
}

/// Returns the origins of packages, whose facts are by their SHA-256; sorted, each once.
fn origins(packages: &[LockedPackage], facts: &BTreeMap<String, Facts>) -> Vec<Origin> {
    let mut all: BTreeMap<[String; 3], Vec<String>> = BTreeMap::new();
    for package in packages {
        for (source, field) in facts.get(&package.sha256).iter().flat_map(|facts| facts.sources()) {
            let key = [package.source.clone(), source.name.clone(), source.version.clone()];
            let title = match field {
                "Source" => package.title(),
                field => format!("{} ({field})", package.title()),
            };
            all.entry(key).or_default().push(title);
        }
    }
    let origin = |([archive, name, version], mut of): ([String; 3], Vec<String>)| {
        of.sort();
        of.dedup();
        Origin { archive, name, version, of }
    };
    all.into_iter().map(origin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    fn package(name: &str) -> LockedPackage {
        LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new("1").unwrap(),
            architecture: Arch::new("amd64").unwrap(),
            source: "debian".into(),
            path: ArchivePath::new("a.deb").unwrap(),
            size: 1,
            sha256: name.to_owned(),
        }
    }

    #[test]
    fn what_was_built_in_counts_as_well() {
        let kernel =
            "Package: kernel\nVersion: 1\nSource: linux-signed (1+s)\nBuilt-Using: linux (= 1)";
        let facts =
            [("kernel", kernel), ("linux-doc", "Package: linux-doc\nVersion: 1\nSource: linux")];
        let facts = facts.map(|(name, text)| (name.to_owned(), Facts::read(text)));
        let found = origins(&[package("linux-doc"), package("kernel")], &BTreeMap::from(facts));
        let shown: Vec<String> =
            found.iter().map(|it| format!("{}: {}", it.title(), it.of.join(", "))).collect();
        assert_eq!(
            shown,
            [
                "linux 1: kernel 1 amd64 (Built-Using), linux-doc 1 amd64",
                "linux-signed 1+s: kernel 1 amd64"
            ]
        );
    }
}
