//! The solver against apt itself, on the real archive: the same indices, the same wishes.
//!
//! Needs a mirror of Debian (ISOPLUG_MIRROR, or the one that apt of this machine uses) and apt-get.
#![cfg(test)]

#[path = "solver/apt.rs"]
mod apt;
#[path = "solver/foreign.rs"]
mod foreign;
#[path = "solver/mixed.rs"]
mod mixed;

use isoplug_tests::skipped;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use apt::Apt;
use isoplug_fetch::{Authorities, Downloader, Patience, Unwatched};
use isoplug_formats::apt::Package;
use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::manifest;
use isoplug_packages::apt::AptSource;
use isoplug_packages::check::check;
use isoplug_packages::{Access, Allow, Index, Mirrors, Request, Resolvo, Universe, resolve};

/// A set of wishes, and how many packages may differ from apt's answer. Those are in or-groups that
/// several packages satisfy, where apt's answer depends on the order of its steps.
struct Case {
    name: &'static str,
    wishes: &'static str,
    recommends: bool,
    tolerance: usize,
}

const LIST: &str = "linux-image-amd64 live-boot systemd-sysv dbus openssh-server network-manager \
    vim-tiny git htop parted dosfstools e2fsprogs grub-efi-amd64-bin sudo locales curl \
    ca-certificates iproute2 xfsprogs btrfs-progs cryptsetup lvm2 rsync less zstd apt";

const CASES: [Case; 9] = [
    Case { name: "base", wishes: "apt", recommends: false, tolerance: 0 },
    Case { name: "list", wishes: LIST, recommends: false, tolerance: 0 },
    Case { name: "list, recommends", wishes: LIST, recommends: true, tolerance: 0 },
    Case {
        name: "web server",
        wishes: "nginx postgresql php-fpm certbot apt",
        recommends: false,
        tolerance: 2,
    },
    Case {
        name: "compilers",
        wishes: "build-essential cmake python3-dev rustc golang apt",
        recommends: true,
        tolerance: 8,
    },
    Case {
        name: "virtual machines",
        wishes: "qemu-system-x86 libvirt-daemon-system docker.io apt",
        recommends: false,
        tolerance: 4,
    },
    Case { name: "gnome", wishes: "task-gnome-desktop apt", recommends: false, tolerance: 8 },
    Case {
        name: "lxqt",
        wishes: "task-lxqt-desktop calamares grub-pc cups apt",
        recommends: false,
        tolerance: 8,
    },
    Case { name: "plasma", wishes: "kde-plasma-desktop apt", recommends: true, tolerance: 40 },
];

/// Reads trixie with its updates; `None` without a network.
fn trixie() -> Option<Vec<Index>> {
    fetched("debian", &manifest::Source::default())
}

/// Reads a source of Debian; `None` without a network.
fn fetched(name: &str, source: &manifest::Source) -> Option<Vec<Index>> {
    fetched_for("amd64", &[], name, source)
}

/// Reads a source for an architecture, and for others whose packages may be in the same image.
#[expect(clippy::disallowed_methods, reason = "the mirror and the clock of the real archive")]
fn fetched_for(
    architecture: &str,
    foreign: &[&str],
    name: &str,
    source: &manifest::Source,
) -> Option<Vec<Index>> {
    let cache = tempfile::tempdir().unwrap();
    let mirrors = Mirrors::new(std::env::var("ISOPLUG_MIRROR").ok()).with_host_configuration();
    let source = AptSource::new(name, source, None, &mirrors).unwrap();
    let patience = Patience { attempts: 2, ..Patience::default() };
    let access = Access {
        downloader: &Downloader::new(4, patience, &Authorities::default()).unwrap(),
        cache: cache.path().to_owned(),
        now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
        offline: false,
        architecture: architecture.to_owned(),
        foreign: foreign.iter().map(|one| (*one).to_owned()).collect(),
        others: Vec::new(),
        allow: Allow::default(),
        watch: &Unwatched,
    };
    match source.refresh(None, &access) {
        Ok(snapshot) => {
            let again = Instant::now();
            source.recall(&snapshot.locked, &access).unwrap().unwrap();
            eprintln!("indices from the cache: {:?}", again.elapsed());
            Some(snapshot.indices)
        }
        Err(error) => {
            skipped(&format!("the archive cannot be read: {error}"));
            None
        }
    }
}

fn request(case: &Case) -> Request {
    Request {
        architecture: "amd64".to_owned(),
        install: case.wishes.split_whitespace().map(str::to_owned).collect(),
        recommends: case.recommends,
        ..Request::default()
    }
}

fn names(image: &LockedImage) -> BTreeSet<String> {
    image.groups.iter().flatten().map(|package| package.name.to_string()).collect()
}

/// Returns the best offer of each name.
fn offers<'a>(universe: &Universe<'a>, names: &BTreeSet<String>) -> Vec<Package<'a>> {
    names.iter().map(|name| *universe.package(universe.named(name).start)).collect()
}

#[test]
fn the_answers_are_those_of_apt() {
    let Some(indices) = trixie() else { return };
    let begin = Instant::now();
    let universe = Universe::new(&indices, "amd64");
    eprintln!("{} offers read in {:?}", universe.len(), begin.elapsed());
    let Some(apt) = Apt::new(&indices) else { return skipped("no apt-get") };
    let essential: BTreeSet<&str> =
        universe.essential().map(|id| universe.package(id).name).collect();
    let mut failures = Vec::new();
    for case in &CASES {
        let request = request(case);
        let begin = Instant::now();
        let image = resolve(&request, &universe, &Resolvo, None).unwrap();
        let time = begin.elapsed();
        let ours = names(&image);
        let violations = check(&offers(&universe, &ours), "amd64");
        assert!(violations.is_empty(), "{}: {violations:?}", case.name);

        let wishes = request.install.iter().map(String::as_str).chain(essential.iter().copied());
        let theirs = apt.install(&wishes.collect(), case.recommends);
        // The checker must find nothing to complain about in apt's answer either.
        let violations = check(&offers(&universe, &theirs), "amd64");
        assert!(violations.is_empty(), "apt, {}: {violations:?}", case.name);

        let more: Vec<&String> = ours.difference(&theirs).collect();
        let fewer: Vec<&String> = theirs.difference(&ours).collect();
        eprintln!(
            "{:>18}: {} packages in {time:?}, apt {}; only ours {more:?}, only apt's {fewer:?}",
            case.name,
            ours.len(),
            theirs.len(),
        );
        if more.len() + fewer.len() > case.tolerance {
            failures.push(case.name);
        }
    }
    assert!(failures.is_empty(), "too far from apt: {failures:?}");
}

#[test]
fn every_image_has_the_same_base() {
    let Some(indices) = trixie() else { return };
    let universe = Universe::new(&indices, "amd64");
    let base = |case: &Case| {
        resolve(&request(case), &universe, &Resolvo, None).unwrap().groups.swap_remove(0)
    };
    let first = base(&CASES[0]);
    assert!(first.len() > 50 && first.iter().any(|package| package.name == "dpkg"));
    assert!(CASES[1..4].iter().all(|case| base(case) == first));
}

#[test]
fn a_request_that_grew_adds_a_group() {
    let Some(indices) = trixie() else { return };
    let universe = Universe::new(&indices, "amd64");
    let small = request(&CASES[1]);
    let begin = Instant::now();
    let locked = resolve(&small, &universe, &Resolvo, None).unwrap();
    let first = begin.elapsed();
    let mut grown = small.clone();
    grown.install.push("tmux".to_owned());
    let begin = Instant::now();
    let more = resolve(&grown, &universe, &Resolvo, Some(&locked)).unwrap();
    eprintln!("one more package: {:?}", begin.elapsed());
    assert!(begin.elapsed() < 5 * first + Duration::from_secs(1), "the first took {first:?}");
    assert_eq!(more.groups.len(), locked.groups.len() + 1);
    assert_eq!(more.groups[..locked.groups.len()], locked.groups);
    assert!(more.groups.last().unwrap().iter().any(|package| package.name == "tmux"));

    // What is no longer wanted goes, and the groups are made anew.
    let less = resolve(&small, &universe, &Resolvo, Some(&more)).unwrap();
    assert_eq!(less, locked);
}

#[test]
fn what_cannot_be_had_is_explained() {
    let Some(indices) = trixie() else { return };
    let universe = Universe::new(&indices, "amd64");
    let error = |install: &[&str], remove: &[&str]| {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let request = Request {
            architecture: "amd64".to_owned(),
            install: list(install),
            remove: list(remove),
            ..Request::default()
        };
        resolve(&request, &universe, &Resolvo, None).unwrap_err().to_string()
    };
    let begin = Instant::now();
    eprintln!("{}\n", error(&["sysvinit-core", "systemd-sysv"], &[]));
    eprintln!("{}\n", error(&["openssh-server"], &["openssh-client"]));
    eprintln!("{}\n", error(&["task-gnome-desktop"], &["libc6"]));
    eprintln!("{}\n", error(&["neovm", "linux-image", "firefox"], &[]));
    eprintln!("{}\n", error(&["vim=1.0"], &[]));
    eprintln!("explained in {:?}", begin.elapsed());
    assert!(error(&["neovm"], &[]).contains("did you mean"));
    assert!(error(&["sysvinit-core", "systemd-sysv"], &[]).contains("sysvinit-core"));
}
