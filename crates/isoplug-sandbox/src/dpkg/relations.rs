//! What the packages of a group need of each other and of what is installed, as dpkg sees it: by
//! name, version, qualifier and what is provided.
//!
//! A package of another architecture has a name of its own ([`foreign`]). Decides no order.

use std::collections::BTreeMap;

use isoplug_formats::apt::relation::{self, Operator, Relation};
use isoplug_formats::apt::{Package, foreign, packages, stanza};

/// The place of a package: those of the group come first, in its order, then the installed ones.
pub(super) type Place = usize;

/// Packages of which one is enough, in the order of the alternatives; nobody may be in it.
pub(super) type Group = Vec<Place>;

/// What one package of the group needs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    /// What must be configured before it is unpacked.
    pub(super) pre_depends: Vec<Group>,
    /// What must be configured before it is.
    pub(super) depends: Vec<Group>,
    /// What must be unpacked before it: packages of the group whose installed versions and it
    /// exclude each other.
    pub(super) after: Vec<Group>,
}

/// A group of packages over a system.
pub(super) struct Relations {
    /// The needs of each package of the group.
    pub(super) needs: Vec<Needs>,
    /// For each package of the group, the installed version that it takes the place of.
    pub(super) replaced: Vec<Option<Place>>,
    /// How many places there are.
    pub(super) places: usize,
    /// Where dpkg's order would begin: essential packages, then those that pre-depend on others,
    /// then the more important ones, and by name (apt's `pkgOrderList::Score`).
    pub(super) ranks: Vec<(u8, u8)>,
}

impl Relations {
    /// Reads the control texts of a group and the status file of a system.
    ///
    /// # Errors
    /// A relation that does not follow the grammar, and whose it is.
    pub(super) fn read(
        controls: &[String],
        status: &str,
        others: &[String],
    ) -> Result<Self, Malformed> {
        let qualified = |text: &str| foreign::qualified(text.to_owned(), others);
        let controls: Vec<String> = controls.iter().map(|text| qualified(text)).collect();
        let status = &*qualified(status);
        let group = controls.iter().map(|text| packages::package(text));
        let installed = packages::packages(status).filter(is_installed);
        let all: Vec<Package> = group.chain(installed).collect();
        let (new, old) = all.split_at(controls.len());
        let places = (new.len()..).zip(old).map(|(place, old)| (old.name, place));
        let places: BTreeMap<&str, Place> = places.collect();
        let replaced: Vec<Option<Place>> =
            new.iter().map(|package| places.get(package.name).copied()).collect();
        let answers = Answers::new(&all, others);
        let read = |(place, package): (Place, &Package)| {
            let malformed = |error| Malformed { package: package.name.to_owned(), error };
            answers.needs(place, package, &replaced).map_err(malformed)
        };
        let needs = new.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let ranks = new.iter().map(rank).collect();
        Ok(Self { needs, replaced, places: all.len(), ranks })
    }
}

/// A relation that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{package}: {error}")]
pub(super) struct Malformed {
    package: String,
    error: relation::Malformed,
}

fn is_installed(package: &Package) -> bool {
    stanza::field(package.stanza, "Status").is_some_and(|status| status.ends_with(" installed"))
}

fn rank(package: &Package) -> (u8, u8) {
    let first = match (package.essential, package.pre_depends.is_empty()) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    };
    let priorities = ["required", "important", "standard", "optional"];
    let priority = priorities.iter().position(|name| *name == package.priority);
    (first, priority.unwrap_or(priorities.len()) as u8)
}

/// Who answers to each name, and as which version: none, if it provides the name without one.
struct Answers<'a> {
    packages: &'a [Package<'a>],
    /// Other architectures than the system's.
    others: &'a [String],
    by_name: BTreeMap<&'a str, Vec<(Place, Option<&'a str>)>>,
}

impl<'a> Answers<'a> {
    fn new(packages: &'a [Package<'a>], others: &'a [String]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (place, package) in packages.iter().enumerate() {
            by_name.entry(package.name).or_default().push((place, Some(package.version)));
            // A malformed Provides provides nothing, as for the solver.
            for provided in relation::parse_list(package.provides).unwrap_or_default() {
                let version = match provided.version {
                    Some((Operator::Equal, version)) => Some(version),
                    _ => None,
                };
                by_name.entry(provided.name).or_default().push((place, version));
            }
        }
        Self { packages, others, by_name }
    }

    fn needs(
        &self,
        place: Place,
        package: &Package<'a>,
        replaced: &[Option<Place>],
    ) -> Result<Needs, relation::Malformed> {
        let groups = |field| -> Result<Vec<Group>, relation::Malformed> {
            let groups = relation::parse(field)?;
            let groups = groups.iter().map(|group| self.group(group));
            // What a package needs of itself it has, for dpkg as for the solver.
            Ok(groups.filter(|group| !group.contains(&place)).collect())
        };
        let upgrades = replaced.iter().enumerate().filter(|(new, _)| *new != place);
        let excluded = upgrades.filter_map(|(new, old)| {
            let old = (*old)?;
            (self.excludes(place, old) || self.excludes(old, place)).then(|| vec![new])
        });
        Ok(Needs {
            pre_depends: groups(package.pre_depends)?,
            depends: groups(package.depends)?,
            after: excluded.collect(),
        })
    }

    fn group(&self, alternatives: &[Relation]) -> Group {
        let mut group = Group::new();
        for place in alternatives.iter().flat_map(|relation| self.answering(relation)) {
            if !group.contains(&place) {
                group.push(place);
            }
        }
        group
    }

    /// Returns who answers to a relation: for one of another architecture also those that serve all.
    fn answering(&self, relation: &Relation) -> Vec<Place> {
        let other = relation.qualifier.filter(|of| self.others.iter().any(|other| other == of));
        if let Some(other) = other {
            return self.named(&foreign::name(relation.name, other), relation);
        }
        let mut found = self.named(relation.name, relation);
        if let (name, Some(_)) = foreign::split(relation.name) {
            let serving = self.named(name, relation).into_iter();
            let is_any = relation.qualifier == Some("any");
            found.extend(serving.filter(|it| is_any || self.packages[*it].multi_arch == "foreign"));
        }
        found
    }

    fn named(&self, name: &str, relation: &Relation) -> Vec<Place> {
        let Relation { qualifier, version: wanted, .. } = *relation;
        let fits = |&(place, version): &(Place, Option<&str>)| {
            let version_fits = match (wanted, version) {
                (None, _) => true,
                (Some((operator, wanted)), Some(version)) => operator.holds(version, wanted),
                (Some(_), None) => false,
            };
            let fits = qualifier != Some("any") || self.packages[place].multi_arch == "allowed";
            (version_fits && fits).then_some(place)
        };
        self.by_name.get(name).into_iter().flatten().filter_map(fits).collect()
    }

    /// Tells whether one package conflicts with the other, or breaks it.
    fn excludes(&self, one: Place, other: Place) -> bool {
        let Package { conflicts, breaks, .. } = self.packages[one];
        let relations = [conflicts, breaks].map(|field| relation::parse_list(field));
        let mut relations = relations.into_iter().flatten().flatten();
        relations.any(|relation| self.answering(&relation).contains(&other))
    }
}
