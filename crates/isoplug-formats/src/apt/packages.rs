//! Reads a `Packages` index: one borrowed record for each stanza.

use super::stanza;

/// One package of an index. A field that the stanza lacks is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// The whole stanza.
    pub stanza: &'a str,
    /// `Package`
    pub name: &'a str,
    /// `Version`
    pub version: &'a str,
    /// `Architecture`: that of the index, or `all`.
    pub architecture: &'a str,
    /// `Pre-Depends`
    pub pre_depends: &'a str,
    /// `Depends`
    pub depends: &'a str,
    /// `Recommends`
    pub recommends: &'a str,
    /// `Conflicts`
    pub conflicts: &'a str,
    /// `Breaks`
    pub breaks: &'a str,
    /// `Provides`
    pub provides: &'a str,
    /// `Priority`
    pub priority: &'a str,
    /// `Multi-Arch`
    pub multi_arch: &'a str,
    /// `Filename`: the path below the archive's root.
    pub path: &'a str,
    /// `SHA256` of the .deb, in hexadecimal digits.
    pub sha256: &'a str,
    /// `Size` of the .deb in bytes.
    pub size: u64,
    /// `Essential: yes`
    pub essential: bool,
}

/// Returns the packages of an index in its order.
pub fn packages(text: &str) -> impl Iterator<Item = Package<'_>> {
    stanza::stanzas(text).map(package).filter(|package| !package.name.is_empty())
}

/// Reads one stanza.
pub fn package(stanza: &str) -> Package<'_> {
    let mut package = Package { stanza, ..Package::default() };
    for (name, value) in stanza::fields(stanza) {
        match name {
            "Package" => package.name = value,
            "Version" => package.version = value,
            "Architecture" => package.architecture = value,
            "Pre-Depends" => package.pre_depends = value,
            "Depends" => package.depends = value,
            "Recommends" => package.recommends = value,
            "Conflicts" => package.conflicts = value,
            "Breaks" => package.breaks = value,
            "Provides" => package.provides = value,
            "Priority" => package.priority = value,
            "Multi-Arch" => package.multi_arch = value,
            "Filename" => package.path = value.trim_start_matches("./"),
            "SHA256" => package.sha256 = value,
            "Size" => package.size = value.parse().unwrap_or(0),
            "Essential" => package.essential = value == "yes",
            _ => {}
        }
    }
    package
}
