//! What takes the room of a root filesystem, as people and machines read it: a table, a map, an answer to "why".
//!
//! Reads the report of one stage; knows no terminal.

pub(crate) mod page;
pub(crate) mod smaller;
pub(crate) mod table;
pub(crate) mod why;

use std::collections::BTreeMap;

use isoplug_engine::{Error, Graph, Options, Store};
use isoplug_image::image::Image;
use isoplug_image::pipeline::pipeline;
use isoplug_image::stages::sizes::{self, Report, SizedFile, Sizes};

/// Measures an image's root filesystem, which is made if it is not in the store; nothing if what was measured is lost.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn measured(
    image: &Image,
    store: &Store,
    options: &Options,
) -> Result<Option<Report>, Error> {
    let mut graph = Graph::new();
    let rootfs = pipeline(image, &mut graph).rootfs;
    let wanted = graph.add(Sizes { rootfs }).report;
    let outputs = isoplug_engine::run(&graph, &[wanted.id()], store, options)?;
    Ok(outputs.path(wanted).and_then(|path| sizes::read(&path).ok()))
}

/// What belongs to no package.
pub(crate) const OTHERS: &str = "(of no package)";

/// Bytes and files of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// How many bytes, before compression.
    pub(crate) bytes: u64,
    /// How many files.
    pub(crate) files: usize,
}

impl Total {
    fn add(&mut self, file: &SizedFile) {
        self.bytes += file.bytes;
        self.files += 1;
    }

    /// Sums files up.
    pub(crate) fn of<'f>(files: impl IntoIterator<Item = &'f SizedFile>) -> Self {
        let mut total = Self::default();
        files.into_iter().for_each(|file| total.add(file));
        total
    }
}

/// Returns what each package takes, the largest first, names in byte order.
pub(crate) fn by_package(files: &[SizedFile]) -> Vec<(&str, Total)> {
    let mut packages: BTreeMap<&str, Total> = BTreeMap::new();
    for file in files {
        packages.entry(file.package.as_deref().unwrap_or(OTHERS)).or_default().add(file);
    }
    largest_first(packages)
}

/// Returns what each folder takes with all below it, the largest first.
pub(crate) fn by_folder(files: &[SizedFile]) -> Vec<(&str, Total)> {
    let mut folders: BTreeMap<&str, Total> = BTreeMap::new();
    for file in files {
        for (end, _) in file.path.match_indices('/').skip(1) {
            folders.entry(&file.path[..end]).or_default().add(file);
        }
    }
    largest_first(folders)
}

fn largest_first(found: BTreeMap<&str, Total>) -> Vec<(&str, Total)> {
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(name, total)| (std::cmp::Reverse(total.bytes), *name));
    found
}

#[cfg(test)]
pub(crate) fn files(all: &[(&str, u64, Option<&str>)]) -> Vec<SizedFile> {
    let file = |(path, bytes, package): &(&str, u64, Option<&str>)| SizedFile {
        path: (*path).to_owned(),
        bytes: *bytes,
        package: package.map(str::to_owned),
    };
    all.iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right() {
        let files =
            files(&[("/usr/lib/a", 5, Some("a")), ("/usr/b", 3, None), ("/c", 5, Some("c"))]);
        let packages = by_package(&files);
        let packages: Vec<(&str, u64)> =
            packages.iter().map(|(name, it)| (*name, it.bytes)).collect();
        assert_eq!(packages, [("a", 5), ("c", 5), (OTHERS, 3)]);
        let folders = by_folder(&files);
        let folders: Vec<(&str, usize)> =
            folders.iter().map(|(name, it)| (*name, it.files)).collect();
        assert_eq!(folders, [("/usr", 2), ("/usr/lib", 1)]);
    }
}
