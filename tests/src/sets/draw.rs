//! Draws random sets of packages that can be installed together.
//!
//! The archive does not say how popular its packages are, so those that others need are drawn more
//! often: half of a set by how many packages depend on or recommend it, half evenly.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_formats::apt::{Relation, relation};
use isoplug_packages::{Resolvo, Universe, resolve};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::Set;

/// How many wishes a set has at most.
pub const MOST_WISHES: f64 = 50.0;

/// Draws sets from an archive.
pub struct Draw<'a> {
    universe: &'a Universe<'a>,
    names: Vec<&'a str>,
    /// For each name, the sum of the weights up to it.
    sums: Vec<u64>,
}

impl<'a> Draw<'a> {
    /// Counts who needs whom.
    pub fn new(universe: &'a Universe<'a>) -> Self {
        let names: Vec<&str> =
            universe.names().filter(|name| !universe.named(name).is_empty()).collect();
        let names: Vec<&str> = BTreeSet::from_iter(names).into_iter().collect();
        let needed = needed(universe, &names);
        let mut sum = 0;
        let weight = |name: &&str| 1 + needed.get(name).copied().unwrap_or(0);
        let add = |name| {
            sum += weight(name);
            sum
        };
        let sums = names.iter().map(add).collect();
        Self { universe, names, sums }
    }

    /// Returns what the set of a seed and a number is called.
    pub fn name(seed: u64, number: u64) -> String {
        format!("{seed}.{number}")
    }

    /// Returns the set of a seed and a number: always the same for the same archive.
    pub fn set(&self, seed: u64, number: u64) -> Set {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let mut set = Set {
            name: Self::name(seed, number),
            install: Vec::new(),
            // One in four asks for what is recommended, too.
            recommends: number % 4 == 3,
        };
        // As many small sets as large ones: 1 to 7 wishes as often as 8 to 50.
        let wishes = MOST_WISHES.powf(random.r#gen::<f64>()).round() as usize;
        while set.install.len() < wishes {
            for place in set.install.len()..wishes {
                set.install.push(self.wish(place % 2 == 0, &mut random).to_owned());
            }
            set.install.sort();
            set.install.dedup();
            while let Err(error) = resolve(&set.request(), self.universe, &Resolvo, None) {
                let names = names_of(&error.to_string(), &set.install);
                let gone = names.last().or(set.install.last()).cloned().unwrap_or_default();
                set.install.retain(|name| *name != gone);
            }
        }
        set
    }

    fn wish(&self, is_weighted: bool, random: &mut StdRng) -> &'a str {
        if is_weighted {
            let at = random.gen_range(0..self.sums.last().copied().unwrap_or(1));
            return self.names[self.sums.partition_point(|sum| *sum <= at)];
        }
        self.names[random.gen_range(0..self.names.len())]
    }
}

/// Returns the wishes that an explanation names.
fn names_of(reason: &str, install: &[String]) -> Vec<String> {
    let words: BTreeSet<&str> =
        reason.split(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).collect();
    install.iter().filter(|name| words.contains(name.as_str())).cloned().collect()
}

/// Returns how many need each.
fn needed<'a>(universe: &'a Universe<'a>, names: &[&str]) -> BTreeMap<&'a str, u64> {
    let mut needed: BTreeMap<&str, u64> = BTreeMap::new();
    for name in names {
        let package = universe.package(universe.named(name).start);
        for field in [package.pre_depends, package.depends, package.recommends] {
            let groups: Vec<Vec<Relation>> = relation::parse(field).unwrap_or_default();
            for relation in groups.into_iter().flatten() {
                *needed.entry(relation.name).or_default() += 1;
            }
        }
    }
    needed
}
