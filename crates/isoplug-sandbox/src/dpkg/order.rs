//! Orders packages as apt does: each is unpacked only when what it pre-depends on is configured
//! (Debian policy 7.2), and after what it depends on where that can be, so that its preinst script
//! finds whole interpreters.
//!
//! apt unpacks as much as it can and configures at once only what a pre-dependency waits for, with
//! all that this needs (`SmartUnPack` and `SmartConfigure` in apt-pkg/packagemanager.cc); so does
//! this. A set that can be installed at all is: a wave is taken from the largest set of packages
//! that could be configured next.

use std::collections::BTreeSet;

use super::relations::{Group, Needs, Place, Relations};
use super::{Package, control_texts};
use crate::{Failure, Inside};

/// Splits packages, sorted, into waves, each in the order in which to unpack it: one is unpacked and
/// configured before the next begins. Most groups have few.
pub(super) fn waves(
    inside: &Inside,
    packages: &[Package],
    others: &[String],
) -> Result<Vec<Vec<Package>>, Failure> {
    let status = inside.text("var/lib/dpkg/status")?;
    let relations = Relations::read(&control_texts(inside, packages)?, &status, others)
        .map_err(Failure::of("order the packages"))?;
    let packages_of = |wave: Vec<Place>| wave.into_iter().map(|i| packages[i].clone()).collect();
    Ok(Order::new(&relations).waves().into_iter().map(packages_of).collect())
}

/// How far the installation has come.
struct Order<'a> {
    relations: &'a Relations,
    configured: Vec<bool>,
    rest: BTreeSet<Place>,
}

impl<'a> Order<'a> {
    fn new(relations: &'a Relations) -> Self {
        let new = relations.needs.len();
        let configured = (0..relations.places).map(|place| place >= new).collect();
        Self { relations, configured, rest: (0..new).collect() }
    }

    fn waves(mut self) -> Vec<Vec<Place>> {
        let mut waves = Vec::new();
        while !self.rest.is_empty() {
            let wave = self.next_wave();
            waves.push(self.sorted(&wave));
            for place in wave {
                self.rest.remove(&place);
                self.configured[place] = true;
                if let Some(old) = self.relations.replaced[place] {
                    self.configured[old] = false;
                }
            }
        }
        waves
    }

    /// Returns all of the rest if nothing is in their way; else what must be configured before
    /// them. If they are in each other's way, dpkg is to say so: all of the rest then, too.
    fn next_wave(&self) -> BTreeSet<Place> {
        let needs = &self.relations.needs;
        let is_blocked = |place: &Place| self.unmet(&needs[*place].pre_depends).next().is_some();
        let (blocked, free): (BTreeSet<Place>, BTreeSet<Place>) =
            self.rest.iter().copied().partition(is_blocked);
        let ready = self.configurable(free);
        let wanted = blocked.iter().flat_map(|place| self.unmet(&needs[*place].pre_depends));
        let wave = self.closure(&ready, wanted.collect());
        if wave.is_empty() { self.rest.clone() } else { wave }
    }

    /// Returns the largest part of these packages of which each finds all its dependencies among
    /// them and what is configured. Circles are in it: dpkg breaks them.
    fn configurable(&self, mut packages: BTreeSet<Place>) -> BTreeSet<Place> {
        loop {
            let lacks = |place: &&Place| {
                let mut unmet = self.unmet(&self.relations.needs[**place].depends);
                unmet.any(|group| !group.iter().any(|giver| packages.contains(giver)))
            };
            let lacking: BTreeSet<Place> = packages.iter().filter(lacks).copied().collect();
            if lacking.is_empty() {
                return packages;
            }
            packages.retain(|place| !lacking.contains(place));
        }
    }

    /// Returns the groups of alternatives of which none is configured.
    fn unmet<'g>(&self, groups: &'g [Group]) -> impl Iterator<Item = &'g Group> {
        groups.iter().filter(|group| !group.iter().any(|giver| self.configured[*giver]))
    }

    /// Returns those of the ready packages that are wanted and all that they need in turn.
    fn closure(&self, ready: &BTreeSet<Place>, mut wanted: Vec<&'a Group>) -> BTreeSet<Place> {
        let mut found = BTreeSet::new();
        while let Some(group) = wanted.pop() {
            let mut givers = group.iter().filter(|giver| ready.contains(giver));
            if let Some(&place) = givers.next()
                && found.insert(place)
            {
                let Needs { depends, after, .. } = &self.relations.needs[place];
                wanted.extend(self.unmet(depends).chain(self.unmet(after)));
            }
        }
        found
    }

    /// Sorts a wave: each package after what it needs, wherever no circle forbids it.
    fn sorted(&self, wave: &BTreeSet<Place>) -> Vec<Place> {
        let mut starts: Vec<Place> = wave.iter().copied().collect();
        starts.sort_by_key(|place| (self.relations.ranks[*place], *place));
        let (mut sorted, mut seen) = (Vec::new(), BTreeSet::new());
        for start in starts {
            let mut path = vec![(start, false)];
            while let Some((place, is_left)) = path.pop() {
                if is_left {
                    sorted.push(place);
                } else if seen.insert(place) {
                    path.push((place, true));
                    let before = self.before(place).rev().filter(|place| wave.contains(place));
                    path.extend(before.map(|place| (place, false)));
                }
            }
        }
        sorted
    }

    /// Returns what should be unpacked before a package, the most needed first.
    fn before(&self, place: Place) -> impl DoubleEndedIterator<Item = Place> + 'a {
        let needs = &self.relations.needs[place];
        needs.after.iter().chain(&needs.pre_depends).chain(&needs.depends).flatten().copied()
    }
}

#[cfg(test)]
mod tests;
