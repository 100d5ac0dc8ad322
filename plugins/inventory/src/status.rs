//! Reads dpkg's database of packages (deb-control(5), dpkg(1)).

use std::collections::BTreeMap;

/// An installed package.
#[derive(Debug, Default)]
pub struct Package<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub architecture: &'a str,
    pub section: &'a str,
    pub homepage: &'a str,
    /// The first line of its description.
    pub summary: &'a str,
    /// In KiB, as its maintainer says.
    pub installed_size: u64,
}

/// Returns the installed packages by name.
pub fn installed(status: &str) -> Vec<Package<'_>> {
    let mut packages: Vec<Package<'_>> = status.split("\n\n").filter_map(package).collect();
    packages.sort_by_key(|package| (package.name, package.architecture));
    packages
}

fn package(paragraph: &str) -> Option<Package<'_>> {
    let fields: BTreeMap<&str, &str> = paragraph
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    field("Status").ends_with(" installed").then(|| Package {
        name: field("Package"),
        version: field("Version"),
        architecture: field("Architecture"),
        section: field("Section"),
        homepage: field("Homepage"),
        summary: field("Description"),
        installed_size: field("Installed-Size").parse().unwrap_or_default(),
    })
}
