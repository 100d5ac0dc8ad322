//! A Release must be the one that was asked for, and not an older one than is locked.

use isoplug_manifest::lock::LockedSource;

use super::*;

/// Reads a suite whose Release names these.
fn named(suite: &str, names: &[(&str, &str)], codename: Option<&str>) -> Result<(), String> {
    let plain = Layout::suite(suite).without("Suite").without("Codename");
    let layout = names.iter().fold(plain, |layout, (field, name)| layout.field(field, name));
    let (world, source) = World::laid_out(&layout);
    let source = AptSource { codename: codename.map(str::to_owned), ..source };
    source.refresh(None, &world.access()).map(|_| ()).map_err(|error| text(&error))
}

#[test]
fn another_suite_of_the_same_signer_is_refused() {
    let stable = [("Suite", "stable"), ("Codename", "trixie")];
    assert_eq!(named("stable", &stable, None), Ok(()));
    assert_eq!(named("trixie", &stable, None), Ok(()));
    let security = [("Suite", "oldstable-security"), ("Codename", "bookworm-security")];
    insta::assert_snapshot!(named("trixie-security", &security, None).unwrap_err(), @"source test: the Release file of trixie-security is that of oldstable-security (bookworm-security), and trixie-security was asked for");
    assert!(named("trixie", &security, None).is_err());
    // A folder below a suite, as Mono's snapshots are; not the other way round.
    let below = [("Codename", "bookworm")];
    assert_eq!(named("bookworm/snapshots/5.12", &below, None), Ok(()));
    assert!(named("bookworm", &[("Codename", "bookworm/updates")], None).is_err());
    assert!(named("bookworm-x/y", &below, None).is_err());
    // One name is not a part of another.
    assert!(named("trixie", &[("Suite", "trixie-security")], None).is_err());
    assert!(named("trixie-security", &stable, None).is_err());
    // An archive that calls its folders otherwise is named by the manifest, and held to that.
    assert_eq!(named("debian", &stable, Some("trixie")), Ok(()));
    assert!(named("debian", &stable, Some("bookworm")).is_err());
    // Who names nothing cannot be compared; a flat repository has nothing to be compared with.
    assert_eq!(named("trixie", &[], None), Ok(()));
    assert_eq!(named("./", &stable, None), Ok(()));
    assert!(named("./", &stable, Some("bookworm")).is_err());
}

/// Publishes with these fields, and reads with that lock.
fn again(
    world: &World,
    source: &AptSource,
    fields: &[(&str, &str)],
    locked: &LockedSource,
    allow: Allow,
) -> Result<LockedSource, String> {
    let plain = Layout::suite(&source.suites[0].name);
    let layout = fields.iter().fold(plain, |layout, (field, value)| layout.field(field, value));
    world.archive.lay_out(&layout, &packages()).unwrap();
    let access = Access { allow, ..world.access() };
    source.refresh(Some(locked), &access).map(|new| new.locked).map_err(|error| text(&error))
}

#[test]
fn no_way_back_in_time() {
    let (world, source) = World::laid_out(&Layout::suite("stable"));
    let locked = source.refresh(None, &world.access()).unwrap().locked;
    let none = Allow::default();
    let older = [("Date", "Sat, 18 Oct 2025 02:10:46 UTC")];
    let refused = again(&world, &source, &older, &locked, none).unwrap_err();
    insta::assert_snapshot!(refused, @"source test: the suite stable is 399 d older than what is locked: the mirror is behind, or somebody withholds updates");
    let second = [("Date", "Sat, 21 Nov 2026 02:10:45 UTC")];
    assert!(again(&world, &source, &second, &locked, none).is_err(), "one second is older");
    assert!(again(&world, &source, &[], &locked, none).is_ok(), "the same is not");
    let newer = [("Date", "Sat, 21 Nov 2026 02:10:47 UTC")];
    let newer = again(&world, &source, &newer, &locked, none).unwrap();
    assert_eq!(newer.releases[0].date, DATE + 1);
    let allow = Allow { older: true, ..none };
    assert!(again(&world, &source, &older, &locked, allow).is_ok());
    // A source that names its moment says so itself.
    let pinned = AptSource { snapshot: Some("20261122T000000Z".to_owned()), ..source.clone() };
    assert!(again(&world, &pinned, &older, &locked, none).is_ok());
    // Nothing of a refused Release is kept.
    assert_eq!(again(&world, &source, &older, &locked, none).unwrap_err(), refused);
}

#[test]
fn a_suite_keeps_its_codename() {
    let trixie = Layout::suite("stable").field("Codename", "trixie");
    let (world, source) = World::laid_out(&trixie);
    let locked = source.refresh(None, &world.access()).unwrap().locked;
    let none = Allow::default();
    let forky = [("Codename", "forky")];
    let refused = again(&world, &source, &forky, &locked, none).unwrap_err();
    insta::assert_snapshot!(refused, @"source test: the suite stable was trixie when it was locked, and is forky now");
    let allow = Allow { other_suite: true, ..none };
    let new = again(&world, &source, &forky, &locked, allow).unwrap();
    assert_eq!(new.releases[0].release_codename, "forky");
    // A flat repository is only compared with the lock.
    let (world, source) = World::laid_out(&Layout::flat("./").field("Codename", "a"));
    let locked = source.refresh(None, &world.access()).unwrap().locked;
    let flat = Layout::flat("./").field("Codename", "b");
    world.archive.lay_out(&flat, &packages()).unwrap();
    let refused = source.refresh(Some(&locked), &world.access()).unwrap_err();
    insta::assert_snapshot!(text(&refused), @"source test: the suite ./ was a when it was locked, and is b now");
}

#[test]
fn only_the_base_system_says_what_is_essential() {
    let evil = [
        Package::new("evil", "1").field("Essential", "yes"),
        Package::new("wished", "1").field("Essential", "yes"),
        Package::new("../../../../tmp/pwn", "1")
            .field("Essential", "yes")
            .field("Architecture", "all"),
    ];
    let archive = Archive::new().unwrap();
    let base = [packages(), vec![Package::new("base-files", "13")]].concat();
    archive.lay_out(&Layout::suite("stable"), &base).unwrap();
    let world = World::of(archive);
    let mut indices = world.source().refresh(None, &world.access()).unwrap().indices;
    let mut stanzas: Vec<String> =
        evil.iter().map(|one| one.stanza("pool/e.deb", 1, &"0".repeat(64))).collect();
    stanzas.push(String::new());
    let other = isoplug_packages::Index {
        archive: "evil".to_owned(),
        text: stanzas.join("\n"),
        ..indices[0].clone()
    };
    indices.push(other);
    let universe = Universe::new(&indices, "amd64");
    let names: Vec<&str> = universe.essential().map(|id| universe.package(id).name).collect();
    assert_eq!(names, ["base"]);
    // Who asks for it gets it; what is no name is not offered at all.
    assert!(universe.knows("wished") && !universe.names().any(|name| name.contains("pwn")));
}
