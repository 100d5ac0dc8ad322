//! Orders packages so that each is unpacked only when what it pre-depends on is configured
//! (Debian policy 7.2).

use std::collections::{BTreeMap, BTreeSet};

use super::{Package, control_texts};
use crate::sandbox::{Failure, Inside};

/// Splits packages, sorted, into waves: one is unpacked and configured before the next begins.
/// Most groups are one wave.
pub(super) fn waves(inside: &Inside, packages: &[Package]) -> Result<Vec<Vec<Package>>, Failure> {
    let status = inside.text("var/lib/dpkg/status")?;
    let installed = status.split("\n\n").map(Needs::parse);
    let installed: BTreeSet<String> = installed.flat_map(|needs| needs.provides).collect();
    let needs: Vec<Needs> =
        control_texts(inside, packages)?.iter().map(|text| Needs::parse(text)).collect();
    let waves = split(&needs, installed);
    let packages_of = |wave: Vec<usize>| wave.into_iter().map(|i| packages[i].clone()).collect();
    Ok(waves.into_iter().map(packages_of).collect())
}

/// What a package needs and what it gives, by name. The lock has seen to versions.
#[derive(Debug, Default)]
struct Needs {
    provides: Vec<String>,
    pre_depends: Vec<Vec<String>>,
    depends: Vec<Vec<String>>,
}

impl Needs {
    fn parse(control: &str) -> Self {
        let mut fields: BTreeMap<&str, String> = BTreeMap::new();
        let mut last = "";
        for line in control.lines() {
            if line.starts_with([' ', '\t']) {
                fields.entry(last).or_default().push_str(line);
            } else if let Some((name, value)) = line.split_once(':') {
                fields.insert(name, value.to_owned());
                last = name;
            }
        }
        let field = |name| fields.get(name).map(String::as_str).unwrap_or_default();
        let names = [field("Package"), field("Provides")].map(alternatives).concat();
        Self {
            provides: names.concat(),
            pre_depends: alternatives(field("Pre-Depends")),
            depends: alternatives(field("Depends")),
        }
    }
}

/// Reads `a (>= 1) | b:any, c` as `[[a, b], [c]]`.
fn alternatives(field: &str) -> Vec<Vec<String>> {
    let name = |text: &str| {
        let end = text.find(|c: char| c == ':' || c == '(' || c == '[' || c.is_whitespace());
        text[..end.unwrap_or(text.len())].to_owned()
    };
    field
        .split(',')
        .map(|group| {
            group.split('|').map(|one| name(one.trim())).filter(|n| !n.is_empty()).collect()
        })
        .filter(|group: &Vec<String>| !group.is_empty())
        .collect()
}

fn split(needs: &[Needs], mut configured: BTreeSet<String>) -> Vec<Vec<usize>> {
    let mut rest: BTreeSet<usize> = (0..needs.len()).collect();
    let mut waves = Vec::new();
    while !rest.is_empty() {
        let wave = next_wave(needs, &configured, &rest);
        for &package in &wave {
            rest.remove(&package);
            configured.extend(needs[package].provides.iter().cloned());
        }
        waves.push(wave.into_iter().collect());
    }
    waves
}

/// Returns all of the rest if nothing is in their way; else what must be configured before them.
/// If they are in each other's way, dpkg is to say so: all of the rest then, too.
fn next_wave(
    needs: &[Needs],
    configured: &BTreeSet<String>,
    rest: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let is_blocked = |package: &usize| !unmet(&needs[*package].pre_depends, configured).is_empty();
    let blocked = rest.iter().filter(|package| is_blocked(package));
    let wanted = blocked.flat_map(|&package| unmet(&needs[package].pre_depends, configured));
    let first = closure(needs, configured, rest, wanted.collect());
    let wave: BTreeSet<usize> = first.into_iter().filter(|package| !is_blocked(package)).collect();
    if wave.is_empty() { rest.clone() } else { wave }
}

/// Returns the groups of alternatives of which none is configured.
fn unmet<'a>(groups: &'a [Vec<String>], configured: &BTreeSet<String>) -> Vec<&'a Vec<String>> {
    groups.iter().filter(|group| !group.iter().any(|name| configured.contains(name))).collect()
}

/// Returns the packages that are wanted and all that they need in turn.
fn closure<'a>(
    needs: &'a [Needs],
    configured: &BTreeSet<String>,
    rest: &BTreeSet<usize>,
    mut wanted: Vec<&'a Vec<String>>,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    while let Some(group) = wanted.pop() {
        let gives = |package: &usize, name: &String| needs[*package].provides.contains(name);
        let giver = group.iter().find_map(|name| rest.iter().find(|package| gives(package, name)));
        if let Some(&package) = giver
            && found.insert(package)
        {
            wanted.extend(unmet(&needs[package].pre_depends, configured));
            wanted.extend(unmet(&needs[package].depends, configured));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves_of(controls: &[&str]) -> Vec<Vec<usize>> {
        let needs: Vec<Needs> = controls.iter().map(|text| Needs::parse(text)).collect();
        split(&needs, BTreeSet::from(["libc6".to_owned()]))
    }

    #[test]
    fn what_is_pre_depended_on_comes_first_with_what_it_needs() {
        let waves = waves_of(&[
            "Package: app\nDepends: lib",
            "Package: init\nPre-Depends: libc6 (>= 2), virtual |\n other:any (>= 1)",
            "Package: lib\nPre-Depends: libc6",
            "Package: other\nProvides: virtual (= 1), x\nDepends: lib [linux-any]",
        ]);
        assert_eq!(waves, [vec![2, 3], vec![0, 1]]);
    }

    #[test]
    fn chains_take_a_wave_each_and_circles_are_left_to_dpkg() {
        let chain = ["Package: a\nPre-Depends: b", "Package: b\nPre-Depends: c", "Package: c"];
        assert_eq!(waves_of(&chain), [vec![2], vec![1], vec![0]]);
        let circle = ["Package: a\nPre-Depends: b", "Package: b\nPre-Depends: a", "Package: c"];
        assert_eq!(waves_of(&circle), [vec![0, 1, 2]]);
        assert_eq!(waves_of(&["Package: a\nPre-Depends: gone"]), [vec![0]]);
    }
}
