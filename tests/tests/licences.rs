//! `isoplug licences`: the report of a finished image, and what a manifest does not allow.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::space::Space;

const REPORT: &str = r#"{ "schema": 1, "texts": {}, "packages": [
  { "name": "apt", "version": "3.0", "architecture": "amd64", "component": "main", "licence": "GPL-2.0-or-later", "copyright": "", "part": null },
  { "name": "firmware-iwlwifi", "version": "1", "architecture": "all", "component": "non-free-firmware", "licence": null, "copyright": "", "part": null }
] }"#;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["licences", "--help"]), @r"
    Show under which licences the packages of an image are

    Of a folder with a manifest it builds the root filesystem if it is not in the store yet, and fails
    ");
}

#[test]
fn a_finished_image_is_read() {
    let space = Space::new();
    space.write("a.iso", "");
    let missing = space.run(&["licences", "a.iso"]);
    assert!(missing.starts_with("exit: 2") && missing.contains("a.iso.licences.json"), "{missing}");
    space.write("a.iso.licences.json", REPORT);
    assert_snapshot!(space.ok(&["licences", "a.iso"]), @r"
    apt  3.0  main  GPL-2.0-or-later
    firmware-iwlwifi  1  non-free-firmware  not known

    1 of 2 packages have a copyright file that a program can read; main 1, non-free-firmware 1
    ");
    assert_snapshot!(space.ok(&["licences", "a.iso", "--format", "markdown"]).lines().nth(2).unwrap(), @"| apt | 3.0 | main | GPL-2.0-or-later |");
    let json: serde_json::Value =
        serde_json::from_str(&space.ok(&["licences", "a.iso", "--format", "json"])).unwrap();
    assert_eq!(json["packages"][0]["licence"], "GPL-2.0-or-later");
}
