//! Checks a set of packages against every relation between them.
//!
//! Written apart from the solver and from [`Universe::satisfiers`], so that a mistake there
//! does not hide itself here: it only looks at what is in the set.
//!
//! [`Universe::satisfiers`]: super::universe::Universe::satisfiers

use std::collections::BTreeMap;

use isoplug_formats::apt::relation::{self, Operator, Relation};
use isoplug_formats::apt::{Package, version};

/// One relation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Violation {
    /// A dependency that nothing in the set satisfies.
    #[error("{package} needs {dependency}")]
    Missing {
        /// Who depends.
        package: String,
        /// The whole group of alternatives.
        dependency: String,
    },
    /// Two packages that may not be there together.
    #[error("{package} excludes {other} by {relation}")]
    Excluded {
        /// Who conflicts or breaks.
        package: String,
        /// Whom.
        other: String,
        /// By which relation.
        relation: String,
    },
    /// Two versions of one package.
    #[error("{0} is there twice")]
    Twice(String),
    /// A field that cannot be read.
    #[error("{package}: {malformed}")]
    Malformed {
        /// Whose.
        package: String,
        /// Why not.
        malformed: relation::Malformed,
    },
}

/// Returns all that is wrong with the set, in order; nothing if it can be installed.
pub fn check(packages: &[Package], architecture: &str) -> Vec<Violation> {
    let set = Set::new(packages, architecture);
    let mut found: Vec<Violation> =
        packages.iter().flat_map(|package| set.check(package)).collect();
    let mut names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    names.sort_unstable();
    let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
    found.extend(twice.map(|pair| Violation::Twice(pair[0].to_owned())));
    found.sort();
    found.dedup();
    found
}

/// Who answers to each name, and with which version; a provider without a version has none.
struct Set<'a> {
    answers: BTreeMap<&'a str, Vec<(&'a Package<'a>, Option<&'a str>)>>,
    architecture: &'a str,
}

impl<'a> Set<'a> {
    fn new(packages: &'a [Package<'a>], architecture: &'a str) -> Self {
        let mut answers: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for package in packages {
            answers.entry(package.name).or_default().push((package, Some(package.version)));
            for provided in relation::parse_list(package.provides).unwrap_or_default() {
                let version = provided.version.map(|(_, version)| version);
                answers.entry(provided.name).or_default().push((package, version));
            }
        }
        Self { answers, architecture }
    }

    fn check(&self, package: &Package) -> Vec<Violation> {
        let depends = [package.pre_depends, package.depends].map(relation::parse);
        let excludes = [package.conflicts, package.breaks].map(relation::parse_list);
        let mut found = Vec::new();
        for field in depends {
            match field {
                Ok(groups) => found.extend(groups.iter().filter_map(|g| self.missing(package, g))),
                Err(malformed) => found.push(broken(package, malformed)),
            }
        }
        for field in excludes {
            match field {
                Ok(list) => found.extend(list.iter().flat_map(|r| self.excluded(package, r))),
                Err(malformed) => found.push(broken(package, malformed)),
            }
        }
        found
    }

    fn missing(&self, package: &Package, group: &[Relation]) -> Option<Violation> {
        let satisfied = group.iter().any(|relation| self.answering(relation).next().is_some());
        let dependency = || group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
        (!satisfied).then(|| Violation::Missing {
            package: package.name.to_owned(),
            dependency: dependency(),
        })
    }

    fn excluded(&self, package: &Package, relation: &Relation) -> Vec<Violation> {
        let others = self.answering(relation).filter(|other| other.name != package.name);
        let violation = |other: &Package| Violation::Excluded {
            package: package.name.to_owned(),
            other: other.name.to_owned(),
            relation: relation.to_string(),
        };
        others.map(violation).collect()
    }

    fn answering(&self, relation: &Relation) -> impl Iterator<Item = &'a Package<'a>> {
        let answers = self.answers.get(relation.name).into_iter().flatten().copied();
        let Relation { qualifier, version: wanted, .. } = *relation;
        let architecture = self.architecture;
        answers
            .filter(move |(package, version)| {
                let arch_fits = match qualifier {
                    None | Some("native" | "all") => true,
                    Some("any") => package.multi_arch == "allowed",
                    Some(qualifier) => qualifier == architecture,
                };
                arch_fits && version_fits(wanted, *version)
            })
            .map(|(package, _)| package)
    }
}

fn broken(package: &Package, malformed: relation::Malformed) -> Violation {
    Violation::Malformed { package: package.name.to_owned(), malformed }
}

fn version_fits(wanted: Option<(Operator, &str)>, version: Option<&str>) -> bool {
    let Some((operator, wanted)) = wanted else { return true };
    let Some(version) = version else { return false };
    match (operator, version::compare(version, wanted)) {
        (Operator::Earlier, order) => order.is_lt(),
        (Operator::EarlierOrEqual, order) => !order.is_gt(),
        (Operator::Equal, order) => order.is_eq(),
        (Operator::LaterOrEqual, order) => !order.is_lt(),
        (Operator::Later, order) => order.is_gt(),
    }
}
