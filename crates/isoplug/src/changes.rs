//! What an update changes in an image, as lines, as Markdown for a pull request, and as JSON for a bot.
//!
//! Compares two locks; chooses no package.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_inspect::diff::PackageChange;
use isoplug_inspect::diff::changelog;
use isoplug_manifest::lock::{LockedImage, LockedPackage};
use isoplug_packages::resolve::Held;
use serde_json::{Value as Json, json};

/// How many lines of a changelog people are shown.
const EXCERPT: usize = 12;

/// What changes in one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Its name in the lock.
    pub(crate) image: String,
    /// The packages that were to change and do not.
    pub(crate) held: Vec<Held>,
    /// The packages that come, go or change, by name.
    list: Vec<Change>,
}

/// A package with its version before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Change {
    package: String,
    was: Option<String>,
    is: Option<String>,
    /// The lines of its changelog between the two.
    changelog: Vec<String>,
    /// The vulnerabilities that those name.
    cves: Vec<String>,
}

impl Changes {
    /// Compares what the lock had with what it has.
    pub(crate) fn of(image: String, old: Option<&LockedImage>, new: Option<&LockedImage>) -> Self {
        let [old, new] = [old, new].map(versions);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let change = |name: &String| {
            let [was, is] = [&old, &new].map(|versions| versions.get(name).cloned());
            let package = name.clone();
            (was != is).then(|| Change { package, was, is, ..Change::default() })
        };
        let list = names.into_iter().filter_map(change).collect();
        Self { image, held: Vec::new(), list }
    }

    /// Tells whether a package gets this version in place of another one.
    pub(crate) fn updates(&self, name: &str, version: &str) -> bool {
        let is = |change: &Change| change.package == name && change.is.as_deref() == Some(version);
        self.list.iter().any(|change| is(change) && change.was.is_some())
    }

    /// Adds what the changelog of a package says.
    pub(crate) fn tell(&mut self, name: &str, text: &str) {
        for change in self.list.iter_mut().filter(|change| change.package == name) {
            let (old, new) = (change.was.clone(), change.is.clone());
            let mut found = PackageChange { old, new, ..PackageChange::default() };
            changelog::add(&mut found, text);
            (change.changelog, change.cves) = (found.changelog, found.cves);
        }
    }

    /// Returns one line for each package, and below it what its changelog says.
    pub(crate) fn lines(&self) -> String {
        let nothing = self.list.is_empty().then(|| format!("{}: nothing changes", self.image));
        let lines = self.list.iter().map(Change::lines);
        let held = self.held.iter().map(|held| match &held.offered {
            Some(offered) => {
                format!(
                    "= {} {} ({offered} is there): {}",
                    held.package, held.version, held.because
                )
            }
            None => format!("= {} {}: {}", held.package, held.version, held.because),
        });
        nothing.into_iter().chain(lines).chain(held).collect::<Vec<_>>().join("\n")
    }

    /// Returns a heading, a table, what stays behind, and what the changelogs say.
    pub(crate) fn markdown(&self) -> String {
        let heading = format!("### {}\n\n", self.image);
        let rows: String = self.list.iter().map(Change::row).collect();
        let table = match rows.is_empty() {
            true => "Nothing changes.\n".to_owned(),
            false => format!("| package | was | is |\n| --- | --- | --- |\n{rows}"),
        };
        let held: String = self.held.iter().map(held_item).collect();
        let held = if held.is_empty() { held } else { format!("\nStays behind:\n\n{held}") };
        let told: String = self.list.iter().map(Change::details).collect();
        format!("{heading}{table}{held}{told}")
    }

    /// Returns the same for machines.
    pub(crate) fn json(&self) -> Json {
        let held = |held: &Held| {
            let Held { package, version, offered, because } = held;
            json!({ "package": package, "version": version, "offered": offered, "because": because })
        };
        let changes: Vec<Json> = self.list.iter().map(Change::json).collect();
        let held: Vec<Json> = self.held.iter().map(held).collect();
        json!({ "image": self.image, "changes": changes, "held": held })
    }
}

impl Change {
    fn lines(&self) -> String {
        let Self { package, was, is, .. } = self;
        let line = match (was, is) {
            (Some(was), Some(is)) => format!("~ {package} {was} -> {is}"),
            (None, is) => format!("+ {package} {}", is.as_deref().unwrap_or_default()),
            (Some(was), None) => format!("- {package} {was}"),
        };
        let cves = (!self.cves.is_empty()).then(|| format!("    {}", self.cves.join(", ")));
        let told = self.excerpt().map(|line| format!("    {line}"));
        [line].into_iter().chain(cves).chain(told).collect::<Vec<_>>().join("\n")
    }

    fn excerpt(&self) -> impl Iterator<Item = &str> {
        let rest = (self.changelog.len() > EXCERPT).then_some("...");
        self.changelog.iter().take(EXCERPT).map(String::as_str).chain(rest)
    }

    fn row(&self) -> String {
        let version = |version: &Option<String>| match version {
            Some(version) => format!("`{version}`"),
            None => "–".to_owned(),
        };
        let Self { package, was, is, .. } = self;
        format!("| `{package}` | {} | {} |\n", version(was), version(is))
    }

    /// Returns what the changelog says, folded away. An indented block shows any text as it is.
    fn details(&self) -> String {
        if self.changelog.is_empty() {
            return String::new();
        }
        let cves = if self.cves.is_empty() {
            String::new()
        } else {
            format!(": {}", self.cves.join(", "))
        };
        let lines: String = self.excerpt().map(|line| format!("    {line}\n")).collect();
        let package = &self.package;
        format!(
            "\n<details><summary><code>{package}</code>{cves}</summary>\n\n{lines}\n</details>\n"
        )
    }

    fn json(&self) -> Json {
        let Self { package, was, is, changelog, cves } = self;
        let mut json = json!({ "package": package, "was": was, "is": is });
        if !changelog.is_empty() {
            json["changelog"] = json!(changelog);
            json["cves"] = json!(cves);
        }
        json
    }
}

fn held_item(held: &Held) -> String {
    let Held { package, version, offered, because } = held;
    let offered = offered.as_ref().map(|offered| format!(" (`{offered}` is there)"));
    // The solver's own words have several lines.
    let because = because.replace('\n', "\n      ");
    format!("- `{package}` `{version}`{}: {because}\n", offered.unwrap_or_default())
}

fn versions(image: Option<&LockedImage>) -> BTreeMap<String, String> {
    let named = |image: &LockedImage| {
        let of = |one: &LockedPackage| (image.name_of(one), one.version.to_string());
        image.packages().map(of).collect()
    };
    image.map(named).unwrap_or_default()
}

#[cfg(test)]
mod tests {
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
        insta::assert_snapshot!(changes.json(), @r#"{"changes":[{"is":null,"package":"a","was":"1"},{"is":"2","package":"b","was":"1"},{"is":"1","package":"c","was":null}],"held":[],"image":"p.amd64"}"#);
    }

    /// An update with what its changelog says, and a package that stays behind.
    fn told() -> Changes {
        let mut changes = changes(&[("b", "1")], &[("b", "2")]);
        assert!(changes.updates("b", "2") && !changes.updates("b", "1"));
        changes.tell(
            "b",
            "b (2) u; urgency=x\n\n  * Fix CVE-2026-12345.\n\n -- M\n\nb (1) u; urgency=x\n",
        );
        changes.held = vec![Held {
            package: "c".to_owned(),
            version: "1".to_owned(),
            offered: Some("2".to_owned()),
            because: "d 1 needs c (<< 2)".to_owned(),
        }];
        changes
    }

    #[test]
    fn what_a_changelog_says_is_told() {
        let changes = told();
        insta::assert_snapshot!(changes.lines(), @r"
        ~ b 1 -> 2
            CVE-2026-12345
            b (2) u; urgency=x
              * Fix CVE-2026-12345.
        = c 1 (2 is there): d 1 needs c (<< 2)
        ");
        insta::assert_snapshot!(changes.json(), @r#"{"changes":[{"changelog":["b (2) u; urgency=x","  * Fix CVE-2026-12345."],"cves":["CVE-2026-12345"],"is":"2","package":"b","was":"1"}],"held":[{"because":"d 1 needs c (<< 2)","offered":"2","package":"c","version":"1"}],"image":"p.amd64"}"#);
    }

    #[test]
    fn what_a_changelog_says_is_told_in_markdown() {
        insta::assert_snapshot!(told().markdown(), @r"
        ### p.amd64

        | package | was | is |
        | --- | --- | --- |
        | `b` | `1` | `2` |

        Stays behind:

        - `c` `1` (`2` is there): d 1 needs c (<< 2)

        <details><summary><code>b</code>: CVE-2026-12345</summary>

            b (2) u; urgency=x
              * Fix CVE-2026-12345.

        </details>
        ");
    }

    #[test]
    fn what_stays_is_not_told() {
        let same = changes(&[("a", "1")], &[("a", "1")]);
        assert_eq!(same.lines(), "p.amd64: nothing changes");
        assert_eq!(same.markdown(), "### p.amd64\n\nNothing changes.\n");
    }
}
