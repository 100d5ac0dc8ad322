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
            "Filename" => package.path = value.trim_start_matches("./"),
            "Size" => package.size = value.parse().unwrap_or(0),
            "Essential" => package.essential = value == "yes",
            name => package.text(name).into_iter().for_each(|text| *text = value),
        }
    }
    package
}

impl<'a> Package<'a> {
    /// Returns where the value of a field goes that is kept as it is.
    fn text(&mut self, name: &str) -> Option<&mut &'a str> {
        Some(match name {
            "Package" => &mut self.name,
            "Version" => &mut self.version,
            "Architecture" => &mut self.architecture,
            "Pre-Depends" => &mut self.pre_depends,
            "Depends" => &mut self.depends,
            "Recommends" => &mut self.recommends,
            "Conflicts" => &mut self.conflicts,
            "Breaks" => &mut self.breaks,
            "Provides" => &mut self.provides,
            "Priority" => &mut self.priority,
            "Multi-Arch" => &mut self.multi_arch,
            "SHA256" => &mut self.sha256,
            _ => return None,
        })
    }
}
