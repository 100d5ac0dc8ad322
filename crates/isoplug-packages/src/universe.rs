//! All packages that the sources offer for an image, and which of them satisfy a relation.
//!
//! Borrows the text of the indices. What dpkg could not install, or no path could name, is not offered. Chooses
//! nothing.

mod names;
mod other;
mod pins;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use isoplug_formats::apt::{Package, Relation};

use super::Index;
use super::request::Request;
use names::{index_names, index_providers};
use pins::Pins;
use read::{essential, merge_same, newer, offers, order};

pub use pins::comes_from;
pub(crate) use pins::fits_pattern;

/// How suites of security updates end: `trixie-security`, `noble-security`.
pub const SECURITY: &str = "-security";

/// The place of an offer in its universe: by name, then the one to choose first.
pub type Id = u32;

/// One package that one suite offers.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// What the index says.
    pub package: Package<'a>,
    /// The source, as the manifest calls it.
    pub source: &'a str,
    /// Key of the archive that has the file.
    pub archive: &'a str,
    /// The suite.
    pub suite: &'a str,
    /// apt's priority of it, or of its suite (apt_preferences(5)).
    pub pin: i32,
}

/// The offers for one architecture, and for others that may be in the same image.
#[derive(Debug)]
pub struct Universe<'a> {
    architecture: String,
    foreign: Vec<String>,
    offers: Vec<Offer<'a>>,
    by_name: BTreeMap<&'a str, Range<Id>>,
    /// By id, the place of its name among all real names.
    name_numbers: Vec<u32>,
    known: Known<'a>,
}

/// What is known of the offers together.
#[derive(Debug, Clone)]
struct Known<'a> {
    /// The further sources and suites that have the same version of a package.
    elsewhere: Elsewhere<'a>,
    providers: BTreeMap<&'a str, Vec<Provider<'a>>>,
    essential: BTreeSet<&'a str>,
    /// The names of what a priority below 0 keeps out.
    refused: BTreeSet<&'a str>,
    /// The places of the request's pins that nothing meets.
    unmet: Vec<usize>,
}

/// By name and version, sources and suites.
type Elsewhere<'a> = BTreeMap<(&'a str, &'a str), Vec<(&'a str, &'a str)>>;

#[derive(Debug, Clone, Copy)]
struct Provider<'a> {
    id: Id,
    version: Option<&'a str>,
}

impl<'a> Universe<'a> {
    /// Reads the indices, for a request without pins. Of two offers of one version, that of the earlier index counts.
    pub fn new(indices: &'a [Index], architecture: &str) -> Self {
        let request = Request { architecture: architecture.to_owned(), ..Request::default() };
        Self::of(indices, &request)
    }

    /// Reads the indices as a request with its pins sees them.
    pub fn of(indices: &'a [Index], request: &Request) -> Self {
        let mut pins = Pins::of(request);
        let mut offers = offers(indices, request);
        offers.iter_mut().for_each(|offer| offer.pin = pins.priority(offer));
        let refused = offers.iter().filter(|offer| offer.pin < 0);
        let refused = refused.map(|offer| offer.package.name).collect();
        offers.retain(|offer| offer.pin >= 0);
        let nearer = |a: &Offer, b: &Offer| pins.is_near(b).cmp(&pins.is_near(a));
        let newest = |a: &Offer, b: &Offer| nearer(a, b).then_with(|| newer(a, b));
        offers.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| newest(a, b)));
        let essential = essential(indices, &offers);
        let elsewhere = merge_same(&mut offers);
        let known = Known {
            elsewhere,
            providers: BTreeMap::new(),
            essential,
            refused,
            unmet: pins.unmet(),
        };
        Self::indexed(&request.architecture, &request.foreign, offers, known)
    }

    /// Returns this one with those of its offers alone that are to be kept.
    #[must_use]
    pub fn keeping(&self, keep: impl Fn(Id) -> bool) -> Self {
        let kept = (0..).zip(&self.offers).filter(|(id, _)| keep(*id));
        let offers = kept.map(|(_, offer)| *offer).collect();
        Self::indexed(&self.architecture, &self.foreign, offers, self.known.clone())
    }

    /// Finds names and providers of offers in order.
    fn indexed(
        architecture: &str,
        foreign: &[String],
        offers: Vec<Offer<'a>>,
        known: Known<'a>,
    ) -> Self {
        let (by_name, providers) = (index_names(&offers), index_providers(&offers));
        let numbered = by_name.values().zip(0..);
        let name_numbers = numbered.flat_map(|(ids, number)| ids.clone().map(move |_| number));
        let name_numbers = name_numbers.collect();
        let (architecture, foreign) = (architecture.to_owned(), foreign.to_vec());
        let known = Known { providers, ..known };
        Self { architecture, foreign, offers, by_name, name_numbers, known }
    }

    /// Returns the places of the request's pins that nothing meets.
    pub fn unmet(&self) -> &[usize] {
        &self.known.unmet
    }

    /// Tells whether a priority below 0 keeps a package out.
    pub fn refuses(&self, name: &str) -> bool {
        self.known.refused.contains(name)
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Returns the other architectures whose packages may be in the image.
    pub fn foreign(&self) -> &[String] {
        &self.foreign
    }

    /// Returns how many offers there are; their ids count from 0.
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Tells whether nothing is offered.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// Returns the offer of an id that this universe gave.
    pub fn offer(&self, id: Id) -> &Offer<'a> {
        &self.offers[id as usize]
    }

    /// Returns the package of an id that this universe gave.
    pub fn package(&self, id: Id) -> &Package<'a> {
        &self.offer(id).package
    }

    /// Returns the offers of a real package, the one to choose first in front.
    pub fn named(&self, name: &str) -> Range<Id> {
        self.by_name.get(name).cloned().unwrap_or(0..0)
    }

    /// Returns the place of an offer's name among [`Universe::real_names`].
    pub fn name_number(&self, id: Id) -> usize {
        self.name_numbers[id as usize] as usize
    }

    /// Tells whether a suite has an offer.
    pub fn is_in(&self, id: Id, suite: &str) -> bool {
        self.places(id).any(|(_, has)| has == suite)
    }

    /// Tells whether a source has an offer, or a suite or pocket that is called so.
    pub fn is_from(&self, id: Id, word: &str) -> bool {
        self.places(id).any(|(source, suite)| pins::comes_from(source, suite, word))
    }

    /// Tells whether a suite of security updates has an offer.
    pub fn is_security(&self, id: Id) -> bool {
        self.places(id).any(|(_, suite)| suite.ends_with(SECURITY))
    }

    /// Returns the sources and suites that have an offer.
    fn places(&self, id: Id) -> impl Iterator<Item = (&'a str, &'a str)> {
        let Offer { package, source, suite, .. } = *self.offer(id);
        let others = self.known.elsewhere.get(&(package.name, package.version));
        [(source, suite)].into_iter().chain(others.into_iter().flatten().copied())
    }

    /// Returns the names of all real packages, in order.
    pub fn real_names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// Returns the offers of Essential packages, one for each name.
    pub fn essential(&self) -> impl Iterator<Item = Id> {
        self.known.essential.iter().map(|name| self.named(name).start)
    }

    /// Returns all names, real and virtual, in order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().chain(self.known.providers.keys()).copied()
    }

    /// Tells whether a package has or provides this name.
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name) || self.known.providers.contains_key(name)
    }

    /// Returns the offers that satisfy a relation: real packages first, then those that provide
    /// the name by priority and name; where it names another architecture, those of that.
    pub fn satisfiers(&self, relation: &Relation) -> Vec<Id> {
        match self.foreign.iter().find(|other| relation.qualifier == Some(other)) {
            _ if !relation.applies_to(&self.architecture) => Vec::new(),
            Some(other) => self.of_other(relation, other),
            None => {
                let mut found = self.serving_others(relation);
                found.extend(self.of_name(relation));
                found
            }
        }
    }

    fn of_name(&self, relation: &Relation) -> Vec<Id> {
        let real = self.named(relation.name);
        let mut found: Vec<Id> = real
            .filter(|id| relation.allows(self.package(*id).version))
            .filter(|id| self.qualifier_fits(relation.qualifier, *id))
            .collect();
        let named: BTreeSet<Id> = found.iter().copied().collect();
        found.extend(self.provided(relation).into_iter().filter(|id| !named.contains(id)));
        found
    }

    fn provided(&self, relation: &Relation) -> Vec<Id> {
        let fits = |provider: &&Provider| match (relation.version, provider.version) {
            (None, _) => true,
            (Some((operator, wanted)), Some(version)) => operator.holds(version, wanted),
            (Some(_), None) => false,
        };
        let providers = self.known.providers.get(relation.name).into_iter().flatten();
        let mut ids: Vec<Id> = providers.filter(fits).map(|provider| provider.id).collect();
        ids.retain(|id| self.qualifier_fits(relation.qualifier, *id));
        // Ids are in order of name already, and of choice within a name.
        let rank = |id: &Id| (self.is_foreign(*id), priority_rank(self.package(*id).priority), *id);
        ids.sort_by_key(rank);
        ids.dedup();
        ids
    }

    /// `:any` is for packages that allow it; all others of one architecture are of that one.
    fn qualifier_fits(&self, qualifier: Option<&str>, id: Id) -> bool {
        match qualifier {
            None | Some("native") => true,
            Some("any") => self.package(id).multi_arch == "allowed",
            Some(architecture) => architecture == self.architecture || architecture == "all",
        }
    }
}

fn priority_rank(priority: &str) -> u8 {
    match priority {
        "required" => 0,
        "important" => 1,
        "standard" => 2,
        "optional" => 3,
        _ => 4,
    }
}
