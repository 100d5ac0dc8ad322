//! `isoplug build --sources`: which source packages belong to an image, and what is told where one is missing. Their files
//! are fetched by tests/long/sources.
#![cfg(test)]

use std::fs;

use isoplug_tests::real::{self, sha256};
use isoplug_tests::served::{SOURCES, Served};
use serde_json::Value as Json;

#[test]
fn what_no_archive_has_is_named_before_anything_is_built() {
    let served = Served::with_sources(&SOURCES[..2]);
    served.space.ok(&["lock"]);
    let said = served.run(&["build", "--locked", "--sources=folder"]);
    let (exit, told) = (said.lines().next(), said.find("error: ").map(|at| &said[at..]));
    assert_eq!(exit, Some("exit: 1"), "{said}");
    insta::assert_snapshot!(told.unwrap(), @r"
    error: 4 source packages of the image are in no index of its archives:
        lib 2.0 (of app 1.0-1 all (Built-Using))
        lib 2.1 (of lib 2.1 all)
        linux-image-amd64 1 (of linux-image-amd64 1 all)
        suite 2-1 (of app 1.0-1 all)
      try: the archive of each with its index of sources, among `sources` of the manifest
      try: --sources=list, which names them and goes on; whoever publishes the image has to offer them
    ");
    // Another version of a source package is none.
    let others: Vec<(&str, &str)> = SOURCES
        .iter()
        .map(|(name, version)| if *version == "2.0" { (*name, "2.2") } else { (*name, *version) })
        .collect();
    let served = Served::with_sources(&others);
    let said = served.run(&["build", "--sources=iso"]);
    assert!(
        said.starts_with("exit: 1") && said.contains("1 source package of the image is"),
        "{said}"
    );
    assert!(said.contains("lib 2.0 (of app 1.0-1 all (Built-Using))"), "{said}");
}

#[test]
fn offline_nobody_is_asked() {
    let served = Served::with_sources(&SOURCES);
    served.space.ok(&["lock"]);
    let said = served.run(&["build", "--locked", "--offline", "--sources=list"]);
    assert!(said.starts_with("exit: 1") && said.contains("offline"), "{said}");
}

/// The list of a real image: its kernel and its loaders count by what they were built with, each file has a digest, and
/// nothing changes where the archive is asked no more.
#[test]
fn the_list_of_a_real_image() {
    let _turn = real::turn();
    let built = real::minimal();
    let iso = sha256(&built.iso());
    built.space.ok(&["build", "--locked", "--sources=list"]);
    assert_eq!(sha256(&built.iso()), iso);
    let file = format!("{}.sources.json", built.iso().display());
    let text = fs::read_to_string(&file).unwrap();
    let list: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(list["missing"], serde_json::json!([]), "{}", list["missing"]);
    let sources = list["sources"].as_array().unwrap();
    let named = |name: &str| sources.iter().find(|source| source["name"] == name);
    for name in ["linux", "linux-signed-amd64", "grub2", "shim", "bash", "glibc", "systemd"] {
        assert!(named(name).is_some(), "{name}");
    }
    let of: Vec<&str> = named("linux").unwrap()["for"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Json::as_str)
        .collect();
    assert!(
        of.iter().any(|of| of.starts_with("linux-image-") && of.ends_with(" (Built-Using)")),
        "{of:?}"
    );
    for source in sources {
        let files = source["files"].as_array().unwrap();
        let is_dsc = |file: &&Json| file["name"].as_str().unwrap().ends_with(".dsc");
        assert_eq!(files.iter().filter(is_dsc).count(), 1, "{source}");
        assert!(files.iter().all(|file| file["sha256"].as_str().unwrap().len() == 64), "{source}");
    }
    fs::remove_file(&file).unwrap();
    built.space.ok(&["build", "--locked", "--offline", "--sources=list"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}
