//! Which packages apt of the image prefers: the priorities of sources and the pins of the manifest, so that an upgrade
//! takes them from where the image has them (apt_preferences(5)). Knows no index: whether a pin is met, the lock tells.

use isoplug_manifest::options::Pin;
use isoplug_packages::apt::{SignedBy, Stanza};
use isoplug_packages::universe::comes_from;

/// Where it stands.
pub(super) const FILE: &str = "/etc/apt/preferences.d/isoplug";

/// Returns the text for sources and pins; empty where apt would do the same by itself.
pub(super) fn of(sources: &[Stanza], pins: &[Pin]) -> String {
    let of_pins = pins.iter().flat_map(|pin| {
        let packages = pin.packages.join(" ");
        let meant = meant(sources, pin).into_iter();
        meant.map(move |from| stanza(&packages, &from, pin.priority))
    });
    let of_sources = sources.iter().flat_map(|source| {
        let one = |(suite, priority): (&String, &i32)| stanza("*", &from(source, suite), *priority);
        source.priorities.iter().map(one)
    });
    let mut stanzas: Vec<String> = of_pins.chain(of_sources).collect();
    // Those of one host are alike.
    stanzas.dedup();
    stanzas.join("\n")
}

fn stanza(packages: &str, from: &str, priority: i32) -> String {
    format!("Package: {packages}\nPin: {from}\nPin-Priority: {priority}\n")
}

/// Returns what a pin means. apt pins by one thing: of a version and a source, the version says more.
fn meant(sources: &[Stanza], pin: &Pin) -> Vec<String> {
    if let Some(version) = &pin.version {
        return vec![format!("version {version}")];
    }
    let Some(word) = &pin.from else { return vec!["version *".to_owned()] };
    let suites = sources
        .iter()
        .flat_map(|source| source.suites.iter().map(move |suite| (source, suite)))
        .filter(|(source, suite)| comes_from(&source.name, suite, word));
    suites.map(|(source, suite)| from(source, suite)).collect()
}

/// Returns how apt knows a suite: those of a distribution by their name on any mirror, others by their host.
fn from(source: &Stanza, suite: &str) -> String {
    match &source.signed_by {
        SignedBy::Keyring(_) => format!("release {suite}"),
        SignedBy::Key(_) => {
            format!("origin \"{}\"", source.uris.first().map_or("", |uri| host(uri)))
        }
    }
}

/// Returns the host of an address; none for a folder.
fn host(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn source(
        name: &str,
        uri: &str,
        suites: &[(&str, Option<i32>)],
        signed_by: SignedBy,
    ) -> Stanza {
        let priorities =
            suites.iter().filter_map(|(suite, pin)| Some(((*suite).to_owned(), (*pin)?)));
        Stanza {
            name: name.to_owned(),
            uris: vec![uri.to_owned()],
            suites: suites.iter().map(|(suite, _)| (*suite).to_owned()).collect(),
            components: vec!["main".to_owned()],
            signed_by,
            priorities: priorities.collect::<BTreeMap<_, _>>(),
        }
    }

    fn sources() -> Vec<Stanza> {
        let keyring = || SignedBy::Keyring("/usr/share/keyrings/a.gpg".to_owned());
        let key = || SignedBy::Key("key".to_owned());
        let debian = "http://deb.debian.org/debian";
        vec![
            source("debian", debian, &[("trixie", None), ("trixie-backports", None)], keyring()),
            source("sid", debian, &[("sid", Some(100))], keyring()),
            source("acme", "https://me@apt.acme.example:8443/x", &[("./", Some(600))], key()),
        ]
    }

    fn pin(packages: &[&str], from: Option<&str>, version: Option<&str>, priority: i32) -> Pin {
        let packages = packages.iter().map(|&name| name.to_owned()).collect();
        let [from, version] = [from, version].map(|text| text.map(str::to_owned));
        Pin { packages, from, version, priority }
    }

    #[test]
    fn what_apt_does_by_itself_is_not_written() {
        let plain = &sources()[..1];
        assert_eq!(of(plain, &[]), "");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a file as apt reads it")]
    fn priorities_and_pins_are_those_of_the_manifest() {
        let pins = [
            pin(&["linux-image-*", "firmware-*"], Some("backports"), None, 700),
            pin(&["snapd"], None, None, -1),
            pin(&["nano"], Some("debian"), Some("8.4-*"), 1001),
        ];
        insta::assert_snapshot!(of(&sources(), &pins), @r#"
        Package: linux-image-* firmware-*
        Pin: release trixie-backports
        Pin-Priority: 700

        Package: snapd
        Pin: version *
        Pin-Priority: -1

        Package: nano
        Pin: version 8.4-*
        Pin-Priority: 1001

        Package: *
        Pin: release sid
        Pin-Priority: 100

        Package: *
        Pin: origin "apt.acme.example"
        Pin-Priority: 600
        "#);
    }
}
