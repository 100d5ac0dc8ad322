//! Adds a package to an image that is built: it goes on top of the layer that is there, and the
//! result is the one that a clean build of the same lock gives.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;

use isoplug_tests::real::{self, Example, events, sha256, stages_that_ran};

#[test]
fn an_added_package_gives_the_bytes_of_a_clean_build() {
    let _turn = real::turn();
    let built = real::minimal();
    let added = with_one_more_package(&built);
    symlink(built.store_path(), added.path("store")).unwrap();
    let ran = stages_that_ran(&events(&added.space, &["build"]));
    let layers = ran.iter().filter(|title| *title == "base" || title.starts_with("packages"));
    // An earlier run of this test may have left the layer in the shared store.
    assert!(layers.clone().all(|title| title == "packages 2"), "{ran:?}");
    assert_ne!(sha256(&added.iso()), sha256(&built.iso()));

    let clean = with_one_more_package(&built);
    fs::copy(added.path("isoplug.lock"), clean.path("isoplug.lock")).unwrap();
    real::vendor(&added, &clean);
    clean.space.ok(&["build", "--locked", "--offline"]);
    assert_eq!(sha256(&clean.iso()), sha256(&added.iso()));
}

/// Makes a project like another that asks for one package more, with the other's lock and an empty
/// store.
fn with_one_more_package(of: &Example) -> Example {
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let asked = r#"["vim-tiny", "htop"]"#;
    assert!(manifest.contains(asked));
    let more = manifest.replace(asked, r#"["vim-tiny", "htop", "tree"]"#);
    example.space.write("isoplug.toml", &more);
    fs::copy(of.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    example
}
