//! Sources and the fetch stage against a tiny archive of our own, on a server that misbehaves.
#![cfg(test)]

mod bounds;
mod fetching;
mod identity;
mod keys;
mod refused;
mod shapes;
mod strangers;
mod unread;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use isoplug_engine::{CancelToken, Graph, Options, Store, StoreOptions};
use isoplug_fetch::{Authorities, Downloader, Patience, Unwatched};
use isoplug_formats::tree::sorted_names;
use isoplug_image::stages::fetch::{self, Fetch, Places};
use isoplug_manifest::distribution::debian::DEBIAN;
use isoplug_manifest::lock::LockedPackage;
use isoplug_packages::apt::{AptSource, Error, Suite, ValidUntil};
use isoplug_packages::keyring::When;
use isoplug_packages::{Access, Allow, Keyring, Request, Resolvo, Universe, keyring, resolve};
use isoplug_tests::archive::{Archive, Fault, Key, Layout, Package, Server, Signed, hex};
use isoplug_tests::skipped;

/// The Date of the archive's releases, and a day later.
const DATE: u64 = 1_795_227_046;
const NOW: u64 = DATE + 86_400;

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
        codename: None,
        distribution: None,
        snapshot: None,
        services: Vec::new(),
        folder: None,
        in_image: false,
        priority: None,
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
        Self::of(Archive::with("stable", &packages()).unwrap())
    }

    /// Serves the packages in a shape, and reads them as a source of that shape.
    fn laid_out(layout: &Layout) -> (Self, AptSource) {
        let archive = Archive::new().unwrap();
        archive.lay_out(layout, &packages()).unwrap();
        let world = Self::of(archive);
        let mut source = world.source();
        source.suites[0].name = layout.suite.clone();
        source.suites[0].components = match layout.component.as_str() {
            "" => Vec::new(),
            component => vec![component.to_owned()],
        };
        (world, source)
    }

    fn of(archive: Archive) -> Self {
        let server = archive.serve().unwrap();
        let cache = tempfile::tempdir().unwrap();
        let downloader = Downloader::new(4, patience(), &Authorities::default()).unwrap();
        Self { archive, server, cache, downloader }
    }

    fn access(&self) -> Access<'_> {
        Access {
            downloader: &self.downloader,
            cache: self.cache.path().to_owned(),
            now: NOW,
            offline: false,
            architecture: "amd64".to_owned(),
            foreign: Vec::new(),
            others: Vec::new(),
            allow: Allow::default(),
            watch: &Unwatched,
        }
    }

    fn source(&self) -> AptSource {
        source(&self.archive, &self.server)
    }

    fn refresh_error(&self, source: &AptSource) -> Error {
        source.refresh(None, &self.access()).unwrap_err()
    }

    fn locked(&self) -> Vec<LockedPackage> {
        let snapshot = self.source().refresh(None, &self.access()).unwrap();
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
        let digest = fetch::digest(package).unwrap();
        assert!(referred.refers.contains(&digest));
        assert_eq!(hex(&fs::read(store.blob_path(&digest)).unwrap()), package.sha256);
    }
    Ok(list.into_iter().map(|package| package.name.into()).collect())
}

#[test]
fn the_archive_is_read_verified_and_kept() {
    let world = World::new();
    let snapshot = world.source().refresh(None, &world.access()).unwrap();
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
    world.source().refresh(None, &world.access()).unwrap();
    assert_eq!(world.server.requests()[before..], ["dists/stable/InRelease"]);
    let offline = Access { offline: true, ..world.access() };
    let recalled = world.source().recall(&snapshot.locked, &offline).unwrap().unwrap();
    assert_eq!(recalled.indices[0].text, snapshot.indices[0].text);
    assert_eq!(recalled.locked, snapshot.locked);
    assert!(matches!(world.source().refresh(None, &offline), Err(Error::Offline { .. })));
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
    let arm = text(&world.source().refresh(None, &arm).unwrap_err());
    insta::assert_snapshot!(arm, @"suite stable has no packages for arm64; it has all, amd64");
}

#[test]
fn a_source_is_read_in_parallel_safely() {
    let world = Arc::new(World::new());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || {
                world.source().refresh(None, &world.access()).unwrap().locked
            })
        })
        .collect();
    let locked: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(locked.windows(2).all(|pair| pair[0] == pair[1]));
}
