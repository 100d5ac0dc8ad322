//! Reads what a request wants installed as relations, and names what no source has.

use isoplug_formats::apt::foreign;
use isoplug_formats::apt::stanza::fields;
use isoplug_formats::apt::{Operator, Relation};

use super::nearest::nearest;
use super::{Error, UnknownPackage};
use crate::request::Request;
use crate::universe::{Id, Universe, fits_pattern};

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
            group if group.is_empty() => unknown.push(wish.unknown(text, request, universe)),
            group => wanted.push(group),
        }
    }
    let boot = request.boot.iter().filter(|name| universe.named(name).is_empty());
    let plain = |name| Wish { name, architecture: None, version: None, suite: None, source: None };
    unknown.extend(boot.map(|name| plain(name).unknown(name, request, universe)));
    match unknown.is_empty() {
        true => Ok(wanted),
        false => Err(Error::Unknown(unknown)),
    }
}

/// Returns what is wanted only as far as there is such a package, in order of names.
pub(super) fn optional<'w>(
    request: &'w Request,
    universe: &Universe<'w>,
) -> Vec<Vec<Relation<'w>>> {
    let mut names: Vec<&str> = Vec::new();
    for text in &request.optional {
        match text.split_once('/') {
            Some((section, pattern)) => names.extend(matching(section, pattern, universe)),
            None => names.extend(universe.knows(text).then_some(text.as_str())),
        }
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| vec![plain(name)]).collect()
}

/// Returns the names of a section that fit a pattern. Installers are left out: they fetch what they
/// are called like while they are installed, which nothing can do here.
fn matching<'w>(section: &str, pattern: &str, universe: &Universe<'w>) -> Vec<&'w str> {
    let of_section = |name: &&str| {
        let fields = universe.named(name).flat_map(|id| fields(universe.package(id).stanza));
        let mut sections = fields.filter(|(field, _)| *field == "Section");
        sections.any(|(_, found)| found.rsplit('/').next() == Some(section))
    };
    let fits = |name: &&str| fits_pattern(name, pattern) && !name.ends_with("-installer");
    let own = universe.real_names().filter(|name| foreign::split(name).1.is_none());
    own.filter(fits).filter(of_section).collect()
}

/// Returns the relation that any version of a name satisfies.
pub(super) fn plain(name: &str) -> Relation<'_> {
    Relation { name, qualifier: None, version: None, architectures: None, profiles: None }
}

/// `name`, `name:architecture`, and either with `=version`, `^version`, `/suite` or `@source`.
struct Wish<'w> {
    name: &'w str,
    architecture: Option<&'w str>,
    version: Option<Version<'w>>,
    suite: Option<&'w str>,
    source: Option<&'w str>,
}

/// Which versions will do.
#[derive(Clone, Copy)]
enum Version<'w> {
    /// This one.
    Exact(&'w str),
    /// Those that begin with this text.
    Prefix(&'w str),
    /// This one and those of which it is the start: `6.1` is the start of `6.1-1`, not of `6.12`.
    Series(&'w str),
}

impl<'w> Version<'w> {
    /// Takes a version from the end of a wish.
    fn split(text: &'w str) -> (&'w str, Option<Self>) {
        if let (rest, Some(start)) = split_after(text, '^') {
            return (rest, Some(Self::Series(start)));
        }
        let (rest, version) = split_after(text, '=');
        let version = version.map(|version| match version.strip_suffix('*') {
            Some(start) => Self::Prefix(start),
            None => Self::Exact(version),
        });
        (rest, version)
    }

    fn text(self) -> &'w str {
        let (Self::Exact(text) | Self::Prefix(text) | Self::Series(text)) = self;
        text
    }

    fn allows(self, version: &str) -> bool {
        match self {
            Self::Exact(text) => version == text,
            Self::Prefix(start) => version.starts_with(start),
            Self::Series(start) => version
                .strip_prefix(start)
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)),
        }
    }
}

impl<'w> Wish<'w> {
    fn parse(text: &'w str) -> Option<Self> {
        let (rest, source) = split_after(text, '@');
        let (rest, version) = Version::split(rest);
        let (rest, suite) = if version.is_none() { split_after(rest, '/') } else { (rest, None) };
        let (name, architecture) = split_after(rest, ':');
        let sound = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace());
        let parts = [Some(name), architecture, version.map(Version::text), suite, source];
        let wish = Self { name, architecture, version, suite, source };
        parts.into_iter().flatten().all(sound).then_some(wish)
    }

    fn check_architecture(&self, universe: &Universe) -> Result<(), Error> {
        let own = universe.architecture();
        let is_known = |wanted: &&str| {
            [own, "all", "any", "native"].contains(wanted)
                || universe.foreign().iter().any(|other| other == wanted)
        };
        match self.architecture.filter(|wanted| !is_known(wanted)) {
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
        let other = self.architecture.filter(|one| universe.foreign().iter().any(|it| it == one));
        let of = Relation { qualifier: other, ..plain(self.name) };
        if self.version.is_none() && self.suite.is_none() && self.source.is_none() {
            let is_known = match other {
                Some(_) => !universe.satisfiers(&of).is_empty(),
                None => universe.knows(self.name),
            };
            return is_known.then_some(of).into_iter().collect();
        }
        let fits = |id: &u32| {
            self.version.is_none_or(|version| version.allows(universe.package(*id).version))
                && self.suite.is_none_or(|suite| universe.is_in(*id, suite))
                && self.source.is_none_or(|source| universe.is_from(*id, source))
        };
        let offers = self.offers(universe).filter(fits);
        let exactly = |version| Relation { version: Some((Operator::Equal, version)), ..of };
        offers.map(|id| exactly(universe.package(id).version)).collect()
    }

    /// Returns the offers of its name, for its architecture.
    fn offers(&self, universe: &Universe) -> std::ops::Range<Id> {
        let architecture = self.architecture.unwrap_or_default();
        universe.name_of(self.name, architecture).map_or(0..0, |name| universe.named(name))
    }

    /// Tells what is not there, and what is.
    fn unknown(&self, wish: &str, request: &Request, universe: &Universe) -> UnknownPackage {
        let offer = |id| {
            let offer = universe.offer(id);
            format!("{} in {}", offer.package.version, offer.suite)
        };
        let offered: Vec<String> = self.offers(universe).map(offer).collect();
        let nearest = if offered.is_empty() { nearest(universe, self.name) } else { Vec::new() };
        let suites = request.suites.iter().filter_map(|line| line.split(' ').nth(1));
        UnknownPackage {
            wish: wish.to_owned(),
            name: self.name.to_owned(),
            version: self.version.map(|version| version.text().to_owned()),
            suite: self.suite.map(str::to_owned),
            source: self.source.map(str::to_owned),
            refused: universe.refuses(self.name),
            suites: suites.map(str::to_owned).collect(),
            nearest,
            offered,
            elsewhere: Vec::new(),
            architectures: Vec::new(),
        }
    }
}

fn split_after(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}
