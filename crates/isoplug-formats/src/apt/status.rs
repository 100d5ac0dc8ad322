//! Reads dpkg's status file: which packages are installed, and which of them are what one needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{relation, stanza};

/// The installed packages of a status file.
#[derive(Debug)]
pub struct Installed<'a> {
    stanzas: Vec<&'a str>,
    /// For each name, the packages that are it or provide it.
    providers: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Installed<'a> {
    /// Reads the text of a status file.
    #[must_use]
    pub fn read(status: &'a str) -> Self {
        let is_installed = |stanza: &&str| {
            stanza::field(stanza, "Status").is_some_and(|state| state.ends_with(" installed"))
        };
        let stanzas: Vec<&str> = stanza::stanzas(status).filter(is_installed).collect();
        let mut providers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for stanza in &stanzas {
            let Some(package) = stanza::field(stanza, "Package") else { continue };
            for name in relations(stanza, &["Provides"]).into_iter().chain([package]) {
                providers.entry(name).or_default().insert(package);
            }
        }
        Self { stanzas, providers }
    }

    /// Returns the stanza of each package, in the order of the file.
    pub fn stanzas(&self) -> impl Iterator<Item = &'a str> {
        self.stanzas.iter().copied()
    }

    /// Returns the installed packages that fields of a stanza name, or whose provider they name.
    #[must_use]
    pub fn named(&self, stanza: &'a str, fields: &[&str]) -> BTreeSet<&'a str> {
        let named = relations(stanza, fields).into_iter();
        named.filter_map(|name| self.providers.get(name)).flatten().copied().collect()
    }
}

/// Returns the names in fields; what dpkg could not parse, nobody installed.
fn relations<'a>(stanza: &'a str, names: &[&str]) -> Vec<&'a str> {
    let fields = names.iter().filter_map(|name| stanza::field(stanza, name));
    let parsed = fields.filter_map(|field| relation::parse(field).ok()).flatten().flatten();
    parsed.map(|relation| relation.name).collect()
}
