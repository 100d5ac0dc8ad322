//! What an update changes in an image, as lines, as Markdown for a pull request, and as JSON for a bot.
//!
//! Compares two locks; chooses no package.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_manifest::lock::LockedImage;
use serde_json::{Value as Json, json};

/// What changes in one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Its name in the lock.
    pub(crate) image: String,
    /// The packages that come, go or change, by name.
    list: Vec<Change>,
}

/// A package with its version before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    package: String,
    was: Option<String>,
    is: Option<String>,
}

impl Changes {
    /// Compares what the lock had with what it has.
    pub(crate) fn of(image: String, old: Option<&LockedImage>, new: Option<&LockedImage>) -> Self {
        let [old, new] = [old, new].map(versions);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let change = |name: &String| {
            let [was, is] = [&old, &new].map(|versions| versions.get(name).cloned());
            (was != is).then(|| Change { package: name.clone(), was, is })
        };
        let list = names.into_iter().filter_map(change).collect();
        Self { image, list }
    }

    /// Returns one line for each package.
    pub(crate) fn lines(&self) -> String {
        if self.list.is_empty() {
            return format!("{}: nothing changes", self.image);
        }
        let line = |Change { package, was, is }: &Change| match (was, is) {
            (Some(was), Some(is)) => format!("~ {package} {was} -> {is}"),
            (None, is) => format!("+ {package} {}", is.as_deref().unwrap_or_default()),
            (Some(was), None) => format!("- {package} {was}"),
        };
        self.list.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Returns a heading and a table.
    pub(crate) fn markdown(&self) -> String {
        let heading = format!("### {}\n\n", self.image);
        if self.list.is_empty() {
            return format!("{heading}Nothing changes.\n");
        }
        let version = |version: &Option<String>| match version {
            Some(version) => format!("`{version}`"),
            None => "–".to_owned(),
        };
        let row = |Change { package, was, is }: &Change| {
            format!("| `{package}` | {} | {} |\n", version(was), version(is))
        };
        let rows: String = self.list.iter().map(row).collect();
        format!("{heading}| package | was | is |\n| --- | --- | --- |\n{rows}")
    }

    /// Returns the same for machines.
    pub(crate) fn json(&self) -> Json {
        let change = |Change { package, was, is }: &Change| json!({ "package": package, "was": was, "is": is });
        let changes: Vec<Json> = self.list.iter().map(change).collect();
        json!({ "image": self.image, "changes": changes })
    }
}

fn versions(image: Option<&LockedImage>) -> BTreeMap<String, String> {
    let packages = image.into_iter().flat_map(LockedImage::packages);
    packages.map(|package| (package.name.to_string(), package.version.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::lock::LockedPackage;
    use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

    use super::*;

    fn image(packages: &[(&str, &str)]) -> LockedImage {
        let package = |(name, version): &(&str, &str)| LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new(version).unwrap(),
            architecture: Arch::new("amd64").unwrap(),
            source: "debian".to_owned(),
            path: ArchivePath::new("a.deb").unwrap(),
            size: 1,
            sha256: String::new(),
        };
        let group = packages.iter().map(package).collect();
        LockedImage { groups: vec![group], ..LockedImage::default() }
    }

    fn changes(old: &[(&str, &str)], new: &[(&str, &str)]) -> Changes {
        Changes::of("p.amd64".to_owned(), Some(&image(old)), Some(&image(new)))
    }

    #[test]
    fn changes_are_one_line_each() {
        let changes = changes(&[("a", "1"), ("b", "1")], &[("b", "2"), ("c", "1")]);
        insta::assert_snapshot!(changes.lines(), @r"
        - a 1
        ~ b 1 -> 2
        + c 1
        ");
        insta::assert_snapshot!(changes.markdown(), @r"
        ### p.amd64

        | package | was | is |
        | --- | --- | --- |
        | `a` | `1` | – |
        | `b` | `1` | `2` |
        | `c` | – | `1` |
        ");
        insta::assert_snapshot!(changes.json(), @r#"{"changes":[{"is":null,"package":"a","was":"1"},{"is":"2","package":"b","was":"1"},{"is":"1","package":"c","was":null}],"image":"p.amd64"}"#);
    }

    #[test]
    fn what_stays_is_not_told() {
        let same = changes(&[("a", "1")], &[("a", "1")]);
        assert_eq!(same.lines(), "p.amd64: nothing changes");
        assert_eq!(same.markdown(), "### p.amd64\n\nNothing changes.\n");
    }
}
