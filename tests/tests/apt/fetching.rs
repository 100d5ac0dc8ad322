//! The fetch stage: from a server that misbehaves, from a vendor folder, and stopped half-way.

use std::time::Instant;

use super::*;

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
    let pause = Duration::from_secs(60);
    places.patience.longest_pause = pause;
    let cancel = CancelToken::new();
    let later = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        later.cancel();
    });
    let begin = Instant::now();
    assert!(run_fetch_until(store.path(), &locked, places, cancel).is_err());
    assert!(begin.elapsed() < pause, "it waited for the mirror");
}

/// Between a Release and the index that it names, the mirror is updated: a name means another file then, a hash never.
#[test]
fn a_mirror_that_is_updated_while_it_is_read() {
    let world = World::new();
    let (release, folder) = ("dists/stable/InRelease", "dists/stable/main/binary-amd64");
    let bytes = |path: &str| fs::read(world.archive.path(path)).unwrap();
    let before = bytes(release);
    let newer: Vec<Package> = [packages(), vec![Package::new("late", "1")]].concat();
    world.archive.publish("stable", "main", "amd64", &newer).unwrap();
    let after = bytes(release);
    let names = || {
        let fresh = World { cache: tempfile::tempdir().unwrap(), ..World::new() };
        let access = Access { downloader: &fresh.downloader, ..world.access() };
        let cache = fresh.cache.path().to_owned();
        let snapshot = world.source().refresh(None, &Access { cache, ..access });
        snapshot.map(|snapshot| {
            let universe = Universe::new(&snapshot.indices, "amd64");
            universe.names().map(str::to_owned).collect::<Vec<_>>().join(" ")
        })
    };
    // The Release was read before, the index is new.
    world.archive.write(release, &before).unwrap();
    assert_eq!(names().unwrap(), "app base lib");
    // The Release is new, the index is not yet.
    world.archive.write(release, &after).unwrap();
    let new = ["Packages", "Packages.xz"].map(|name| (name, bytes(&format!("{folder}/{name}"))));
    for (name, bytes) in &new {
        let old = vec![b'o'; bytes.len()];
        world.archive.write(&format!("{folder}/{name}"), &old).unwrap();
    }
    assert_eq!(names().unwrap(), "app base late lib");
    // Where hashes are gone as well, nothing else is taken for what the Release names.
    fs::remove_dir_all(world.archive.path(&format!("{folder}/by-hash"))).unwrap();
    let refused = text(&names().unwrap_err());
    assert!(refused.contains("expected") && refused.contains("found"), "{refused}");
    for (name, bytes) in new {
        world.archive.write(&format!("{folder}/{name}"), &bytes).unwrap();
    }
    assert_eq!(names().unwrap(), "app base late lib", "a name is enough when it is right");
}
