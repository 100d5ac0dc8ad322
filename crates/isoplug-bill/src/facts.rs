//! What a binary package says of itself in its control fields (deb-control(5)), as a bill needs it.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::stanza;
use isoplug_formats::apt::status::Installed;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::licence::Licence;
use crate::model::key;

/// What a binary package says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Facts {
    /// The source package that it was built from.
    pub source: SourceName,
    /// Source packages whose files are in it.
    pub built_using: Vec<SourceName>,
    /// Source packages that are linked into its programs.
    pub static_built_using: Vec<SourceName>,
    /// Who answers for it.
    pub maintainer: Option<Party>,
    /// The address of what it is about.
    pub homepage: Option<String>,
    /// What it is, in one line.
    pub summary: String,
    /// Its section: `libs`, or `non-free-firmware/kernel`.
    pub section: String,
    /// The names of the installed packages that it depends on.
    pub needs: Vec<String>,
    /// Under which licences it is.
    pub licence: Licence,
}

/// Name and version of a source package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceName {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl SourceName {
    /// Returns its key in a bill.
    #[must_use]
    pub fn key(&self) -> String {
        let text = format!("{} {}", self.name, self.version);
        key("Source", &self.name, &crate::hex(&Sha256::digest(text.as_bytes())[..8]))
    }
}

/// A person or an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Its address for mail; empty if there is none.
    pub address: String,
    /// Whether it is a person.
    pub is_person: bool,
}

impl Party {
    /// Reads `Name <address>`. Who it is only its name and address tell: what has the name of a team, or an address of
    /// a list, is an organisation.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (name, address) = text.split_once('<').unwrap_or((text, ""));
        let name = name.replace(['"', '(', ')'], " ");
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let address = address.trim().trim_end_matches('>').to_owned();
        let is_person = !is_of_many(&name, &address);
        (!name.is_empty()).then_some(Self { name, address, is_person })
    }

    /// Makes an organisation of a name.
    #[must_use]
    pub fn organisation(name: &str) -> Self {
        Self { name: name.to_owned(), address: String::new(), is_person: false }
    }
}

fn is_of_many(name: &str, address: &str) -> bool {
    const WORDS: [&str; 9] = [
        "team",
        "maintainer",
        "group",
        "project",
        "developers",
        "packaging",
        "packagers",
        "task force",
        "department",
    ];
    const PLACES: [&str; 4] = ["@lists.", "@alioth-lists.", "@tracker.", "@packages."];
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word)) || PLACES.iter().any(|at| address.contains(at))
}

impl Facts {
    /// Reads the control fields of a package; what it needs and its licences are not among them.
    #[must_use]
    pub fn read(stanza: &str) -> Self {
        let field = |name: &str| stanza::field(stanza, name).unwrap_or_default();
        let first_line = |name: &str| field(name).lines().next().unwrap_or_default().to_owned();
        Self {
            source: source(field("Source"), field("Package"), field("Version")),
            built_using: sources(field("Built-Using")),
            static_built_using: sources(field("Static-Built-Using")),
            maintainer: Party::read(&first_line("Maintainer")),
            homepage: Some(first_line("Homepage")).filter(|address| is_address(address)),
            summary: first_line("Description"),
            section: first_line("Section"),
            needs: Vec::new(),
            licence: Licence::default(),
        }
    }

    /// Returns every source package that it was made of, and the field that says so.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceName, &'static str)> {
        let own = (!self.source.name.is_empty()).then_some((&self.source, "Source"));
        let using = self.built_using.iter().map(|source| (source, "Built-Using"));
        let linked = self.static_built_using.iter().map(|source| (source, "Static-Built-Using"));
        own.into_iter().chain(using).chain(linked)
    }

    /// Returns the source package whose faults are those of this package. Where a distribution signs what another
    /// source built, such as kernels, shim and GRUB, that is the other one.
    #[must_use]
    pub fn upstream(&self) -> &SourceName {
        let Some(stem) = signed_stem(&self.source.name) else { return &self.source };
        let named = self.built_using.iter().find(|using| using.name == stem);
        named.or(self.built_using.first()).unwrap_or(&self.source)
    }
}

/// Returns what is signed by a source package: `linux` of `linux-signed-amd64`.
fn signed_stem(source: &str) -> Option<&str> {
    let (stem, rest) = source.rsplit_once("-signed")?;
    (rest.is_empty() || rest.starts_with('-')).then_some(stem)
}

/// Returns the source that a `Source` field names: `NAME`, `NAME (VERSION)` or nothing where both are the package's.
fn source(field: &str, package: &str, version: &str) -> SourceName {
    let (name, own) = field.split_once('(').unwrap_or((field, ""));
    let own = own.trim_end().trim_end_matches(')').trim();
    let or = |found: &str, other: &str| if found.is_empty() { other } else { found }.to_owned();
    SourceName { name: or(name.trim(), package), version: or(own, version) }
}

/// Reads `NAME (= VERSION), …`; what dpkg could not parse, nobody installed.
fn sources(field: &str) -> Vec<SourceName> {
    let all = field.split(',').filter_map(|one| {
        let (name, version) = one.trim().split_once('(')?;
        let version = version.trim().strip_prefix('=')?.trim().trim_end_matches(')').trim();
        Some(SourceName { name: name.trim().to_owned(), version: version.to_owned() })
    });
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a text is an address that every reader of a bill takes for one.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`[]".contains(c);
    rest.is_some_and(|rest| rest.contains('.') && rest.chars().all(plain))
}

/// Returns the facts of each installed package of a status file of dpkg, by `NAME ARCHITECTURE`.
#[must_use]
pub fn of_status(status: &str) -> BTreeMap<String, Facts> {
    let installed = Installed::read(status);
    let facts = |stanza| {
        let name = stanza::field(stanza, "Package")?;
        let key = format!("{name} {}", stanza::field(stanza, "Architecture")?);
        let found = installed.named(stanza, &["Pre-Depends", "Depends"]).into_iter();
        let needs = found.filter(|found| *found != name).map(str::to_owned).collect();
        Some((key, Facts { needs, ..Facts::read(stanza) }))
    };
    installed.stanzas().filter_map(facts).collect()
}

#[cfg(test)]
mod tests;
