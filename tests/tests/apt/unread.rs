//! Which component has a package that is not found.

use super::*;

#[test]
fn components_that_no_source_names_are_looked_into() {
    let world = World::new();
    let layout = Layout { component: "non-free".into(), ..Layout::suite("stable") };
    let firmware = Package::new("firmware-x", "1");
    world.archive.lay_out(&layout, &[firmware]).unwrap();
    let index = |component: &str| {
        let path = format!("{component}/binary-amd64/Packages");
        let bytes = fs::read(world.archive.path(&format!("dists/stable/{path}"))).unwrap();
        format!(" {} {} {path}\n", hex(&bytes), bytes.len())
    };
    let release = format!(
        "Suite: stable\nDate: Sat, 21 Nov 2026 02:10:46 UTC\nComponents: main non-free\n\
         Architectures: amd64\nSHA256:\n{}{}",
        index("main"),
        index("non-free")
    );
    world.archive.sign_laid_out(&layout, &release).unwrap();
    let locked = world.source().refresh(None, &world.access()).unwrap().locked;
    let unread = world.source().unread(&locked, &world.access());
    assert_eq!(unread.len(), 1);
    assert_eq!((unread[0].component.as_str(), unread[0].suite.as_str()), ("non-free", "stable"));
    assert!(unread[0].has("firmware-x") && !unread[0].has("firmware") && !unread[0].has("app"));
    // Offline it is what was looked at before.
    let offline =
        Access { offline: true, cache: world.cache.path().join("empty"), ..world.access() };
    assert!(world.source().unread(&locked, &offline).is_empty());
}
