//! Sources and the fetch stage against a tiny archive of our own, on a server that misbehaves.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use isoplug_engine::{CancelToken, Graph, Options, Store, StoreOptions};
use isoplug_formats::tree::sorted_names;
use isoplug_image::sources::apt::{AptSource, Error, Suite, ValidUntil};
use isoplug_image::sources::download::{Downloader, Patience, Unwatched};
use isoplug_image::sources::{
    Access, Keyring, Request, Resolvo, Source, Universe, keyring, resolve,
};
use isoplug_image::stages::fetch::{self, Fetch, Places};
use isoplug_manifest::lock::LockedPackage;
use isoplug_tests::archive::{Archive, Fault, Key, Package, Server, hex};

/// The Date of the archive's releases, and a day later.
const DATE: u64 = 1_795_227_046;
const NOW: u64 = DATE + 86_400;

/// Says why a test cannot run, and fails if it must.
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment what it must do")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
    assert!(std::env::var("ISOPLUG_TESTS_MUST_RUN").as_deref() != Ok("1"), "must run: {why}");
}

fn patience() -> Patience {
    let (first_pause, longest_pause) = (Duration::from_millis(10), Duration::from_millis(1500));
    Patience { attempts: 3, first_pause, longest_pause }
}

fn packages() -> Vec<Package> {
    vec![
        Package::new("base", "1").field("Essential", "yes").field("Priority", "required"),
        Package::new("app", "1.0-1")
            .field("Depends", "lib (>= 2), base")
            .file("usr/bin/app", b"#!/bin/sh\n"),
        Package::new("lib", "2.1").file("usr/lib/lib.so", &[7; 40_000]),
    ]
}

fn source(archive: &Archive, server: &Server) -> AptSource {
    AptSource {
        name: "test".to_owned(),
        suites: vec![Suite {
            name: "stable".to_owned(),
            archive: "test".to_owned(),
            components: vec!["main".to_owned()],
            pin: 500,
            mirrors: vec![server.url()],
        }],
        keys: Keyring::parse(archive.key.public().unwrap().as_bytes()).unwrap(),
        valid_until: ValidUntil::Checked,
    }
}

/// An archive that is served, and a place to keep what is read of it.
struct World {
    archive: Archive,
    server: Server,
    cache: tempfile::TempDir,
    downloader: Downloader,
}

impl World {
    fn new() -> Self {
        let archive = Archive::with("stable", &packages()).unwrap();
        let server = archive.serve().unwrap();
        let cache = tempfile::tempdir().unwrap();
        Self { archive, server, cache, downloader: Downloader::new(4, patience()) }
    }

    fn access(&self) -> Access<'_> {
        Access {
            downloader: &self.downloader,
            cache: self.cache.path().to_owned(),
            now: NOW,
            offline: false,
            architecture: "amd64".to_owned(),
            watch: &Unwatched,
        }
    }

    fn source(&self) -> AptSource {
        source(&self.archive, &self.server)
    }

    fn refresh_error(&self, source: &AptSource) -> Error {
        source.refresh(&self.access()).unwrap_err()
    }

    fn locked(&self) -> Vec<LockedPackage> {
        let snapshot = self.source().refresh(&self.access()).unwrap();
        let universe = Universe::new(&snapshot.indices, "amd64");
        let request = Request {
            architecture: "amd64".to_owned(),
            install: vec!["app".to_owned()],
            ..Request::default()
        };
        let image = resolve(&request, &universe, &Resolvo, None).unwrap();
        image.groups.into_iter().flatten().collect()
    }

    fn places(&self) -> Places {
        let mirrors = [("test".to_owned(), vec![self.server.url()])].into();
        Places { mirrors, patience: patience(), ..Places::default() }
    }
}

/// The whole chain of messages.
fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Replaces what differs from run to run.
fn stable(text: &str, world: &World) -> String {
    text.replace(&world.server.url(), "http://mirror")
        .replace(&world.archive.key.fingerprint(), "KEY")
}

fn run_fetch(
    store: &Path,
    packages: &[LockedPackage],
    places: Places,
) -> Result<Vec<String>, String> {
    run_fetch_until(store, packages, places, CancelToken::new())
}

/// Runs the stage; returns the names in its list, or what went wrong.
fn run_fetch_until(
    store: &Path,
    packages: &[LockedPackage],
    places: Places,
    cancel: CancelToken,
) -> Result<Vec<String>, String> {
    let mut graph = Graph::new();
    let debs = graph.add(Fetch { group: "0".to_owned(), packages: packages.to_vec(), places }).debs;
    let store = Store::open_with(store, StoreOptions::default()).unwrap();
    let options = Options { cancel, ..Options::default() };
    let outputs = isoplug_engine::run(&graph, &[debs.id()], &store, &options)
        .map_err(|error| text(&error))?;
    let list = fetch::read(&outputs.path(debs).unwrap()).unwrap();
    let referred = outputs.output(debs).unwrap();
    for package in &list {
        let digest = package.digest().unwrap();
        assert!(referred.refers.contains(&digest));
        assert_eq!(hex(&fs::read(store.blob_path(&digest)).unwrap()), package.sha256);
    }
    Ok(list.into_iter().map(|package| package.name).collect())
}

#[test]
fn the_archive_is_read_verified_and_kept() {
    let world = World::new();
    let snapshot = world.source().refresh(&world.access()).unwrap();
    let release = &snapshot.locked.releases[0];
    assert_eq!(
        (release.suite.as_str(), release.archive.as_str(), release.date),
        ("stable", "test", DATE)
    );
    assert_eq!(release.signers, [world.archive.key.fingerprint()]);
    let universe = Universe::new(&snapshot.indices, "amd64");
    assert_eq!(universe.names().collect::<Vec<_>>(), ["app", "base", "lib"]);
    assert!(world.server.requests().iter().any(|path| path.contains("by-hash/SHA256")));

    // Again: only the Release is fetched; without the network the locked one is still there.
    let before = world.server.requests().len();
    world.source().refresh(&world.access()).unwrap();
    assert_eq!(world.server.requests()[before..], ["dists/stable/InRelease"]);
    let offline = Access { offline: true, ..world.access() };
    let recalled = world.source().recall(&snapshot.locked, &offline).unwrap().unwrap();
    assert_eq!(recalled.indices[0].text, snapshot.indices[0].text);
    assert_eq!(recalled.locked, snapshot.locked);
    assert!(matches!(world.source().refresh(&offline), Err(Error::Offline { .. })));
}

#[test]
fn a_damaged_cache_heals() {
    let world = World::new();
    let snapshot = world.source().refresh(&world.access()).unwrap();
    for kind in ["packages", "releases"] {
        let folder = world.cache.path().join(kind);
        for name in sorted_names(&folder).unwrap() {
            fs::write(folder.join(name), b"rot").unwrap();
        }
    }
    let offline = Access { offline: true, ..world.access() };
    assert!(world.source().recall(&snapshot.locked, &offline).unwrap().is_none());
    let again = world.source().refresh(&world.access()).unwrap();
    assert_eq!(again.indices[0].text, snapshot.indices[0].text);
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let world = World::new();
    let path = "dists/stable/InRelease";
    let good = fs::read_to_string(world.archive.path(path)).unwrap();

    world.archive.write(path, good.replace("Origin: Test", "Origin: Evil").as_bytes()).unwrap();
    let bad = stable(&text(&world.refresh_error(&world.source())), &world);
    insta::assert_snapshot!(bad, @"suite stable of test: its InRelease file is not trusted: bad signature of KEY: the text is not what was signed");

    world.archive.write(path, b"Suite: stable\n").unwrap();
    let unsigned = text(&world.refresh_error(&world.source()));
    insta::assert_snapshot!(unsigned, @r#"suite stable of test: its InRelease file is not trusted: it is not signed in the clear: it does not begin with "-----BEGIN PGP SIGNED MESSAGE-----""#);

    world.archive.write(path, good.as_bytes()).unwrap();
    let stranger = Key::generate().unwrap().public().unwrap();
    let keys = Keyring::parse(stranger.as_bytes()).unwrap();
    let unknown = world.refresh_error(&AptSource { keys, ..world.source() });
    insta::assert_snapshot!(stable(&text(&unknown), &world), @"suite stable of test: its InRelease file is not trusted: it is signed by KEY, which the keyring does not have");
    let unknown = world.refresh_error(&AptSource { keys: Keyring::debian(), ..world.source() });
    assert!(text(&unknown).contains("which the keyring does not have"));

    world.server.fail("Packages", Fault::WrongBytes);
    world.server.fail("by-hash", Fault::WrongBytes);
    let wrong = stable(&text(&world.refresh_error(&world.source())), &world);
    assert!(wrong.contains("expected sha256:") && wrong.contains("found sha256:"), "{wrong}");
}

#[test]
fn an_old_release_is_refused_unless_told() {
    let mut world = World::new();
    world.archive.release.insert("Valid-Until".into(), "Sat, 21 Nov 2026 12:00:00 UTC".into());
    world.archive.publish("stable", "main", "amd64", &packages()).unwrap();
    let old = text(&world.refresh_error(&world.source()));
    insta::assert_snapshot!(old, @"suite stable of test expired 14 h ago: the mirror is stale, or the clock is wrong; `check-valid-until = false` accepts it");
    let source = AptSource { valid_until: ValidUntil::Ignored, ..world.source() };
    assert!(source.refresh(&world.access()).is_ok());
    let early = Access { now: DATE - 200_000, ..world.access() };
    let ahead = text(&world.source().refresh(&early).unwrap_err());
    insta::assert_snapshot!(ahead, @"suite stable of test is dated 2 d ahead: is the clock right?");
}

#[test]
fn what_the_archive_has_not_is_named() {
    let world = World::new();
    let with = |change: fn(&mut Suite)| {
        let mut source = world.source();
        change(&mut source.suites[0]);
        stable(&text(&world.refresh_error(&source)), &world)
    };
    insta::assert_snapshot!(with(|suite| suite.name = "trixy".into()), @r"
    source test: no mirror has the suite trixy; tried:
      http://mirror/dists/trixy/InRelease
    ");
    insta::assert_snapshot!(with(|suite| suite.components = vec!["non-free".into()]), @"suite stable has no component non-free; it has main");
    let arm = Access { architecture: "arm64".into(), ..world.access() };
    let arm = text(&world.source().refresh(&arm).unwrap_err());
    insta::assert_snapshot!(arm, @"suite stable has no packages for arm64; it has all, amd64");
}

#[test]
fn packages_are_fetched_once() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    let names = run_fetch(store.path(), &locked, world.places()).unwrap();
    assert_eq!(names, ["app", "base", "lib"]);
    let before = world.server.requests().len();
    // One package less is another list of the same files.
    let names = run_fetch(store.path(), &locked[..2], world.places()).unwrap();
    assert_eq!((names.len(), world.server.requests().len()), (2, before));
}

#[test]
fn a_bad_mirror_costs_only_time() {
    for fault in [
        Fault::Status(404),
        Fault::Status(500),
        Fault::Busy(1),
        Fault::HangUp(500),
        Fault::HangUp(0),
        Fault::WrongBytes,
        Fault::Slow(Duration::from_millis(5)),
    ] {
        let world = World::new();
        let good = world.archive.serve().unwrap();
        let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
        let mut places = world.places();
        places.mirrors.insert("test".to_owned(), vec![world.server.url(), good.url()]);
        (0..3).for_each(|_| world.server.fail("lib_2.1", fault.clone()));
        let names = run_fetch(store.path(), &locked, places);
        assert_eq!(
            names.as_deref(),
            Ok(&["app", "base", "lib"].map(String::from)[..]),
            "{fault:?}"
        );
        let asked_twice = !good.requests().is_empty();
        let last_resort = !matches!(fault, Fault::HangUp(500) | Fault::Slow(_));
        assert_eq!(asked_twice, last_resort, "{fault:?}: {:?}", world.server.requests());
    }
}

#[test]
fn a_broken_transfer_is_resumed() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    world.server.fail("base_1", Fault::HangUp(100));
    run_fetch(store.path(), &locked, world.places()).unwrap();
    let requests = world.server.requests();
    assert!(requests.contains(&"pool/main/base_1_all.deb@100".to_owned()), "{requests:?}");

    // A server that answers with the whole file is understood too.
    let (world, store) = (World::new(), tempfile::tempdir().unwrap());
    let locked = world.locked();
    world.server.fail("base_1", Fault::HangUp(100));
    world.server.fail("base_1", Fault::IgnoreRange);
    run_fetch(store.path(), &locked, world.places()).unwrap();
}

#[test]
fn retry_after_is_honoured() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    world.server.fail("base_1", Fault::Busy(1));
    let begin = Instant::now();
    run_fetch(store.path(), &locked, world.places()).unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_missing_package_is_explained() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    fs::remove_file(world.archive.path("pool/main/lib_2.1_all.deb")).unwrap();
    let gone = run_fetch(store.path(), &locked, world.places()).unwrap_err();
    let gone = stable(&gone, &world);
    assert!(
        gone.contains("package lib 2.1 all")
            && gone.contains("http://mirror/pool/main/lib_2.1_all.deb: HTTP status 404"),
        "{gone}"
    );

    world
        .archive
        .write(
            "pool/main/lib_2.1_all.deb",
            &vec![1; locked.iter().find(|p| p.name == "lib").unwrap().size as usize],
        )
        .unwrap();
    let wrong = run_fetch(store.path(), &locked, world.places()).unwrap_err();
    assert!(wrong.contains("expected sha256:") && wrong.contains("found sha256:"), "{wrong}");

    let offline = Places { offline: true, ..world.places() };
    let store = tempfile::tempdir().unwrap();
    let offline = run_fetch(store.path(), &locked, offline).unwrap_err();
    assert!(offline.contains("offline, and 3 packages are neither in the store nor vendored: app 1.0-1 all, base 1 all, lib 2.1 all"), "{offline}");
}

#[test]
fn a_vendor_folder_serves_offline() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    let vendor = tempfile::tempdir().unwrap();
    for (number, package) in locked.iter().enumerate() {
        let file = package.path.rsplit('/').next().unwrap();
        let name = [file.to_owned(), package.sha256.clone(), format!("{}.deb", package.sha256)];
        fs::copy(world.archive.path(&package.path), vendor.path().join(&name[number % 3])).unwrap();
    }
    let places =
        Places { vendor: Some(vendor.path().to_owned()), offline: true, ..Places::default() };
    assert_eq!(run_fetch(store.path(), &locked, places.clone()).unwrap().len(), 3);
    fs::write(vendor.path().join("lib_2.1_all.deb"), b"other").unwrap();
    let (store, lib) =
        (tempfile::tempdir().unwrap(), locked.iter().find(|p| p.name == "lib").unwrap());
    for name in [lib.sha256.clone(), format!("{}.deb", lib.sha256)] {
        let _ = fs::remove_file(vendor.path().join(name));
    }
    assert!(run_fetch(store.path(), &locked, places).unwrap_err().contains("lib 2.1 all"));
}

#[test]
fn a_fetch_stops_when_told() {
    let world = World::new();
    let (locked, store) = (world.locked(), tempfile::tempdir().unwrap());
    for _ in 0..10 {
        world.server.fail("pool", Fault::Busy(60));
    }
    let mut places = world.places();
    places.patience.longest_pause = Duration::from_secs(60);
    let cancel = CancelToken::new();
    let later = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        later.cancel();
    });
    let begin = Instant::now();
    assert!(run_fetch_until(store.path(), &locked, places, cancel).is_err());
    assert!(begin.elapsed() < Duration::from_secs(10));
}

/// Lets apt itself read the archive: what this crate writes is what apt understands.
#[test]
fn apt_reads_our_archive() {
    let world = World::new();
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).display().to_string();
    for folder in ["state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    fs::write(root.path().join("status"), "").unwrap();
    fs::write(root.path().join("key.asc"), world.archive.key.public().unwrap()).unwrap();
    let line = format!(
        "deb [arch=amd64 signed-by={}] {} stable main\n",
        path("key.asc"),
        world.server.url()
    );
    fs::write(root.path().join("sources.list"), line).unwrap();
    let options = [
        format!("Dir::State={}", path("state")),
        format!("Dir::State::status={}", path("status")),
        format!("Dir::Cache={}", path("cache")),
        format!("Dir::Etc::sourcelist={}", path("sources.list")),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        "Dir::Etc::parts=/dev/null".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
        "Acquire::Check-Date=false".to_owned(),
    ];
    let apt = |arguments: &[&str]| {
        let options = options.iter().flat_map(|option| ["-o".to_owned(), option.clone()]);
        Command::new("apt-get")
            .args(options)
            .args(arguments)
            .env("APT_CONFIG", "/dev/null")
            .output()
    };
    let Ok(update) = apt(&["update"]) else {
        return skipped("no apt-get");
    };
    assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
    let install = apt(&["-s", "install", "app"]).unwrap();
    let text = String::from_utf8_lossy(&install.stdout);
    assert!(text.contains("Inst lib (2.1") && text.contains("Inst app (1.0-1"), "{text}");
}

/// Keys that gpg made, in the states that a key can be in.
#[test]
fn the_key_policy_is_that_of_gpg() {
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str]| {
        let fixed =
            ["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
        Command::new("gpg").arg("--homedir").arg(home.path()).args(fixed).args(arguments).output()
    };
    if gpg(&["--version"]).is_err() {
        return skipped("no gpg");
    }
    let make = |name: &str, lasts: &str| {
        let made = gpg(&[
            "--faked-system-time",
            "20260101T000000",
            "--quick-generate-key",
            name,
            "ed25519",
            "sign",
            lasts,
        ]);
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let sign = |name: &str, time: &str, digest: &str| {
        fs::write(home.path().join("text"), "Suite: x\nDate: y\n").unwrap();
        let path = home.path().join("text").display().to_string();
        let signed = gpg(&[
            "--faked-system-time",
            time,
            "--digest-algo",
            digest,
            "-u",
            name,
            "--clearsign",
            "-o",
            "-",
            &path,
        ]);
        String::from_utf8(signed.unwrap().stdout).unwrap()
    };
    let export = |name: &str| gpg(&["--armor", "--export", name]).unwrap().stdout;
    let verify = |key: &[u8], message: &str, at: u64| {
        let signed = isoplug_formats::apt::clearsign::split(message).unwrap();
        Keyring::parse(key).unwrap().verify(&signed.text, signed.signature, at)
    };
    let at = |month: u64| 1_767_225_600 + (month - 1) * 30 * 86_400;

    make("long <l@x>", "never");
    let long = export("l@x");
    let message = sign("l@x", "20260301T000000", "SHA512");
    assert_eq!(verify(&long, &message, at(3)).unwrap().len(), 1);
    let forged = message.replace("Suite: x", "Suite: z");
    assert!(matches!(verify(&long, &forged, at(3)), Err(keyring::Error::Bad(_))));

    make("short <s@x>", "60d");
    let short = export("s@x");
    let message = sign("s@x", "20260201T000000", "SHA256");
    assert_eq!(verify(&short, &message, at(2)).unwrap().len(), 1, "good before it expired");
    assert!(matches!(verify(&short, &message, at(6)), Err(keyring::Error::Expired { .. })));

    // A keyring of both: one good signature is enough, a stranger's is told by fingerprint.
    let both = [long.clone(), short].concat();
    assert_eq!(Keyring::parse(&both).unwrap().fingerprints().len(), 2);
    assert!(matches!(verify(&long, &message, at(2)), Err(keyring::Error::UnknownKey(_))));

    // A signing subkey that ran out, of a key that did not.
    let fingerprint = Keyring::parse(&long).unwrap().fingerprints().swap_remove(0);
    let added = gpg(&[
        "--faked-system-time",
        "20260201T000000",
        "--quick-add-key",
        &fingerprint,
        "ed25519",
        "sign",
        "30d",
    ]);
    assert!(added.unwrap().status.success());
    let with_subkey = export("l@x");
    let message = sign("l@x", "20260210T000000", "SHA512");
    assert_ne!(
        verify(&with_subkey, &message, at(2)).unwrap(),
        std::slice::from_ref(&fingerprint),
        "the subkey signed"
    );
    assert!(matches!(verify(&with_subkey, &message, at(6)), Err(keyring::Error::Expired { .. })));
    assert!(matches!(verify(&long, &message, at(2)), Err(keyring::Error::UnknownKey(_))));

    // gpg keeps a revocation at hand, with a colon before it so that it is not used by mistake.
    let revocation = home.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let armored = fs::read_to_string(&revocation).unwrap().replace(":-----", "-----");
    fs::write(home.path().join("revocation"), armored).unwrap();
    let path = home.path().join("revocation").display().to_string();
    let message = sign(&format!("{fingerprint}!"), "20260301T000000", "SHA512");
    assert_eq!(verify(&long, &message, at(3)).unwrap(), [fingerprint]);
    assert!(gpg(&["--import", &path]).unwrap().status.success());
    let revoked = export("l@x");
    assert!(matches!(verify(&revoked, &message, at(3)), Err(keyring::Error::Revoked { .. })));

    let weak = sign("s@x", "20260201T000000", "SHA1");
    if weak.contains("BEGIN PGP SIGNATURE") {
        assert!(matches!(
            verify(&export("s@x"), &weak, at(2)),
            Err(keyring::Error::Unusable { .. } | keyring::Error::Bad(_))
        ));
    }
}

#[test]
fn a_source_is_read_in_parallel_safely() {
    let world = Arc::new(World::new());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || world.source().refresh(&world.access()).unwrap().locked)
        })
        .collect();
    let locked: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(locked.windows(2).all(|pair| pair[0] == pair[1]));
}
