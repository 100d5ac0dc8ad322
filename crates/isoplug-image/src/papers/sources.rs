//! Writes the list of the source packages of an image, and what explains the files of them.
//!
//! Pure: the same source packages give the same bytes. Knows no stage.

use std::collections::BTreeMap;

use isoplug_packages::apt::SourcePackage;
use isoplug_packages::locking::source_packages::Wanted;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A source package, and which packages of an image were built of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The archive that has those packages.
    pub archive: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The packages: name, version, architecture, and the field that names it, if that is not `Source`.
    pub of: Vec<String>,
}

impl Origin {
    /// Returns what to look for.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        (self.archive.clone(), (self.name.clone(), self.version.clone()))
    }

    /// Returns name and version, as messages show it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// The source packages of an image.
#[derive(Debug, Clone, Default)]
pub struct SourceList {
    /// The ISO's file name.
    pub file_name: String,
    /// Those that archives have.
    pub found: Vec<(Origin, SourcePackage)>,
    /// Those that none has.
    pub missing: Vec<Origin>,
}

impl SourceList {
    /// Sorts what was found from what was not. One source package of several archives stands there for each.
    #[must_use]
    pub fn new(
        file_name: String,
        origins: Vec<Origin>,
        found: &BTreeMap<Wanted, SourcePackage>,
    ) -> Self {
        let mut list = Self { file_name, ..Self::default() };
        for origin in origins {
            match found.get(&origin.wanted()) {
                Some(package) => list.found.push((origin, package.clone())),
                None => list.missing.push(origin),
            }
        }
        list
    }

    /// Returns `NAME.iso.sources.json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let found = self.found.iter().map(|(origin, package)| found(origin, package));
        let missing = self.missing.iter().map(missing);
        let list = json!({
            "schema": 1,
            "image": self.file_name,
            "sources": found.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
        });
        format!("{list:#}\n")
    }

    /// Returns the path of each file beside the others, with its SHA-256 and size; sorted, each once.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, (String, u64)> {
        let all = self.found.iter().flat_map(|(_, package)| {
            package.files.iter().map(|file| {
                (format!("{}/{}", package.archive, file.path), (file.sha256.clone(), file.size))
            })
        });
        all.collect()
    }

    /// Returns the lines that `sha256sum --check` reads.
    #[must_use]
    pub fn sums(&self) -> String {
        let files = self.files();
        files.iter().map(|(path, (sha256, _))| format!("{sha256}  {path}\n")).collect()
    }

    /// Returns the text for whoever opens the folder or the medium.
    #[must_use]
    pub fn readme(&self) -> String {
        format!(
            "The source packages of {}: of every package that is in it, and of what those were built \
             with (Built-Using).\n\n\
             sources.json names each with the packages that were built of it; SHA256SUMS has the \
             checksum of each\nfile: sha256sum --check SHA256SUMS\n\n\
             To build one, on the distribution that it is of:\n\n    \
             dpkg-source --extract NAME_VERSION.dsc\n    \
             cd NAME-VERSION && sudo apt-get build-dep . && dpkg-buildpackage --unsigned-source --build=binary\n",
            self.file_name
        )
    }
}

fn found(origin: &Origin, package: &SourcePackage) -> Json {
    let files = package.files.iter().map(|file| {
        let path = &*file.path;
        let name = path.rsplit('/').next().unwrap_or(path);
        json!({ "name": name, "path": path, "size": file.size, "sha256": file.sha256 })
    });
    let files: Vec<Json> = files.collect();
    let SourcePackage { name, version, archive, .. } = package;
    json!({
        "name": name, "version": version, "archive": archive, "for": origin.of, "files": files,
    })
}

fn missing(Origin { archive, name, version, of }: &Origin) -> Json {
    json!({ "name": name, "version": version, "archive": archive, "for": of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_manifest::package::ArchivePath;
    use isoplug_packages::apt::SourceFile;

    fn origin(name: &str) -> Origin {
        let of = vec![format!("{name}-bin 1 amd64")];
        Origin { archive: "debian".into(), name: name.into(), version: "1".into(), of }
    }

    fn list() -> SourceList {
        let path = ArchivePath::new("pool/main/a/a/a_1.dsc").unwrap();
        let files = vec![SourceFile { path, size: 7, sha256: "ab".repeat(32) }];
        let (name, version, archive) = ("a".to_owned(), "1".to_owned(), "debian".to_owned());
        let package = SourcePackage { name, version, archive, files };
        let found = BTreeMap::from([(origin("a").wanted(), package)]);
        SourceList::new("x.iso".into(), vec![origin("a"), origin("b")], &found)
    }

    #[test]
    fn the_list_names_what_is_there_and_what_is_not() {
        let json: serde_json::Value = serde_json::from_str(&list().to_json()).unwrap();
        let a = &json["sources"][0];
        assert_eq!((&a["name"], &a["version"]), (&json!("a"), &json!("1")));
        assert_eq!(a["for"], json!(["a-bin 1 amd64"]));
        let file = json!({
            "name": "a_1.dsc", "path": "pool/main/a/a/a_1.dsc", "size": 7, "sha256": "ab".repeat(32)
        });
        assert_eq!(a["files"], json!([file]));
        assert_eq!(json["missing"][0]["name"], "b");
    }

    #[test]
    fn files_lie_apart_by_archive() {
        let line = format!("{}  debian/pool/main/a/a/a_1.dsc\n", "ab".repeat(32));
        assert_eq!(list().sums(), line);
    }
}
