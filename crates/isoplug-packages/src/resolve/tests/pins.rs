//! Packages of one source, and priorities of single packages.

use isoplug_manifest::options::Pin;

use super::*;

fn mixed() -> Vec<Index> {
    let sid = index("sid", 100, "app 3 Depends: lib (>= 3)\nlib 3\nother 3");
    let own = index("./", 500, "app 1");
    vec![
        index("stable", 500, &format!("{BASE}app 1\nlib 1\nother 1 Depends: lib")),
        index("stable-backports", 100, "app 2 Depends: lib (>= 2)\nlib 2\nother 2"),
        Index { source: "unstable".to_owned(), ..sid },
        Index { source: "own".to_owned(), text: own.text.replace(SHA256, &"7".repeat(64)), ..own },
    ]
}

fn pin(packages: &str, from: &str, version: &str, priority: i32) -> Pin {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let packages = packages.split(' ').map(str::to_owned).collect();
    Pin { packages, from: text(from), version: text(version), priority }
}

fn pinned(install: &[&str], pins: &[Pin]) -> String {
    let request = Request { pins: pins.to_vec(), ..request(install) };
    answer(&mixed(), &request)
}

#[test]
fn a_source_gives_what_is_asked_of_it_and_what_that_needs() {
    let from = |wishes: &[&str]| pinned(wishes, &[]);
    assert!(from(&["app", "other"]).ends_with("| app=1 lib=1 other=1"));
    // By pocket, suite and source; the rest stays where it was.
    assert!(from(&["app@backports", "other"]).ends_with("| app=2 lib=2 other=1"));
    assert!(from(&["app@stable-backports"]).ends_with("| app=2 lib=2"));
    assert!(from(&["app@unstable", "other"]).ends_with("| app=3 lib=3 other=1"));
    assert_eq!(
        from(&["gawk@unstable"]),
        "the source `unstable` has no package `gawk`; there is 1 in stable"
    );
}

#[test]
fn of_two_packages_of_one_version_that_of_the_source_is_taken() {
    let sha256 = |wish: &str| {
        let image = solve(&mixed(), &request(&[wish]), None).unwrap();
        image.groups[1].iter().find(|package| package.name == "app").unwrap().sha256.clone()
    };
    assert_eq!([sha256("app"), sha256("app@own")], [SHA256.to_owned(), "7".repeat(64)]);
}

#[test]
fn the_first_pin_that_fits_counts() {
    let all = &["app", "other"][..];
    let chosen = |pins: &[Pin]| pinned(all, pins).split(" | ").nth(1).unwrap().to_owned();
    assert_eq!(chosen(&[pin("app", "backports", "", 500)]), "app=2 lib=3 other=1");
    assert_eq!(chosen(&[pin("*", "backports", "", 600)]), "app=2 lib=2 other=2");
    let two = [pin("app", "", "1", 1001), pin("a* o*", "unstable", "", 990)];
    assert_eq!(chosen(&two), "app=1 other=3");
    let out = [pin("app", "own", "", -1), pin("app", "debian", "", -1)];
    assert_eq!(chosen(&out), "app=3 lib=3 other=1");
}

#[test]
fn what_priorities_keep_out_is_told() {
    let told = pinned(&["gawk"], &[pin("gawk", "", "", -1)]);
    assert!(told.starts_with("a priority below 0 keeps every version of `gawk` out"), "{told}");
    // What nothing meets is a mistake, unless it keeps out what may come.
    let told = pinned(&["app"], &[pin("ap", "", "", 900)]);
    assert_eq!(told, "1 of `packages.pins` fit nothing that a source has");
    assert!(pinned(&["app"], &[pin("app", "", "9*", -1)]).ends_with("| app=1"));
}

#[test]
fn a_request_without_pins_has_the_digest_that_it_had() {
    assert!(!serde_json::to_string(&request(&["app"])).unwrap().contains("pins"));
    let pins = vec![pin("app", "", "", 900)];
    assert_ne!(Request { pins, ..request(&["app"]) }.digest(), request(&["app"]).digest());
}
