//! Puts the files of source packages into the store. Each is named by its digest, so it may come from anywhere.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage};
use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::package::{Arch, BadField, PackageName, Version};

use crate::papers::sources::SourceList;
use crate::stages::fetch::{self, Places};
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct SourceFiles {
    /// The files, each as a package of the architecture `source`.
    pub files: BTreeSet<LockedPackage>,
    /// Where to look for them; not in the key.
    pub places: Places,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The path of each file and its digest, as JSON ([`read`]); it refers to each file.
    pub files: Artifact<Blob>,
}

/// Returns the files of source packages.
///
/// # Errors
///
/// When one has a name or a version that no package can have.
pub fn files(list: &SourceList) -> Result<BTreeSet<LockedPackage>, BadField> {
    let mut all = BTreeSet::new();
    for (_, package) in &list.found {
        for file in &package.files {
            all.insert(LockedPackage {
                name: PackageName::new(&package.name)?,
                version: Version::new(&package.version)?,
                architecture: Arch::new("source")?,
                source: package.archive.clone(),
                path: file.path.clone(),
                size: file.size,
                sha256: file.sha256.clone(),
            });
        }
    }
    Ok(all)
}

/// Reads what the stage wrote.
///
/// # Errors
///
/// When the text is not that stage's.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Digest>, serde_json::Error> {
    let all: BTreeMap<String, String> = serde_json::from_slice(bytes)?;
    let digest = |(path, hex): (String, String)| Some((path, Digest::from_hex(&hex).ok()?));
    Ok(all.into_iter().filter_map(digest).collect())
}

impl Stage for SourceFiles {
    const NAME: &'static str = "source-files";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = fetch::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { files: slots.slot("files.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { files, places: _ } = self;
        key.value("files", files);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), fetch::Error> {
        fetch::obtain(&self.files, fetch::Absent::IsTold, &self.places, cx)?;
        let path = |file: &LockedPackage| format!("{}/{}", file.source, file.path);
        let listed: BTreeMap<String, &str> =
            self.files.iter().map(|file| (path(file), &*file.sha256)).collect();
        let digests = self.files.iter().map(fetch::digest).collect::<Result<Vec<_>, _>>()?;
        Ok(stored::write_json(out.files, &listed, &digests, cx)?)
    }
}
