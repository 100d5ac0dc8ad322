//! Finds source packages in the `Sources` indices of a source's suites: those of its locked Release files where they can
//! still be had, else of what it has now.
//!
//! An archive has one source package of a name and a version, so a later index that has it says the same of it.

use std::collections::BTreeSet;

use isoplug_engine::Digest;
use isoplug_formats::apt::Release;
use isoplug_formats::apt::sources::{self, Source};
use isoplug_manifest::lock::LockedSource;
use isoplug_manifest::package::ArchivePath;

use super::{AptSource, Error, Suite, index, locked_release, release};
use crate::Access;

/// Name and version of a source package.
pub type NameAndVersion = (String, String);

/// A source package of an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The archive that has it.
    pub archive: String,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// One file of a source package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Its path in the archive.
    pub path: ArchivePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest, 64 hexadecimal digits.
    pub sha256: String,
}

impl AptSource {
    /// Returns those of the source packages that its suites have, in the order of the suites. A folder of packages has
    /// none.
    ///
    /// # Errors
    ///
    /// When a file cannot be fetched, or is not what it should be.
    pub fn source_packages(
        &self,
        wanted: &BTreeSet<NameAndVersion>,
        locked: Option<&LockedSource>,
        access: &Access,
    ) -> Result<Vec<SourcePackage>, Error> {
        let mut found = Vec::new();
        let suites = self.suites.iter().filter(|_| self.folder.is_none());
        for suite in suites {
            let release = self.release(suite, locked, access)?;
            for path in paths(suite, &release) {
                let text = index::text(suite, &release, &path, access)?;
                let all = sources::sources(&text).filter(|source| is_wanted(source, wanted));
                found.extend(all.filter_map(|source| taken(&source, suite)));
            }
        }
        Ok(found)
    }

    fn release(
        &self,
        suite: &Suite,
        locked: Option<&LockedSource>,
        access: &Access,
    ) -> Result<Release, Error> {
        let locked = locked.and_then(|locked| locked_release(locked, suite));
        let recalled = locked.map(|locked| release::recall(locked, access)).transpose()?;
        match recalled.flatten() {
            Some(release) => Ok(release),
            None => release::fetch(self, suite, locked, access).map(|(_, release)| release),
        }
    }
}

/// Returns the indices that the Release names; an archive need not have any.
fn paths(suite: &Suite, release: &Release) -> Vec<String> {
    let components = suite.components.iter();
    let mut paths: Vec<String> = match suite.is_flat() {
        true => vec!["Sources".to_owned()],
        false => components.map(|component| format!("{component}/source/Sources")).collect(),
    };
    paths.retain(|path| index::is_listed(release, path));
    paths
}

fn is_wanted(source: &Source, wanted: &BTreeSet<NameAndVersion>) -> bool {
    wanted.contains(&(source.name.to_owned(), source.version.to_owned()))
}

/// Takes a source package whose paths and digests are such; another is as good as none.
fn taken(source: &Source, suite: &Suite) -> Option<SourcePackage> {
    let file = |file: &sources::File| {
        let path = match source.directory {
            "" | "." => file.name.to_owned(),
            directory => format!("{directory}/{}", file.name),
        };
        let path = ArchivePath::new(&path).ok().filter(|_| !file.name.contains('/'))?;
        let sha256 = Digest::from_hex(file.sha256).ok()?.hex();
        Some(SourceFile { path, size: file.size, sha256 })
    };
    let files = source.files.iter().map(file).collect::<Option<Vec<_>>>()?;
    let archive = suite.archive.clone();
    let (name, version) = (source.name.to_owned(), source.version.to_owned());
    (!files.is_empty()).then_some(SourcePackage { name, version, archive, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite() -> Suite {
        Suite {
            name: "stable".into(),
            archive: "acme".into(),
            components: vec!["main".into(), "extra".into()],
            pin: 500,
            mirrors: Vec::new(),
        }
    }

    fn source<'a>(directory: &'a str, name: &'a str, sha256: &'a str) -> Source<'a> {
        let files = vec![sources::File { name, sha256, size: 1 }];
        Source { name: "a", version: "1", directory, files }
    }

    #[test]
    fn only_paths_that_stay_inside_and_whole_digests_are_taken() {
        let digest = "ab".repeat(32);
        let file = |directory, name, digest| {
            taken(&source(directory, name, digest), &suite()).map(|it| it.files[0].path.to_string())
        };
        assert_eq!(file("pool/a", "a.dsc", &*digest).as_deref(), Some("pool/a/a.dsc"));
        assert_eq!(file(".", "a.dsc", &*digest).as_deref(), Some("a.dsc"));
        assert_eq!(file("../pool", "a.dsc", &*digest), None);
        assert_eq!(file("pool", "../a.dsc", &*digest), None);
        assert_eq!(file("pool", "b/a.dsc", &*digest), None);
        assert_eq!(file("pool", "a.dsc", "ab"), None);
        assert_eq!(taken(&Source { files: Vec::new(), ..source("p", "a", "b") }, &suite()), None);
    }

    #[test]
    fn only_indices_that_the_release_names_are_read() {
        let text = format!("SHA256:\n {} 1 extra/source/Sources.xz\n", "ab".repeat(32));
        let release = Release::parse(&text).unwrap();
        assert_eq!(paths(&suite(), &release), ["extra/source/Sources"]);
        let flat = Suite { name: "./".into(), components: Vec::new(), ..suite() };
        assert_eq!(paths(&flat, &release), Vec::<String>::new());
    }
}
