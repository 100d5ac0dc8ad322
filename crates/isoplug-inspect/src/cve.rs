//! Known vulnerabilities of an image's packages, in Debian's words, by data that somebody fetched before.
//!
//! Vulnerabilities are filed against source packages: those that binaries are built from, those that are built into
//! them, and those that are linked into them. What there is no data of is told, never passed over.

pub mod accept;
pub mod cyclonedx;
mod judge;
mod osv;
mod page;
pub mod sarif;
mod tracker;
pub mod vex;
mod zip;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::look::packages::Package;

use accept::{Acceptance, Decided};

pub use judge::{Word, judge};

/// What a release of a distribution says of a vulnerability in a source package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// `open`, `resolved` or `undetermined`.
    pub status: String,
    /// The version that fixes it; `0` if the release never had it.
    pub fixed: Option<String>,
    /// Debian's word, such as `unimportant` or `end-of-life`.
    pub urgency: String,
    /// Whether there will be no advisory of its own.
    pub nodsa: bool,
    /// Why: `ignored`, `postponed` or nothing.
    pub reason: String,
    /// Whether it can be reached over a network.
    pub remote: bool,
}

/// Data: source package, vulnerability, release.
pub type Data = BTreeMap<String, BTreeMap<String, BTreeMap<String, Entry>>>;

/// Where data came from: a report is true for a file, not for a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The name of the file.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// `tracker` or `osv`.
    pub form: &'static str,
}

/// A source package that is in an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is only linked into something.
    pub linked: bool,
    /// The binary packages that it is in.
    pub binaries: BTreeSet<String>,
}

/// A vulnerability of a source package of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its number.
    pub id: String,
    /// The source package.
    pub source: Source,
    /// What it comes to.
    pub word: Word,
    /// The version that fixes it.
    pub fixed: Option<String>,
    /// The release by whose data it was judged.
    pub release: String,
    /// Whether it can be reached over a network.
    pub remote: bool,
    /// What a VEX says of it, if one does.
    pub vex: Option<String>,
    /// What the manifest says of it, if it is accepted.
    pub accepted: Option<Acceptance>,
}

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The name of the image.
    pub name: String,
    /// What it is called in a VEX.
    pub purl: String,
    /// Its packages.
    pub packages: Vec<Package>,
    /// The code name of its release.
    pub release: String,
    /// Packages that are of no archive of the distribution.
    pub foreign: BTreeSet<String>,
    /// The time of the image, in seconds since 1970.
    pub epoch: u64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// `cve`.
    pub kind: &'static str,
    /// The name of the image.
    pub image: String,
    /// The release.
    pub release: String,
    /// The data.
    pub data: Vec<Origin>,
    /// How many source packages were looked up.
    pub sources: usize,
    /// Packages of which there is no data.
    pub no_data: Vec<String>,
    /// The vulnerabilities, the most urgent first.
    pub findings: Vec<Finding>,
    /// What the manifest accepts, and whether it counts.
    pub acceptances: Vec<Decided>,
}

/// Returns the source packages of binaries, each with all binaries that it is in.
#[must_use]
pub fn sources(packages: &[Package]) -> Vec<Source> {
    let mut found: BTreeMap<(String, String), Source> = BTreeMap::new();
    let mut add = |name: &str, version: &str, linked: bool, binary: &str| {
        let new =
            || Source { name: name.into(), version: version.into(), linked, ..Source::default() };
        let source = found.entry((name.into(), version.into())).or_insert_with(new);
        source.linked &= linked;
        source.binaries.insert(binary.into());
    };
    for package in packages {
        add(&package.source, &package.source_version, false, &package.name);
        for (name, version) in &package.built_using {
            add(name, version, false, &package.name);
        }
        for (name, version) in &package.static_built_using {
            add(name, version, true, &package.name);
        }
    }
    found.into_values().collect()
}

/// Reads a file of Debian's tracker (JSON) or of OSV (zip), as far as it is of these source packages.
///
/// # Errors
///
/// When it cannot be read, or is neither.
pub fn read(path: &Path, sources: &[Source]) -> io::Result<(Origin, Data)> {
    let names: BTreeSet<&str> = sources.iter().map(|source| &*source.name).collect();
    let span = crate::span::Span::open(path)?;
    let (form, data) = match &span.read_some(0, 4)?[..] {
        b"PK\x03\x04" => ("osv", osv::read(&span, &names)?),
        _ => ("tracker", tracker::read(span.reader(), &names)?),
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((Origin { file, sha256: crate::report::check::sha256(&span)?, form }, data))
}

/// Looks up all source packages.
#[must_use]
pub fn report(subject: &Subject, data: &[(Origin, Data)]) -> Report {
    let own = |package: &&Package| !subject.foreign.contains(&package.name);
    let packages: Vec<Package> = subject.packages.iter().filter(own).cloned().collect();
    let sources = sources(&packages);
    Report {
        schema: 1,
        kind: "cve",
        image: subject.name.clone(),
        release: subject.release.clone(),
        data: data.iter().map(|(origin, _)| origin.clone()).collect(),
        sources: sources.len(),
        no_data: subject.foreign.iter().cloned().collect(),
        findings: findings(&sources, data, &subject.release),
        acceptances: Vec::new(),
    }
}

fn findings(sources: &[Source], data: &[(Origin, Data)], release: &str) -> Vec<Finding> {
    let mut found: BTreeMap<(String, String, String), Finding> = BTreeMap::new();
    for (_, data) in data {
        for finding in sources.iter().flat_map(|source| judge::all(source, data, release)) {
            let Source { name, version, .. } = &finding.source;
            // What the first file says counts.
            found.entry((finding.id.clone(), name.clone(), version.clone())).or_insert(finding);
        }
    }
    let mut found: Vec<Finding> = found.into_values().collect();
    found.sort_by_key(|it| {
        (it.word, it.source.name == "linux", !it.remote, it.source.name.clone(), it.id.clone())
    });
    found
}
