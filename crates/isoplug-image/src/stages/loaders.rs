//! Takes what boots a machine out of GRUB's and shim's packages; nothing of them is run.
//!
//! Knows no menus and no media.

mod choice;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::deb::{self, Deb};
use isoplug_formats::iso;
use isoplug_formats::tar::bounded;

use super::fetch;
use crate::stored;
use crate::stored::files::NewFiles;
pub use choice::{LoaderFile, Target, choice};

/// Inputs.
pub struct Loaders {
    /// The fetched packages ([`fetch::read`]).
    pub debs: Artifact<Blob>,
    /// What is taken out of them ([`choice`]).
    pub files: Vec<LoaderFile>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The files, by where they go: below `iso/` as on the medium, below `esp/` as in the ESP, and
    /// [`MBR`].
    pub files: Artifact<Tree>,
}

/// GRUB's MBR code in [`Outputs::files`]; not there unless it boots under a BIOS.
pub const MBR: &str = "mbr/boot_hybrid.img";

impl Stage for Loaders {
    const NAME: &'static str = "loaders";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { files: slots.slot("loaders") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { debs, files } = self;
        key.artifact("debs", *debs);
        key.value("files", files);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packages = fetched(self.debs, cx)?;
        let mut files = NewFiles::new(cx)?;
        for (package, chosen) in by_package(&self.files) {
            match packages.get(package) {
                Some(digest) => take(package, &chosen, &cx.referred(digest)?, &mut files, cx)?,
                None if chosen.iter().all(|file| file.is_optional) => {}
                None => return Err(Error::NoPackage { package: package.to_owned() }),
            }
        }
        Ok(files.finish(out.files)?)
    }
}

/// Why the loaders are not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No loaders are known for the architecture.
    #[error("no boot loaders of {distribution} are known for {architecture}")]
    Architecture {
        /// The distribution.
        distribution: &'static str,
        /// The architecture.
        architecture: String,
    },
    /// A package that has a loader is none of the fetched ones.
    #[error("{package} is not among the fetched packages, and the image cannot boot without it")]
    NoPackage {
        /// The package.
        package: String,
    },
    /// A package does not have a file that its other versions have.
    #[error("{package} has no file {path}")]
    NoFile {
        /// The package.
        package: String,
        /// The path in it.
        path: String,
    },
    /// A package cannot be read.
    #[error("{package} is damaged")]
    Deb {
        /// The package.
        package: String,
        /// What is wrong.
        source: deb::Error,
    },
    /// The file tree of a package cannot be read, or a file of it not be stored.
    #[error("could not take the loaders out of {package}")]
    Take {
        /// The package.
        package: String,
        /// What is wrong.
        source: io::Error,
    },
    /// GRUB's rescue image cannot be read.
    #[error("the rescue image in {package} is damaged")]
    Rescue {
        /// The package.
        package: String,
        /// What is wrong.
        source: iso::Error,
    },
    /// The list of packages cannot be read.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// The files could not be stored.
    #[error(transparent)]
    Files(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

fn fetched(list: Artifact<Blob>, cx: &Context) -> Result<BTreeMap<String, Digest>, Error> {
    let packages = fetch::read(&cx.path(list)?)?.into_iter();
    packages.map(|package| Ok((package.name.to_string(), fetch::digest(&package)?))).collect()
}

fn by_package(files: &[LoaderFile]) -> BTreeMap<&str, Vec<&LoaderFile>> {
    let mut packages: BTreeMap<&str, Vec<&LoaderFile>> = BTreeMap::new();
    for file in files {
        packages.entry(&file.package).or_default().push(file);
    }
    packages
}

fn take(
    package: &str,
    chosen: &[&LoaderFile],
    path: &Path,
    files: &mut NewFiles,
    cx: &Context,
) -> Result<(), Error> {
    let damaged = |source| Error::Deb { package: package.to_owned(), source };
    let failed = |source| Error::Take { package: package.to_owned(), source };
    // The store compared its digest when it came.
    let deb = Deb::open(File::open(path).map_err(failed)?).map_err(damaged)?.known();
    let mut archive = tar::Archive::new(bounded(deb.data().map_err(damaged)?));
    let mut missing: BTreeMap<&str, &Target> =
        chosen.iter().map(|file| (&*file.path, &file.target)).collect();
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match missing.remove(path.trim_start_matches("./")) {
            Some(Target::Path(target)) => files.add(target, entry)?,
            Some(Target::RescueImage) => rescue(package, entry, files, cx)?,
            None => {}
        }
        if missing.is_empty() {
            return Ok(());
        }
    }
    let path = missing.into_keys().next().unwrap_or_default().to_owned();
    Err(Error::NoFile { package: package.to_owned(), path })
}

/// Takes GRUB's image for El Torito with the modules and the font that it loads, but not the
/// menu of the rescue image.
fn rescue(
    package: &str,
    mut content: impl Read,
    files: &mut NewFiles,
    cx: &Context,
) -> Result<(), Error> {
    let failed = |source| Error::Take { package: package.to_owned(), source };
    let damaged = |source| Error::Rescue { package: package.to_owned(), source };
    let path = cx.scratch()?.join("rescue.iso");
    let mut image = File::create(&path).map_err(failed)?;
    io::copy(&mut content, &mut image).map_err(failed)?;
    let image = iso::Reader::open(&path).map_err(damaged)?;
    for entry in image.list().map_err(damaged)? {
        let taken = ["boot/grub/i386-pc/", "boot/grub/fonts/"];
        if !entry.folder && taken.iter().any(|folder| entry.path.starts_with(folder)) {
            let bytes = image.read(&entry.path).map_err(damaged)?;
            files.add(&format!("iso/{}", entry.path), &*bytes)?;
        }
    }
    Ok(())
}
