//! Reads what indices offer: which packages are sound, which are Essential, which of two offers of one version counts.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use isoplug_formats::apt::{Package, foreign, packages, version};
use isoplug_manifest::package::{PackageName, Version};

use super::{Elsewhere, Offer};
use crate::Index;
use crate::request::Request;

/// The longest stanza in bytes; the longest of Debian has 40 000.
const LONGEST: usize = 256 << 10;

/// Reads what the indices offer for the architectures of a request, each offer with the priority of its suite.
pub(super) fn offers<'a>(indices: &'a [Index], request: &Request) -> Vec<Offer<'a>> {
    let fits = |package: &Package| {
        let other = request.foreign.iter().find(|other| *other == package.architecture);
        let is_own = [&request.architecture, "all"].contains(&package.architecture);
        let (name, of) = foreign::split(package.name);
        PackageName::holds(name)
            && of == other.map(|other| &**other)
            && (is_own || of.is_some())
            && is_sound(package)
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
    Version::holds(package.version) && package.stanza.len() <= LONGEST
}

/// Returns the names of Essential packages. Only what makes the base system decides: the distribution, or
/// without one the archives that have `base-files`, or else all. What others call Essential comes
/// when somebody asks for it.
pub(super) fn essential<'a>(indices: &'a [Index], offers: &[Offer<'a>]) -> BTreeSet<&'a str> {
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

pub(super) fn order<'a>(offer: &Offer<'a>) -> (&'a str, Reverse<i32>) {
    (offer.package.name, Reverse(offer.pin))
}

pub(super) fn newer(a: &Offer, b: &Offer) -> std::cmp::Ordering {
    version::compare(b.package.version, a.package.version)
}

/// Leaves the first offer of each version; returns who else has it.
pub(super) fn merge_same<'a>(offers: &mut Vec<Offer<'a>>) -> Elsewhere<'a> {
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
