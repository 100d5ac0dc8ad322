//! `isoplug licences`: the report of a finished image, and what a manifest does not allow.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_formats::tree::sorted_names;
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

/// A folder with the real archive's packages: what the profile denies is told, each package with its licence.
#[test]
fn a_profile_does_not_allow_what_it_denies() {
    let _turn = real::turn();
    let example = real::minimal();
    let manifest = example.space.read("isoplug.toml");
    let denied =
        "licences = { deny = [\"Artistic-*\", \"GPL-*\"], allow-components = [\"main\"] }\n";
    let line = "extends = \"isoplug:minimal\"\n";
    example.space.write("isoplug.toml", &manifest.replace(line, &format!("{line}{denied}")));
    let said = example.space.run(&["licences"]);
    example.space.write("isoplug.toml", &manifest);
    assert!(said.starts_with("exit: 10"), "{said}");
    assert!(!said.contains("of the component"), "security updates are of main, too: {said}");
    assert!(said.contains("`bash` is not allowed: its licence is GPL-"), "{said}");
    let said = example.space.run(&["licences"]);
    assert!(said.starts_with("exit: 0") && said.contains("\nbash  "), "{said}");
}

/// Every package of the image and each of its boot loaders has a text; nothing is half there.
#[test]
fn the_texts_are_handed_on_with_the_medium() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let (iso, store) = (minimal.iso().display().to_string(), minimal.store_path());
    let space = Space::new();
    let said = space.run(&["licences", &iso, "--texts", "texts"]);
    assert!(said.starts_with("exit: 1") && said.contains(" --debs"), "{said}");
    assert!(said.contains("shim-signed") && !space.path("texts").exists(), "{said}");
    space.ok(&["licences", &iso, "--texts", "texts", "--store", &store]);
    let index = space.read("texts/index.txt");
    for package in ["bash", "systemd", "linux-image-", "grub-efi-amd64-signed", "shim-signed"] {
        let line = index.lines().find(|line| line.starts_with(package));
        let cells: Vec<&str> = line.unwrap_or_default().split('\t').collect();
        let [_, _, _, file] = cells[..] else { panic!("{package}: {line:?}") };
        assert!(space.path(&format!("texts/{file}")).is_file(), "{package}: {file}");
    }
    assert!(!index.contains("no copyright file"), "{index}");
    assert!(
        index.lines().any(|line| line.starts_with("bash\t") && line.contains(" GPL-3.0-or-later "))
    );
    let common = sorted_names(&space.path("texts/common-licenses")).unwrap().len();
    assert!(
        common > 5 && space.read("texts/common-licenses/GPL-2").contains("Version 2, June 1991")
    );
    let said = space.run(&["licences", &iso, "--texts", "texts", "--store", &store]);
    assert!(said.starts_with("exit: 2") && said.contains("not empty"), "{said}");
    let said = space.run(&["licences", ".", "--texts", "more"]);
    assert!(said.starts_with("exit: 2") && said.contains("a finished image"), "{said}");
}
