//! Which package a file is of, by dpkg's lists.

use std::collections::BTreeMap;

use crate::root::Root;
use crate::squashfs::Kind;

/// Folders that are links into /usr where a system is merged.
const MERGED: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// The packages of paths.
#[derive(Debug, Default)]
pub struct Owners {
    of: BTreeMap<String, String>,
}

impl Owners {
    /// Reads dpkg's lists.
    #[must_use]
    pub fn read(root: &Root) -> Self {
        let diversions = Diversions::read(root);
        let mut owners = Self::default();
        for list in root.inside("var/lib/dpkg/info") {
            let Some(package) = list.path.strip_prefix("var/lib/dpkg/info/") else { continue };
            let Some(package) = package.strip_suffix(".list") else { continue };
            let package = package.split(':').next().unwrap_or_default();
            for line in root.text(&list.path).unwrap_or_default().lines() {
                let path = diversions.of(line, package).trim_start_matches('/');
                owners.of.insert(merged(root, path), package.to_owned());
            }
        }
        owners
    }

    /// Returns the package that a path is of. What dpkg keeps itself is of `dpkg`.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&str> {
        let is_own = path.starts_with("var/lib/dpkg/");
        self.of.get(path).map(String::as_str).or(is_own.then_some("dpkg"))
    }

    /// Returns the package of a path as a list has it, before links of a merged system are followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

/// Returns the path at which a file lies if `/bin` and the like are links.
pub(crate) fn merged(root: &Root, path: &str) -> String {
    let first = path.split('/').next().unwrap_or_default();
    let is_link = || root.find(first).is_some_and(|node| matches!(node.kind, Kind::Link(_)));
    if MERGED.contains(&first) && path.len() > first.len() && is_link() {
        format!("usr/{path}")
    } else {
        path.to_owned()
    }
}

/// What dpkg puts elsewhere for the sake of another package.
#[derive(Debug, Default)]
pub(crate) struct Diversions(BTreeMap<String, (String, String)>);

impl Diversions {
    pub(crate) fn read(root: &Root) -> Self {
        let text = root.text("var/lib/dpkg/diversions").unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let three = lines.chunks_exact(3);
        Self(three.map(|it| (it[0].to_owned(), (it[1].to_owned(), it[2].to_owned()))).collect())
    }

    /// Returns where the file of a package lies.
    pub(crate) fn of<'a>(&'a self, path: &'a str, package: &str) -> &'a str {
        match self.0.get(path) {
            Some((to, by)) if by != package => to,
            _ => path,
        }
    }
}
