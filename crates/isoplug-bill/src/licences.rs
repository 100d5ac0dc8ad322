//! The licences of an image as a report, and what a policy finds in it.
//!
//! What the copyright files do not say in a form that a program reads is told as not known, and never passes for
//! allowed or denied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::licence::Expression;
use crate::model::Package;

/// The licences of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// Its packages, by name.
    pub packages: Vec<Row>,
    /// For each word that SPDX's list does not have the texts that it stands for, by their SHA-256, with the packages
    /// that mean each.
    pub texts: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// The component of the archive that it is from: `main`.
    pub component: String,
    /// Its licences as an expression of SPDX; none where its copyright file is not machine-readable.
    pub licence: Option<String>,
    /// The SHA-256 of its copyright file; empty if that is not known.
    pub copyright: String,
    /// What it is in the image for, if it is not installed.
    pub part: Option<String>,
}

/// What a manifest allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The only components that packages may be from; all, if there are none here.
    pub allow_components: Vec<String>,
    /// Licences that nothing may be under, by identifier; `*` stands for anything.
    pub deny: Vec<String>,
    /// Packages that are accepted whatever they are.
    pub accept: Vec<String>,
}

/// Something that a policy does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The package.
    pub package: String,
    /// Why it is not allowed.
    pub why: String,
}

impl Report {
    /// Makes the report of packages.
    #[must_use]
    pub fn of(packages: &[Package]) -> Self {
        let mut texts: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for package in packages {
            for (id, text) in &package.facts.licence.texts {
                let digest = crate::hex(&Sha256::digest(text));
                let of = texts.entry(id.clone()).or_default().entry(digest).or_default();
                of.push(package.name.clone());
            }
        }
        Self { schema: 1, packages: packages.iter().map(row).collect(), texts }
    }

    /// Writes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Returns what a policy does not allow, in the order of packages.
    #[must_use]
    pub fn findings(&self, policy: &Policy) -> Vec<Finding> {
        let is_accepted = |row: &&Row| policy.accept.contains(&row.name);
        let open = self.packages.iter().filter(|row| !is_accepted(row));
        open.filter_map(|row| policy.finding(row)).collect()
    }

    /// Returns accepted packages that the image does not have.
    #[must_use]
    pub fn unknown<'a>(&self, policy: &'a Policy) -> Vec<&'a str> {
        let is_there = |name: &&String| self.packages.iter().any(|row| row.name == **name);
        policy.accept.iter().filter(|name| !is_there(name)).map(String::as_str).collect()
    }
}

fn row(package: &Package) -> Row {
    Row {
        name: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        component: package.component().unwrap_or_default().to_owned(),
        licence: package.facts.licence.expression.clone(),
        copyright: package.facts.licence.sha256.clone(),
        part: package.parts.iter().find_map(|part| part.comment()).map(str::to_owned),
    }
}

impl Policy {
    fn finding(&self, row: &Row) -> Option<Finding> {
        let component = &row.component;
        let allowed = self.allow_components.is_empty() || self.allow_components.contains(component);
        let why = match allowed {
            false if component.is_empty() => "its archive has no components".to_owned(),
            false => format!("it is of the component {component}"),
            true => {
                let expression = row.licence.as_deref()?;
                let denied = Expression::read(expression)?.denied(&|word| self.denies(word))?;
                format!("its licence is {denied}")
            }
        };
        Some(Finding { package: row.name.clone(), why })
    }

    fn denies(&self, word: &str) -> bool {
        self.deny.iter().any(|pattern| matches(pattern, word))
    }
}

/// `*` stands for any characters; case does not count, as for identifiers of SPDX.
fn matches(pattern: &str, word: &str) -> bool {
    let (pattern, word) = (pattern.to_lowercase(), word.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, component: &str, licence: Option<&str>) -> Row {
        let licence = licence.map(str::to_owned);
        Row { name: name.to_owned(), component: component.to_owned(), licence, ..Row::default() }
    }

    fn found(policy: &Policy) -> Vec<String> {
        let packages = vec![
            row("agpl", "main", Some("AGPL-3.0-or-later AND MIT")),
            row("choice", "main", Some("(AGPL-3.0-only OR MIT) AND ISC")),
            row("firmware", "non-free-firmware", None),
            row("with", "main", Some("GPL-3.0-or-later WITH Bison-exception-2.2")),
        ];
        let report = Report { packages, ..Report::default() };
        let line = |one: Finding| format!("{}: {}", one.package, one.why);
        report.findings(policy).into_iter().map(line).collect()
    }

    #[test]
    fn what_can_be_had_under_another_licence_is_not_denied() {
        let deny = vec!["agpl-3.0-*".to_owned()];
        let policy = Policy { deny, ..Policy::default() };
        assert_eq!(found(&policy), ["agpl: its licence is AGPL-3.0-or-later"]);
        let deny = vec!["AGPL-*".to_owned(), "MIT".to_owned()];
        let policy = Policy { deny, accept: vec!["agpl".to_owned()], ..Policy::default() };
        assert_eq!(found(&policy), ["choice: its licence is AGPL-3.0-only"]);
    }

    #[test]
    fn components_are_those_that_are_allowed() {
        let allow_components = vec!["main".to_owned()];
        let mut policy = Policy { allow_components, ..Policy::default() };
        assert_eq!(found(&policy), ["firmware: it is of the component non-free-firmware"]);
        policy.accept = vec!["firmware".to_owned(), "gone".to_owned()];
        assert_eq!(found(&policy), [""; 0]);
        let report = Report { packages: vec![row("firmware", "", None)], ..Report::default() };
        assert_eq!(report.unknown(&policy), ["gone"]);
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, word, expected) in [
            ("GPL-*", "GPL-2.0-only", true),
            ("*-only", "GPL-2.0-only", true),
            ("G*2*y", "gpl-2.0-only", true),
            ("GPL", "GPL-2.0-only", false),
            ("*", "MIT", true),
            ("MIT*T", "MIT", false),
        ] {
            assert_eq!(matches(pattern, word), expected, "{pattern} {word}");
        }
    }
}
