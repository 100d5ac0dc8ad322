//! The packages that dpkg's status file says are installed.

use isoplug_formats::apt::stanza::{field, stanzas};
use serde::Serialize;

use crate::root::Root;

/// An installed package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its architecture, or `all`.
    pub architecture: String,
    /// Its version.
    pub version: String,
    /// The source package that it is built from.
    pub source: String,
    /// The version of that.
    pub source_version: String,
    /// Its section, with the component before a slash if that is not `main`.
    pub section: String,
    /// What it takes by its own word, in KiB.
    pub installed_kib: u64,
    /// Who maintains it.
    pub maintainer: String,
    /// Source packages and versions that are built into it.
    pub built_using: Vec<(String, String)>,
    /// Those of which libraries are linked into it.
    pub static_built_using: Vec<(String, String)>,
}

/// Returns the packages of a root filesystem by name and architecture.
#[must_use]
pub fn read(root: &Root) -> Vec<Package> {
    let mut status = root.text("var/lib/dpkg/status").unwrap_or_default();
    for part in root.inside("var/lib/dpkg/status.d") {
        if !part.path.ends_with(".md5sums") {
            status += &format!(
                "\n\n{}\nStatus: install ok installed\n",
                root.text(&part.path).unwrap_or_default().trim_end()
            );
        }
    }
    parse(&status)
}

/// Returns the packages of a status file.
#[must_use]
pub fn parse(status: &str) -> Vec<Package> {
    let mut packages: Vec<Package> = stanzas(status).filter(is_installed).map(package).collect();
    packages.sort();
    packages
}

fn is_installed(stanza: &&str) -> bool {
    field(stanza, "Status").is_some_and(|status| {
        matches!(
            status.rsplit(' ').next(),
            Some("installed" | "triggers-awaited" | "triggers-pending")
        )
    })
}

fn package(stanza: &str) -> Package {
    let value = |name: &str| field(stanza, name).unwrap_or_default().to_owned();
    let (name, version) = (value("Package"), value("Version"));
    let (source, source_version) = source(&value("Source"), &name, &version);
    Package {
        architecture: value("Architecture"),
        section: value("Section"),
        installed_kib: value("Installed-Size").parse().unwrap_or_default(),
        maintainer: value("Maintainer"),
        built_using: used(&value("Built-Using")),
        static_built_using: used(&value("Static-Built-Using")),
        name,
        version,
        source,
        source_version,
    }
}

/// Returns name and version of the source: what the field says, else the package's own.
///
/// A version that only a rebuild of the binary made (`+b1`) is not one of the source.
fn source(field: &str, name: &str, version: &str) -> (String, String) {
    let own = without_rebuild(version);
    match field.split_once(" (") {
        Some((source, version)) => (source.to_owned(), version.trim_end_matches(')').to_owned()),
        None if field.is_empty() => (name.to_owned(), own),
        None => (field.to_owned(), own),
    }
}

fn without_rebuild(version: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match version.rsplit_once("+b") {
        Some((source, number)) if is_number(number) => source.to_owned(),
        _ => version.to_owned(),
    }
}

/// Reads `grub2 (= 2.12-9), shim (= 15.8-1)`.
fn used(field: &str) -> Vec<(String, String)> {
    let parts = field.split(',').filter_map(|part| part.trim().split_once(" (="));
    parts
        .map(|(name, version)| (name.to_owned(), version.trim_matches([' ', ')']).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_what_is_built_in_are_read() {
        let status = "Package: a\nStatus: install ok installed\nVersion: 1:2-3+b4\nArchitecture: amd64\n\n\
            Package: b\nStatus: install ok installed\nSource: sb (5)\nVersion: 6\nBuilt-Using: x (= 1), y (= 2-3)\n\n\
            Package: c\nStatus: deinstall ok config-files\nVersion: 7\n";
        let [a, b] = parse(status).try_into().unwrap();
        assert_eq!((&*a.source, &*a.source_version), ("a", "1:2-3"));
        assert_eq!((&*b.source, &*b.source_version), ("sb", "5"));
        assert_eq!(
            b.built_using,
            [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "2-3".to_owned())]
        );
    }
}
