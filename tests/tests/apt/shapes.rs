//! Archives in the shapes that those of others have, each also read by apt.

use super::strangers::apt;
use super::*;

/// Reads an archive and returns the paths of its packages, as they are asked for.
fn paths(layout: &Layout) -> Vec<String> {
    let (world, source) = World::laid_out(layout);
    let snapshot = source.refresh(None, &world.access()).unwrap_or_else(|error| {
        panic!("{layout:?}: {}", text(&error));
    });
    let universe = Universe::new(&snapshot.indices, "amd64");
    assert_eq!(universe.names().collect::<Vec<_>>(), ["app", "base", "lib"], "{layout:?}");
    // What was locked is read again without the mirror.
    let offline = Access { offline: true, ..world.access() };
    let recalled = source.recall(&snapshot.locked, &offline).unwrap();
    let recalled = recalled.unwrap_or_else(|| panic!("{layout:?} is not kept"));
    assert_eq!(recalled.indices.len(), snapshot.indices.len());
    let request = Request {
        architecture: "amd64".to_owned(),
        install: vec!["app".to_owned()],
        ..Request::default()
    };
    let image = resolve(&request, &universe, &Resolvo, None).unwrap();
    let locked: Vec<LockedPackage> = image.groups.into_iter().flatten().collect();
    let store = tempfile::tempdir().unwrap();
    assert_eq!(run_fetch(store.path(), &locked, world.places()).unwrap(), ["app", "base", "lib"]);
    // apt has asked for armor since 1.9, and passes over an index whose plain form is not named.
    let readable = layout.signed != Signed::BesideBinary && layout.named.contains(&"");
    let said = readable.then(|| apt(&world, layout, &["--print-uris", "-y", "install", "app"]));
    if let Some(said) = said.flatten() {
        let said = said.replace("/./", "/");
        for package in &locked[1..] {
            let url = format!("{}/{}", world.server.url(), package.path);
            assert!(said.contains(&url), "apt asks for other addresses than {url}: {said}");
        }
    }
    locked.iter().map(|package| package.path.to_string()).collect()
}

#[test]
fn suites_of_third_parties() {
    // Docker, Tailscale, HashiCorp: codename of Debian, component of their own, InRelease, by-hash or not.
    paths(
        &Layout { component: "stable".into(), ..Layout::suite("trixie") }
            .field("Components", "stable"),
    );
    paths(&Layout::suite("trixie").field("Acquire-By-Hash", "yes"));
    // NodeSource: a suite that no release of Debian has; Google Cloud and Chrome: `cloud-sdk`, `stable`.
    paths(&Layout::suite("nodistro"));
    paths(&Layout::suite("cloud-sdk").field("Suite", "cloud-sdk").without("Codename"));
    // PostgreSQL: a suffix, and all architectures named.
    paths(&Layout::suite("trixie-pgdg").field("Architectures", "all amd64 arm64 ppc64el"));
    // Proxmox and Microsoft: the suite of Debian without `Suite`.
    paths(&Layout::suite("trixie").without("Suite").signed(Signed::Beside));
    // A suite below another folder.
    paths(
        &Layout::suite("bookworm/updates")
            .field("Suite", "oldstable")
            .field("Codename", "bookworm"),
    );
}

#[test]
fn flat_repositories() {
    // `deb URL ./` as apt-ftparchive makes it, with and without names.
    assert_eq!(
        paths(&Layout::flat("./")),
        ["base_1_all.deb", "app_1.0-1_all.deb", "lib_2.1_all.deb"]
    );
    // OBS of openSUSE, Kubernetes: `deb URL /`, Release and Release.gpg beside InRelease, its own `Archive`.
    paths(&Layout::flat("/").field("Archive", "Debian_13").field("Codename", "Debian_13"));
    paths(&Layout::flat("/").signed(Signed::Beside).forms(&["", ".gz"]));
    // Jenkins, NVIDIA: a folder, and Filename from the root of the address.
    let below = paths(&Layout { before: "", ..Layout::flat("binary/") });
    assert_eq!(below[1], "binary/app_1.0-1_all.deb");
    paths(&Layout::flat("debian12/x86_64/").signed(Signed::BesideBinary));
}

#[test]
fn signed_beside() {
    paths(&Layout::suite("stable").signed(Signed::Beside));
    let (world, source) = World::laid_out(&Layout::suite("stable").signed(Signed::Beside));
    let locked = source.refresh(None, &world.access()).unwrap().locked;
    let release = fs::read(world.archive.path("dists/stable/Release")).unwrap();
    assert_eq!(locked.releases[0].sha256, hex(&release));
    assert_eq!(locked.releases[0].signers, [world.archive.key.fingerprint()]);

    world
        .archive
        .write("dists/stable/Release", &[release, b"Origin: Evil\n".to_vec()].concat())
        .unwrap();
    let evil = stable(&text(&world.refresh_error(&source)), &world);
    insta::assert_snapshot!(evil, @"suite stable of test: its Release file is not trusted: bad signature of KEY: the text is not what was signed");

    // A signature of no key, of a stranger, and what is no signature.
    let stranger = Key::generate().unwrap().sign_beside("Suite: x\n", true).unwrap();
    world.archive.write("dists/stable/Release.gpg", &stranger).unwrap();
    assert!(text(&world.refresh_error(&source)).contains("which the keyring does not have"));
    world.archive.write("dists/stable/Release.gpg", b"<html>").unwrap();
    assert!(text(&world.refresh_error(&source)).contains("its signature is malformed"));

    let (world, source) = World::laid_out(&Layout::suite("stable").signed(Signed::Not));
    let unsigned = text(&world.refresh_error(&source));
    insta::assert_snapshot!(unsigned, @"source test: the suite stable has a Release file and neither InRelease nor Release.gpg: it is not signed");
}

#[test]
fn every_compression() {
    for form in ["", ".gz", ".xz", ".lzma", ".bz2", ".zst"] {
        // The hash of the plain index may be named, or only that of the packed one.
        let layout = Layout::suite("stable").forms(&[form]);
        paths(&layout);
        paths(&Layout { named: vec!["", form], there: vec![form], ..layout });
        paths(&Layout::flat("./").forms(&[form]));
    }
}

#[test]
fn what_a_release_names_and_the_mirror_lacks() {
    // The next form is taken.
    paths(&Layout { named: vec!["", ".xz", ".gz"], there: vec![".gz"], ..Layout::suite("stable") });
    let layout = Layout { named: vec![".xz"], there: vec![".gz"], ..Layout::suite("stable") };
    let (world, source) = World::laid_out(&layout);
    let absent = stable(&text(&world.refresh_error(&source)), &world);
    insta::assert_snapshot!(absent, @"source dists/stable/main/binary-amd64/Packages.xz: http://mirror/dists/stable/main/binary-amd64/Packages.xz: HTTP status 404");
    let layout = Layout { named: vec![], ..Layout::suite("stable") };
    let (world, source) = World::laid_out(&layout);
    let unnamed = text(&world.refresh_error(&source));
    insta::assert_snapshot!(unnamed, @"the Release file of stable names no index of packages with a SHA-256");
    let (world, source) = World::laid_out(&Layout { named: vec![], ..Layout::flat("./") });
    let unnamed = text(&world.refresh_error(&source));
    insta::assert_snapshot!(unnamed, @"the Release file of ./ names no index of packages with a SHA-256");
}

#[test]
fn releases_without_what_debians_has() {
    paths(&Layout::suite("stable").without("Suite").without("Codename"));
    // The day of the signature stands for the date.
    let (world, source) = World::laid_out(&Layout::suite("stable").without("Date"));
    let now = Access { now: u64::MAX / 4, ..world.access() };
    let locked = source.refresh(None, &now).unwrap().locked;
    assert!(locked.releases[0].date > DATE / 2, "{locked:?}");
    paths(&Layout::suite("stable").field("Date", "Sat, 21 Nov 2026 04:10:46 +0200"));
    let (world, source) = World::laid_out(&Layout::suite("stable").field("Date", "yesterday"));
    let date = text(&world.refresh_error(&source));
    insta::assert_snapshot!(date, @r#"suite stable of test: its Release file is malformed: invalid date in the Date field: "yesterday""#);
    // Only hashes that can be forged.
    let (world, source) = World::laid_out(&Layout::suite("stable"));
    let layout = Layout::suite("stable");
    world.archive.sign_laid_out(&layout, "Suite: stable\nMD5Sum:\n 0 0 Packages\n").unwrap();
    let weak = text(&world.refresh_error(&source));
    insta::assert_snapshot!(weak, @"suite stable of test: its Release file is malformed: it has no SHA256 hashes of its indices");
}

#[test]
fn stanzas_that_are_there_twice() {
    let twice = [packages(), packages(), vec![Package::new("app", "0.9")]].concat();
    let layout = Layout::suite("stable");
    let archive = Archive::new().unwrap();
    archive.lay_out(&layout, &twice).unwrap();
    let world = World::of(archive);
    assert_eq!(world.locked().len(), 3);
}

/// A pool whose names are escaped, as aptly and reprepro write epochs.
#[test]
fn names_are_asked_for_as_apt_asks() {
    let world = World::new();
    let app = Package::new("app", "1:1.0~rc1+git1-1");
    let bytes = app.to_deb().unwrap();
    let path = "pool/main/app_1%3a1.0~rc1+git1-1_all.deb";
    world.archive.write(path, &bytes).unwrap();
    let stanza = app.stanza(path, bytes.len(), &hex(&bytes));
    let layout = Layout::suite("stable");
    let base = Package::new("base", "1").field("Essential", "yes");
    let base_bytes = base.to_deb().unwrap();
    let base_stanza = base.stanza("pool/main/base_1_all.deb", base_bytes.len(), &hex(&base_bytes));
    world.archive.write("pool/main/base_1_all.deb", &base_bytes).unwrap();
    world.archive.write_laid_out(&layout, format!("{base_stanza}\n{stanza}\n").as_bytes()).unwrap();
    let locked = world.locked();
    assert_eq!(*locked[1].path, *path);
    let store = tempfile::tempdir().unwrap();
    run_fetch(store.path(), &locked, world.places()).unwrap();
    assert!(
        world.server.requests().iter().any(|asked| asked == path),
        "{:?}",
        world.server.requests()
    );
    let said = apt(&world, &layout, &["--print-uris", "download", "app"]).unwrap();
    let url = said.split('\'').nth(1).unwrap().replace(&world.server.url(), "");
    assert_eq!(url, "/pool/main/app_1%253a1.0%7erc1%2bgit1-1_all.deb");
}
