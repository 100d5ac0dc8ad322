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

/// Three packages of backports, and one of a folder. Of packages that need others of backports, such as `curl`, apt gives
/// up.
const SETS: [Mix; 13] = [
    asked("tmux@backports openvpn@backports btrfs-progs@backports acme-tool apt", false),
    asked("tmux@backports cockpit-ws@backports yt-dlp@backports acme-tool apt", false),
    asked("cockpit-ws@backports monero@backports btrfs-progs@backports acme-mail apt", false),
    asked("openvpn@backports yt-dlp@backports monero@backports acme-mail apt", false),
    asked("tmux@backports monero@backports openvpn@backports acme-web apt", false),
    asked("yt-dlp@backports btrfs-progs@backports tmux@backports acme-web apt", false),
    asked("yt-dlp@backports btrfs-progs@backports tmux@backports acme-web apt", true),
    asked("cockpit-ws@backports openvpn@backports monero@backports htop apt", false),
    asked("btrfs-progs@backports yt-dlp@backports openvpn@backports htop apt", false),
    asked("tmux@backports cockpit-ws@backports btrfs-progs@backports acme-web apt", false),
    asked("yt-dlp@backports monero@backports cockpit-ws@backports acme-tool apt", false),
    Mix {
        pins: &[("tmux openvpn monero", "backports", "", 990), ("htop", "mine", "", -1)],
        ..asked("tmux openvpn monero htop acme-tool apt", false)
    },
    Mix { priorities: [600, 100], ..asked("btrfs-progs cockpit-ws openvpn acme-web apt", false) },
];

/// What the folder has: packages of one's own, and a newer one of a name that Debian has.
const FOLDER: [&str; 4] = [
    "Package: acme-tool\nVersion: 1.0\nDepends: jq, curl (>= 8), tmux\nRecommends: ripgrep",
    "Package: acme-mail\nVersion: 2.1-1\nDepends: default-mta | mail-transport-agent, python3:any\nSuggests: mutt",
    "Package: acme-web\nVersion: 0.9\nDepends: nginx-light | httpd, libc6 (>= 2.36)\nConflicts: apache2",
    "Package: htop\nVersion: 99-1\nDepends: libc6 (>= 2.36), libncursesw6 (>= 6)",
];

/// Reads the indices of the mixes, and behind them that of the folder.
fn with_folder() -> Option<Vec<Index>> {
    let mut all = mixed()?;
    let stanza = |(text, number): (&&str, usize)| {
        format!(
            "{text}\nArchitecture: amd64\nPriority: optional\nFilename: {number}.deb\nSize: 1000\nSHA256: {:064}\n\n",
            number + 1
        )
    };
    all.push(Index {
        source: "mine".to_owned(),
        archive: "mine".to_owned(),
        suite: "mine".to_owned(),
        distribution: false,
        pin: 500,
        text: FOLDER.iter().zip(0..).map(stanza).collect(),
    });
    Some(all)
}

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

fn chosen(image: &LockedImage) -> Chosen {
    let packages = image.groups.iter().flatten();
    packages.map(|package| format!("{}={}", package.name, package.version)).collect()
}

/// A choice of packages with their versions.
type Chosen = BTreeSet<String>;

/// Returns what isoplug chooses for a mix, and what apt does, or says where it gives up; `None` without apt.
fn choices(all: &[Index], mix: &Mix) -> Option<(Chosen, Result<Chosen, String>)> {
    let indices = with_priorities(all, mix);
    let request = request(mix);
    let universe = Universe::of(&indices, &request);
    let ours = chosen(&resolve(&request, &universe, &Resolvo, None).unwrap());
    let apt = Apt::with(&indices, &preferences(&indices, mix))?;
    let wish = |wish: &'static str| match wish.split_once('@') {
        Some((name, from)) => format!("{name}/{}", suites(&indices, from)[0]),
        None => wish.to_owned(),
    };
    let essential = universe.essential().map(|id| universe.package(id).name.to_owned());
    let wishes: BTreeSet<String> = mix.wishes.split(' ').map(wish).chain(essential).collect();
    Some((ours, apt.tried(&wishes, mix.recommends)))
}

/// Compares all, and requires so many answers of apt.
fn compare(all: &[Index], mixes: &[Mix], least: usize) {
    let (mut failures, mut compared) = (Vec::new(), 0);
    for mix in mixes {
        let Some((ours, theirs)) = choices(all, mix) else { return skipped("no apt-get") };
        let theirs = match theirs {
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
    assert!(compared >= least, "apt answered {compared} times");
    assert!(failures.is_empty(), "other choices than apt's: {failures:?}");
}

#[test]
fn mixed_suites_are_chosen_from_as_apt_does() {
    let Some(all) = mixed() else { return };
    compare(&all, &MIXES, 10);
}

#[test]
fn backports_and_a_folder_are_chosen_from_as_apt_does() {
    let Some(all) = with_folder() else { return };
    compare(&all, &SETS, 10);
}
