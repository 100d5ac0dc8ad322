//! All packages that the sources offer for one architecture, and which of them satisfy a relation.
//!
//! Borrows the text of the indices. What dpkg could not install, or no path could name, is not offered. Chooses
//! nothing.

mod names;
mod pins;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use isoplug_formats::apt::{Package, Relation, packages, version};
use isoplug_manifest::package::{PackageName, Version};

use super::Index;
use super::request::Request;
use names::{index_names, index_providers};
use pins::Pins;

pub use pins::comes_from;
pub(crate) use pins::fits_pattern;

/// The longest stanza in bytes; the longest of Debian has 40 000.
const LONGEST: usize = 256 << 10;

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

/// The offers for one architecture.
#[derive(Debug)]
pub struct Universe<'a> {
    architecture: String,
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
        let mut offers = offers(indices, &request.architecture);
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
        Self::indexed(request.architecture.clone(), offers, known)
    }

    /// Returns this one with those of its offers alone that are to be kept.
    #[must_use]
    pub fn keeping(&self, keep: impl Fn(Id) -> bool) -> Self {
        let kept = (0..).zip(&self.offers).filter(|(id, _)| keep(*id));
        let offers = kept.map(|(_, offer)| *offer).collect();
        Self::indexed(self.architecture.clone(), offers, self.known.clone())
    }

    /// Finds names and providers of offers in order.
    fn indexed(architecture: String, offers: Vec<Offer<'a>>, known: Known<'a>) -> Self {
        let (by_name, providers) = (index_names(&offers), index_providers(&offers));
        let numbered = by_name.values().zip(0..);
        let name_numbers = numbered.flat_map(|(ids, number)| ids.clone().map(move |_| number));
        let name_numbers = name_numbers.collect();
        Self { architecture, offers, by_name, name_numbers, known: Known { providers, ..known } }
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
    /// the name by priority and name.
    pub fn satisfiers(&self, relation: &Relation) -> Vec<Id> {
        if !relation.applies_to(&self.architecture) {
            return Vec::new();
        }
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
        ids.sort_by_key(|id| (priority_rank(self.package(*id).priority), *id));
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

/// Reads what the indices offer for an architecture, each offer with the priority of its suite.
fn offers<'a>(indices: &'a [Index], architecture: &str) -> Vec<Offer<'a>> {
    let fits = |package: &Package| {
        [architecture, "all"].contains(&package.architecture) && is_sound(package)
    };
    let mut offers: Vec<Offer<'a>> = Vec::new();
    for index in indices {
        let Index { source, archive, suite, distribution: _, pin, text } = index;
        let found = packages::packages(text).filter(fits);
        offers.extend(found.map(|package| Offer { package, source, archive, suite, pin: *pin }));
    }
    offers
}

/// What cannot be a package's name or version is no package, and whatever refers to it finds nothing.
fn is_sound(package: &Package) -> bool {
    PackageName::holds(package.name)
        && Version::holds(package.version)
        && package.stanza.len() <= LONGEST
}

/// Returns the names of Essential packages. Only what makes the base system decides: the distribution, or
/// without one the archives that have `base-files`, or else all. What others call Essential comes
/// when somebody asks for it.
fn essential<'a>(indices: &'a [Index], offers: &[Offer<'a>]) -> BTreeSet<&'a str> {
    let archives = |holds: &dyn Fn(&Offer) -> bool| -> BTreeSet<&str> {
        offers.iter().filter(|offer| holds(offer)).map(|offer| offer.archive).collect()
    };
    let distribution: BTreeSet<&str> = indices
        .iter()
        .filter(|index| index.distribution)
        .map(|index| index.archive.as_str())
        .collect();
    let makers = [distribution, archives(&|offer| offer.package.name == "base-files")];
    let makers = makers.into_iter().find(|archives| !archives.is_empty());
    let makers = makers.unwrap_or_else(|| archives(&|_| true));
    let decides = |offer: &&Offer| offer.package.essential && makers.contains(offer.archive);
    offers.iter().filter(decides).map(|offer| offer.package.name).collect()
}

fn order<'a>(offer: &Offer<'a>) -> (&'a str, Reverse<i32>) {
    (offer.package.name, Reverse(offer.pin))
}

fn newer(a: &Offer, b: &Offer) -> std::cmp::Ordering {
    version::compare(b.package.version, a.package.version)
}

/// Leaves the first offer of each version; returns who else has it.
fn merge_same<'a>(offers: &mut Vec<Offer<'a>>) -> Elsewhere<'a> {
    let mut elsewhere = Elsewhere::new();
    let mut kept: Vec<Offer<'a>> = Vec::with_capacity(offers.len());
    let mut first_of_name = 0;
    for offer in offers.drain(..) {
        let (name, version) = (offer.package.name, offer.package.version);
        if kept.last().is_some_and(|last| last.package.name != name) {
            first_of_name = kept.len();
        }
        let mut same = kept[first_of_name..].iter();
        match same.find(|first| first.package.version == version) {
            Some(first) if (first.source, first.suite) != (offer.source, offer.suite) => {
                elsewhere.entry((name, version)).or_default().push((offer.source, offer.suite));
            }
            Some(_) => {}
            None => kept.push(offer),
        }
    }
    *offers = kept;
    elsewhere
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
