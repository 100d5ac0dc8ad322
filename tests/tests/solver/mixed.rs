//! Suites that are mixed by priorities and pins: the choices are those of apt with the same in apt_preferences(5).

use std::collections::BTreeSet;

use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::options::Pin;
use isoplug_manifest::{Pocket, manifest};
use isoplug_packages::{Index, Request, Resolvo, Universe, resolve};
use isoplug_tests::skipped;

use super::apt::Apt;
use super::fetched;

/// One mix: what is wished for, `name` or `name@source`, and the priorities.
struct Mix {
    wishes: &'static str,
    recommends: bool,
    /// Of backports and of sid.
    priorities: [i32; 2],
    /// Patterns of packages, source, version, priority; what is empty is not said.
    pins: &'static [(&'static str, &'static str, &'static str, i32)],
}

/// What somebody asks for of suites that are only used when asked for.
const fn asked(wishes: &'static str, recommends: bool) -> Mix {
    Mix { wishes, recommends, priorities: [100, 100], pins: &[] }
}

const MIXES: [Mix; 17] = [
    asked("tmux@backports apt", false),
    asked("cockpit-ws@backports htop apt", false),
    asked("btrfs-progs@backports openvpn@backports apt", true),
    asked("curl@backports git apt", true),
    asked("qemu-system-x86@backports apt", false),
    asked("golang@backports git apt", false),
    asked("monero@backports yt-dlp@backports apt", false),
    asked("yt-dlp@sid tmux apt", false),
    asked("openvpn@backports git apt", false),
    asked("btrfs-progs@backports tmux apt", false),
    asked("monero@backports htop apt", true),
    Mix { priorities: [100, 600], ..asked("htop openssh-server apt", true) },
    Mix { pins: &[("openvpn", "backports", "", 600)], ..asked("openvpn git apt", false) },
    Mix {
        pins: &[("cockpit*", "backports", "", 990), ("tmux", "backports", "", 990)],
        ..asked("tmux cockpit-ws apt", false)
    },
    Mix {
        pins: &[("tmux", "", "3.5a*", 1001)],
        priorities: [600, 100],
        ..asked("tmux curl apt", false)
    },
    Mix {
        pins: &[("tmux", "backports", "", -1), ("*", "sid", "", -1)],
        priorities: [600, 700],
        ..asked("tmux cockpit-ws apt", false)
    },
    Mix {
        pins: &[("qemu-* seabios", "backports", "", 990), ("lib*", "", "", 500)],
        ..asked("qemu-system-x86 cockpit-ws apt", false)
    },
];

/// Reads trixie with its backports, and sid.
fn mixed() -> Option<Vec<Index>> {
    let pockets = vec![Pocket::Updates, Pocket::Backports];
    let trixie = manifest::Source { pockets, ..manifest::Source::default() };
    let suite = "sid".to_owned();
    let sid = manifest::Source { suite, check_valid_until: false, ..trixie.clone() };
    Some([fetched("debian", &trixie)?, fetched("sid", &sid)?].concat())
}

fn with_priorities(indices: &[Index], mix: &Mix) -> Vec<Index> {
    let of = |index: &Index| match (&*index.source, index.suite.ends_with("backports")) {
        ("sid", _) => mix.priorities[1],
        (_, true) => mix.priorities[0],
        _ => 500,
    };
    indices.iter().map(|index| Index { pin: of(index), ..index.clone() }).collect()
}

fn request(mix: &Mix) -> Request {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let pin = |(packages, from, version, priority): &(&str, &str, &str, i32)| Pin {
        packages: packages.split(' ').map(str::to_owned).collect(),
        from: text(from),
        version: text(version),
        priority: *priority,
    };
    Request {
        architecture: "amd64".to_owned(),
        install: mix.wishes.split(' ').map(str::to_owned).collect(),
        recommends: mix.recommends,
        pins: mix.pins.iter().map(pin).collect(),
        ..Request::default()
    }
}

/// Returns which of apt's suites, which are numbered, a word means.
fn suites(indices: &[Index], word: &str) -> Vec<String> {
    let is_meant = |index: &&Index| index.source == word || index.suite.ends_with(word);
    indices
        .iter()
        .zip(0..)
        .filter(|(index, _)| is_meant(index))
        .map(|(_, n)| format!("s{n}"))
        .collect()
}

/// Writes the same as preferences of apt.
fn preferences(indices: &[Index], mix: &Mix) -> String {
    let mut text = String::new();
    for (packages, from, version, priority) in mix.pins {
        let places = match (*from, *version) {
            ("", "") => vec!["version *".to_owned()],
            ("", version) => vec![format!("version {version}")],
            (from, _) => {
                suites(indices, from).iter().map(|suite| format!("release n={suite}")).collect()
            }
        };
        for place in places {
            text += &format!("Package: {packages}\nPin: {place}\nPin-Priority: {priority}\n\n");
        }
    }
    for (index, number) in indices.iter().zip(0..) {
        text += &format!("Package: *\nPin: release n=s{number}\nPin-Priority: {}\n\n", index.pin);
    }
    text
}

fn chosen(image: &LockedImage) -> BTreeSet<String> {
    let packages = image.groups.iter().flatten();
    packages.map(|package| format!("{}={}", package.name, package.version)).collect()
}

#[test]
fn mixed_suites_are_chosen_from_as_apt_does() {
    let Some(all) = mixed() else { return };
    let (mut failures, mut compared) = (Vec::new(), 0);
    for mix in &MIXES {
        let indices = with_priorities(&all, mix);
        let request = request(mix);
        let universe = Universe::of(&indices, &request);
        let ours = chosen(&resolve(&request, &universe, &Resolvo, None).unwrap());
        let Some(apt) = Apt::with(&indices, &preferences(&indices, mix)) else {
            return skipped("no apt-get");
        };
        let wish = |wish: &'static str| match wish.split_once('@') {
            Some((name, from)) => format!("{name}/{}", suites(&indices, from)[0]),
            None => wish.to_owned(),
        };
        let essential = universe.essential().map(|id| universe.package(id).name.to_owned());
        let wishes: BTreeSet<String> = mix.wishes.split(' ').map(wish).chain(essential).collect();
        let theirs = match apt.tried(&wishes, mix.recommends) {
            Ok(theirs) => theirs,
            // It does not look for other versions of what a wish leads to.
            Err(said) => {
                assert!(said.contains("Unable to correct problems"), "{said}");
                eprintln!("{}: {} packages; apt gives up", mix.wishes, ours.len());
                continue;
            }
        };
        compared += 1;
        let more: Vec<&String> = ours.difference(&theirs).collect();
        let fewer: Vec<&String> = theirs.difference(&ours).collect();
        eprintln!(
            "{}: {} packages; only ours {more:?}, only apt's {fewer:?}",
            mix.wishes,
            ours.len()
        );
        if more.len() + fewer.len() > 0 {
            failures.push(mix.wishes);
        }
    }
    assert!(compared >= 10, "apt answered {compared} times");
    assert!(failures.is_empty(), "other choices than apt's: {failures:?}");
}
