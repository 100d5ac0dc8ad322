//! What is damaged, forged or too old.

use super::*;

#[test]
fn a_damaged_cache_heals() {
    let world = World::new();
    let snapshot = world.source().refresh(None, &world.access()).unwrap();
    for kind in ["packages", "releases"] {
        let folder = world.cache.path().join(kind);
        for name in sorted_names(&folder).unwrap() {
            fs::write(folder.join(name), b"rot").unwrap();
        }
    }
    let offline = Access { offline: true, ..world.access() };
    assert!(world.source().recall(&snapshot.locked, &offline).unwrap().is_none());
    let again = world.source().refresh(None, &world.access()).unwrap();
    assert_eq!(again.indices[0].text, snapshot.indices[0].text);
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let world = World::new();
    let path = "dists/stable/InRelease";
    let good = fs::read_to_string(world.archive.path(path)).unwrap();

    world.archive.write(path, good.replace("Origin: Test", "Origin: Evil").as_bytes()).unwrap();
    let bad = stable(&text(&world.refresh_error(&world.source())), &world);
    insta::assert_snapshot!(bad, @"suite stable of test: its Release file is not trusted: bad signature of KEY: the text is not what was signed");

    world.archive.write(path, b"Suite: stable\n").unwrap();
    let unsigned = text(&world.refresh_error(&world.source()));
    insta::assert_snapshot!(unsigned, @r#"suite stable of test: its Release file is not trusted: it is not signed in the clear: it does not begin with "-----BEGIN PGP SIGNED MESSAGE-----""#);

    world.archive.write(path, good.as_bytes()).unwrap();
    let stranger = Key::generate().unwrap().public().unwrap();
    let keys = Keyring::parse(stranger.as_bytes()).unwrap();
    let unknown = world.refresh_error(&AptSource { keys, ..world.source() });
    insta::assert_snapshot!(stable(&text(&unknown), &world), @"suite stable of test: its Release file is not trusted: it is signed by KEY, which the keyring does not have");
    let unknown =
        world.refresh_error(&AptSource { keys: Keyring::of(DEBIAN.keys), ..world.source() });
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
    assert!(source.refresh(None, &world.access()).is_ok());
    let early = Access { now: DATE - 200_000, ..world.access() };
    let ahead = text(&world.source().refresh(None, &early).unwrap_err());
    insta::assert_snapshot!(ahead, @"suite stable of test is dated 2 d ahead: is the clock right?");
}
