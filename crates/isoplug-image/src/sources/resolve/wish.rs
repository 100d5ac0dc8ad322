//! Reads what a request wants installed as relations, and names what no source has.

use isoplug_formats::apt::{Operator, Relation};

use super::nearest::nearest;
use super::{Error, UnknownPackage};
use crate::sources::request::Request;
use crate::sources::universe::Universe;

/// Reads the wishes, and reports every one that nothing satisfies at once.
pub(super) fn relations<'w>(
    request: &'w Request,
    universe: &'w Universe,
) -> Result<Vec<Vec<Relation<'w>>>, Error> {
    let (mut unknown, mut wanted) = (Vec::new(), Vec::new());
    for text in &request.install {
        let wish = Wish::parse(text).ok_or_else(|| Error::Malformed(text.clone()))?;
        wish.check_architecture(universe)?;
        match wish.relations(universe) {
            group if group.is_empty() => unknown.push(unknown_package(text, wish.name, universe)),
            group => wanted.push(group),
        }
    }
    let boot = request.boot.iter().filter(|name| universe.named(name).is_empty());
    unknown.extend(boot.map(|name| unknown_package(name, name, universe)));
    match unknown.is_empty() {
        true => Ok(wanted),
        false => Err(Error::Unknown(unknown)),
    }
}

/// Returns the relation that any version of a name satisfies.
pub(super) fn plain(name: &str) -> Relation<'_> {
    Relation { name, qualifier: None, version: None, architectures: None, profiles: None }
}

/// `name`, `name:architecture`, and either with `=version` or `/suite`.
struct Wish<'w> {
    name: &'w str,
    architecture: Option<&'w str>,
    version: Option<&'w str>,
    suite: Option<&'w str>,
}

impl<'w> Wish<'w> {
    fn parse(text: &'w str) -> Option<Self> {
        let (rest, version) = split_after(text, '=');
        let (rest, suite) = if version.is_none() { split_after(rest, '/') } else { (rest, None) };
        let (name, architecture) = split_after(rest, ':');
        let sound = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace());
        let parts = [Some(name), architecture, version, suite];
        parts.into_iter().flatten().all(sound).then_some(Self {
            name,
            architecture,
            version,
            suite,
        })
    }

    fn check_architecture(&self, universe: &Universe) -> Result<(), Error> {
        let own = universe.architecture();
        match self.architecture.filter(|wanted| ![own, "all", "any", "native"].contains(wanted)) {
            None => Ok(()),
            Some(wanted) => Err(Error::ForeignArchitecture {
                name: self.name.to_owned(),
                wanted: wanted.to_owned(),
                architecture: own.to_owned(),
            }),
        }
    }

    /// Returns the alternatives that fulfil the wish; none if nothing does.
    fn relations(&self, universe: &'w Universe) -> Vec<Relation<'w>> {
        if self.version.is_none() && self.suite.is_none() {
            return universe.knows(self.name).then(|| plain(self.name)).into_iter().collect();
        }
        let fits = |id: &u32| {
            let offer = universe.offer(*id);
            self.version.is_none_or(|version| version == offer.package.version)
                && self.suite.is_none_or(|suite| suite == offer.suite)
        };
        let offers = universe.named(self.name).filter(fits);
        let exactly =
            |version| Relation { version: Some((Operator::Equal, version)), ..plain(self.name) };
        offers.map(|id| exactly(universe.package(id).version)).collect()
    }
}

fn split_after(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn unknown_package(wish: &str, name: &str, universe: &Universe) -> UnknownPackage {
    let offer = |id| {
        let offer = universe.offer(id);
        format!("{} in {}", offer.package.version, offer.suite)
    };
    let offered: Vec<String> = universe.named(name).map(offer).collect();
    let nearest = if offered.is_empty() { nearest(universe, name) } else { Vec::new() };
    UnknownPackage { wish: wish.to_owned(), nearest, offered, elsewhere: Vec::new() }
}
