//! Finds which offers have a name, and which provide one.

use std::collections::BTreeMap;
use std::ops::Range;

use isoplug_formats::apt::relation::{self, Operator};

use super::{Id, Offer, Provider};

/// Returns the offers of each real name; they are in order of names.
pub(super) fn index_names<'a>(offers: &[Offer<'a>]) -> BTreeMap<&'a str, Range<Id>> {
    let mut names: BTreeMap<&str, Range<Id>> = BTreeMap::new();
    for (id, offer) in (0..).zip(offers) {
        names.entry(offer.package.name).or_insert(id..id).end = id + 1;
    }
    names
}

/// Returns who provides each name.
pub(super) fn index_providers<'a>(offers: &[Offer<'a>]) -> BTreeMap<&'a str, Vec<Provider<'a>>> {
    let mut providers: BTreeMap<&str, Vec<Provider>> = BTreeMap::new();
    for (id, offer) in (0..).zip(offers) {
        // A malformed Provides provides nothing, as in apt.
        for provided in relation::parse_list(offer.package.provides).unwrap_or_default() {
            let version = match provided.version {
                Some((Operator::Equal, version)) => Some(version),
                _ => None,
            };
            providers.entry(provided.name).or_default().push(Provider { id, version });
        }
    }
    providers
}
