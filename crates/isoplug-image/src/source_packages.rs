//! Wires what makes the source packages of an image into files beside it.
//!
//! Two graphs, for between them somebody asks the archives which files the source packages have.

use isoplug_engine::{Artifact, Blob, Graph};
use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::package::BadField;

use crate::image::Image;
use crate::papers::sources::SourceList;
use crate::stages::fetch::Fetch;
use crate::stages::source_packages::files::{self, SourceFiles};
use crate::stages::source_packages::medium::{self, SourceMedium};
use crate::stages::source_packages::origins::Origins;
use crate::stages::source_packages::papers::{self, SourcePapers};

/// Wires what tells of which source packages an image was built: those of all that is in it, of its boot loaders, and of
/// what drivers were compiled with. [`origins::read`](crate::stages::source_packages::origins::read) reads it.
pub fn origins(image: &Image, graph: &mut Graph) -> Artifact<Blob> {
    let of = |image: &Image| image.locked.packages().cloned().collect::<Vec<_>>();
    let targets = image.targets.iter().flat_map(|(_, target)| of(target));
    let packages: Vec<LockedPackage> = of(image).into_iter().chain(targets).collect();
    let (group, places) = ("for source packages".to_owned(), image.places.clone());
    let debs = graph.add(Fetch { group, packages, places }).debs;
    graph.add(Origins { debs }).origins
}

/// What is made of a list of source packages.
pub struct Products {
    /// What lies beside their files.
    pub papers: papers::Outputs,
    /// Their files ([`files::read`]).
    pub files: Artifact<Blob>,
    /// A medium of them.
    pub medium: medium::Outputs,
}

/// Wires them.
///
/// # Errors
///
/// When a source package has a name or a version that none can have.
pub fn products(list: SourceList, image: &Image, graph: &mut Graph) -> Result<Products, BadField> {
    let places = image.places.clone();
    let files = graph.add(SourceFiles { files: files::files(&list)?, places }).files;
    let papers = graph.add(SourcePapers { list });
    let medium = SourceMedium {
        papers,
        files,
        file_name: file_name(image),
        volume_id: volume_id(&image.iso.volume_id),
        epoch: image.epoch,
    };
    let medium = graph.add(medium);
    Ok(Products { papers, files, medium })
}

/// Returns the file name of the medium.
#[must_use]
pub fn file_name(image: &Image) -> String {
    format!("{}.sources.iso", image.name)
}

/// Returns the label of the medium: that of the image, as much as fits, and what it is.
fn volume_id(of_image: &str) -> String {
    const SUFFIX: &str = "_SRC";
    let most = 32 - SUFFIX.len();
    format!("{}{SUFFIX}", of_image.chars().take(most).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_fits() {
        assert_eq!(volume_id("ACME_2026"), "ACME_2026_SRC");
        assert_eq!(volume_id(&"A".repeat(32)), format!("{}_SRC", "A".repeat(28)));
    }
}
