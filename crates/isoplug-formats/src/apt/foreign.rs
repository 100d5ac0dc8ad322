//! Packages of another architecture than their system's, as whoever looks at relations sees them: under a name of their
//! own, `libc6_i386`, which no package can have.
//!
//! Their stanzas are rewritten, so that each relation of one says what it means to dpkg:
//! <https://wiki.ubuntu.com/MultiarchSpec>, as apt reads it (`debListParser::ParseDepends`, `NewProvidesAllArch`).
//! What a package of the system's own architecture needs and excludes, and which of those serve others, is for whoever
//! looks at relations. Knows no solver.

use std::fmt::Write as _;

use super::relation::{self, Operator};
use super::{Package, Relation, packages, stanza};

/// What is between name and architecture: relations can have it, names of packages cannot.
const BETWEEN: char = '_';

/// Returns the name that a package of another architecture has here.
#[must_use]
pub fn name(name: &str, architecture: &str) -> String {
    format!("{name}{BETWEEN}{architecture}")
}

/// Splits such a name; that of a package of the image's own architecture has no second part.
#[must_use]
pub fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once(BETWEEN).map_or((name, None), |(name, architecture)| (name, Some(architecture)))
}

/// Returns a text about packages of these architectures as people write it: `libc6:i386`.
#[must_use]
pub fn spelled(text: &str, architectures: &[String]) -> String {
    let one = |text: String, other: &String| {
        text.replace(&format!("{BETWEEN}{other}"), &format!(":{other}"))
    };
    architectures.iter().fold(text.to_owned(), one)
}

/// Returns stanzas in which the packages of these architectures have names of their own. Those for all architectures are
/// left as they are: they count as the system's own.
#[must_use]
pub fn qualified(text: String, architectures: &[String]) -> String {
    let is_here =
        |architecture: &String| text.contains(&format!("\nArchitecture: {architecture}\n"));
    if !architectures.iter().any(is_here) {
        return text;
    }
    let mut all = String::with_capacity(text.len() + text.len() / 4);
    for package in packages::packages(&text) {
        match architectures.iter().any(|one| one == package.architecture) {
            true => rewrite(&package, &mut all),
            false => all.push_str(package.stanza),
        }
        all.push_str("\n\n");
    }
    all
}

/// Writes the stanza of a package of another architecture.
fn rewrite(package: &Package, out: &mut String) {
    for (field, value) in stanza::fields(package.stanza) {
        let value = match field {
            "Package" => name(value, package.architecture),
            "Depends" | "Pre-Depends" | "Recommends" => needed(value, package.architecture),
            // They would be the system's; nothing of another architecture is.
            "Essential" | "Important" | "Protected" | "Provides" => continue,
            _ => value.to_owned(),
        };
        // Writing into memory has no way to fail.
        let _ = writeln!(out, "{field}: {value}");
    }
    let provided = provided(package);
    if !provided.is_empty() {
        let _ = writeln!(out, "Provides: {provided}");
    }
    out.truncate(out.trim_end().len());
}

/// Names in each relation the package of the architecture: what is `Multi-Arch: foreign` satisfies it, too, which whoever
/// asks what satisfies it knows. A relation that cannot be read stays as it is, and is told by whoever reads it.
fn needed(field: &str, architecture: &str) -> String {
    let Ok(groups) = relation::parse(field) else { return field.to_owned() };
    let group = |group: Vec<Relation>| {
        let one = |relation: Relation| match relation.qualifier {
            None | Some("any") => renamed(relation, &name(relation.name, architecture)),
            Some(of) if of == architecture => {
                renamed(Relation { qualifier: None, ..relation }, &name(relation.name, of))
            }
            Some(_) => relation.to_string(),
        };
        group.into_iter().map(one).collect::<Vec<_>>().join(" | ")
    };
    groups.into_iter().map(group).collect::<Vec<_>>().join(", ")
}

fn renamed(relation: Relation, name: &str) -> String {
    Relation { name, ..relation }.to_string()
}

/// Returns what it provides: its names for its architecture, and for all where it says that it serves all.
fn provided(package: &Package) -> String {
    let Package { provides, architecture, version, .. } = *package;
    let relations = relation::parse_list(provides).unwrap_or_default();
    let serves_all = package.multi_arch == "foreign";
    let mut all = Vec::new();
    for relation in relations {
        let plain = Relation { qualifier: None, ..relation };
        all.push(renamed(plain, &name(relation.name, architecture)));
        all.extend(serves_all.then(|| plain.to_string()));
    }
    let own = Relation {
        name: package.name,
        qualifier: None,
        version: Some((Operator::Equal, version)),
        architectures: None,
        profiles: None,
    };
    all.extend(serves_all.then(|| own.to_string()));
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_relation_names_the_package_of_its_architecture() {
        let text = "Package: wine32\nVersion: 2\nArchitecture: i386\nMulti-Arch: foreign\nEssential: yes\n\
            Depends: libc6 (>= 2), perl:any | sh:amd64, x:i386\nProvides: wine-old (= 1)\nConflicts: old\nSize: 3\n\n\
            Package: base\nArchitecture: all\n";
        let found = qualified(text.to_owned(), &["i386".to_owned()]);
        let expected = "Package: wine32_i386\nVersion: 2\nArchitecture: i386\nMulti-Arch: foreign\n\
            Depends: libc6_i386 (>= 2), perl_i386:any | sh:amd64, x_i386\nConflicts: old\nSize: 3\n\
            Provides: wine-old_i386 (= 1), wine-old (= 1), wine32 (= 2)\n\n\
            Package: base\nArchitecture: all";
        assert_eq!(found.trim_end(), expected);
    }

    #[test]
    fn an_index_without_any_stays_as_it_is() {
        let text = "Package: a\nArchitecture: amd64\n\n\n\nPackage: b\nArchitecture: all\n";
        assert_eq!(qualified(text.to_owned(), &["i386".to_owned()]), text);
    }
}
