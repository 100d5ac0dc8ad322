//! Judges which distributions the sources of a manifest are of: one, and one that has the image's architecture.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::distribution::{self, ALL, Distribution};
use crate::manifest::Source;
use crate::text::Origin;
use crate::value::Value;

/// A source that is of a distribution.
struct Found<'a> {
    of: &'static Distribution,
    /// Whether the user names its mirrors, which may have what the public ones have not.
    has_mirrors: bool,
    at: Option<&'a Origin>,
}

/// Returns what is wrong with the distributions of sources, drawn on their suites.
pub(super) fn mistakes(
    sources: &BTreeMap<String, Source>,
    root: &Value,
    arch: &str,
) -> Vec<Diagnostic> {
    let found = |(name, source): (&String, &Source)| {
        let suite = ["sources", name, "suite"].iter().try_fold(root, |value, key| value.get(key));
        let (at, has_mirrors) = (suite.map(|suite| &suite.origin), !source.mirrors.is_empty());
        distribution::of(name, source).map(|of| Found { of, has_mirrors, at })
    };
    let found: Vec<Found<'_>> = sources.iter().filter_map(found).collect();
    let Some(first) = found.first() else { return Vec::new() };
    let other = found.iter().find(|found| found.of.name != first.of.name);
    let mixed = other.map(|other| mixed(first, other));
    let lacking = found.iter().find(|found| found.lacks(arch));
    mixed.into_iter().chain(lacking.map(|found| lacks(found, arch))).collect()
}

impl Found<'_> {
    fn lacks(&self, arch: &str) -> bool {
        !self.of.architectures.contains(&arch) && !self.has_mirrors
    }
}

/// Packages of one are built against the libraries of one, and both have most names.
fn mixed(first: &Found<'_>, second: &Found<'_>) -> Diagnostic {
    let [one, other] = [first.of.title, second.of.title];
    let message = format!("packages of {one} and of {other} cannot be mixed in one image");
    let mut diagnostic = Diagnostic::error("mixed-distributions", message);
    if let (Some(one_at), Some(other_at)) = (first.at, second.at) {
        diagnostic =
            diagnostic.at(one_at, format!("{one} here")).and(other_at, format!("{other} here"));
    }
    diagnostic.help(format!(
        "keep one of them, and for the other make a manifest of its own; somebody else's packages for {one} go into a \
         table [sources.NAME] of another name, with `mirrors` and `keys`"
    ))
}

fn lacks(found: &Found<'_>, arch: &str) -> Diagnostic {
    let (title, has) = (found.of.title, found.of.architectures.join(" and "));
    let message = format!("the mirrors of {title} have {has}, not {arch}");
    let mut diagnostic = Diagnostic::error("no-architecture", message);
    if let Some(at) = found.at {
        diagnostic = diagnostic.at(at, "");
    }
    let others = ALL.iter().filter(|other| other.architectures.contains(&arch));
    let others = others.map(|other| format!(", or take {}, which has {arch}", other.title));
    let ports = found.of.ports.map(|url| {
        format!("; {url} has its packages for others, as `mirrors`, but boot loaders of those are not known")
    });
    diagnostic.help(format!(
        "build for {has} with `--arch`{}{}",
        others.collect::<String>(),
        ports.unwrap_or_default()
    ))
}
