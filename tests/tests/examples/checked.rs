//! Examples that `tests/long.sh` boots: here their manifests are held, and what they keep to themselves.

use std::fs;

use insta::assert_snapshot;
use isoplug_tests::space::Space;

use super::{copy_folder, repository};

/// It is booted by `tests/long.sh wifi`: its networks are simulated radios in the machine, two boots of some minutes.
#[test]
fn wireless_networks_are_tried_in_each_way() {
    let space = Space::new();
    copy_folder(&repository().join("examples/wifi"), &space.path("wifi"));
    let long = fs::read_to_string(repository().join("tests/long/wifi")).unwrap();
    for profile in ["wifi", "lab", "lab-networkd"] {
        space.ok(&["check", "--profile", profile, "wifi"]);
        assert!(profile == "wifi" || long.contains(&format!("\"{profile} ")), "{profile}");
    }
    let key = space.ok(&["explain", "networking.wifi.home.psk", "--profile", "wifi", "wifi"]);
    assert!(!key.contains("correct horse"), "{key}");
}

#[test]
fn the_images_of_an_organisation_are_right() {
    let space = Space::new();
    copy_folder(&repository().join("examples/organisation"), &space.path("acme"));
    for channel in ["channel=stable", "channel=beta"] {
        space.ok(&[
            "check",
            "--strict",
            "--all",
            "--arch",
            "amd64,arm64",
            "--var",
            channel,
            "acme",
        ]);
    }
    let nightly = ["build", "--list", "-p", "nightly", "--arch", "amd64", "acme"];
    assert_eq!(space.ok(&nightly), "minimal amd64\nrescue amd64");
    let installs =
        |var| space.ok(&["explain", "packages.install", "-p", "contents", "--var", var, "acme"]);
    assert!(!installs("channel=stable").contains("tree"));
    assert!(installs("channel=beta").contains("tree"));
}

/// It is booted by `tests/long.sh menu`.
#[test]
fn both_looks_of_the_boot_menu_are_right() {
    let space = Space::new();
    copy_folder(&repository().join("examples/boot-menu"), &space.path("menu"));
    for profile in ["themed", "splash"] {
        space.ok(&["check", "--strict", "--profile", profile, "menu"]);
    }
    space.write("menu/splash.png", "GIF89a");
    let found = space.run(&["check", "--profile", "splash", "menu"]);
    assert_snapshot!(found, @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-picture]: menu/splash.png cannot be shown by GRUB: it is neither a PNG nor a JPEG picture
      --> menu/isoplug.toml:42:24
       |
    42 | boot.menu.background = "splash.png"
       |                        ^^^^^^^^^^^^
    "#);
}

/// It is booted by `tests/long.sh hardware`: drivers are compiled there.
#[test]
fn drivers_are_asked_for_in_each_way() {
    let space = Space::new();
    copy_folder(&repository().join("examples/hardware"), &space.path("hardware"));
    let missing = space.run(&["check", "--profile", "broadcom", "hardware"]);
    assert_snapshot!(missing, @r#"
    exit: 2
    --- stdout
    --- stderr
    note[enrol-key]: where Secure Boot is on, a machine loads the drivers once somebody has enrolled the certificate there
      --> hardware/isoplug.toml:29:31
       |
    29 | drivers.signing-certificate = "drivers.crt"
       |                               ^^^^^^^^^^^^^
       |
       = help: at the machine, choose "Enrol the key of the drivers" in the boot menu, then "Enroll key from disk" and /EFI/isoplug/mok.der; once for each machine
    error[unreadable-file]: there is no file hardware/drivers.crt
      --> hardware/isoplug.toml:29:31
       |
    29 | drivers.signing-certificate = "drivers.crt"
       |                               ^^^^^^^^^^^^^
    "#);
    space.write("hardware/drivers.crt", "");
    let long = fs::read_to_string(repository().join("tests/long/hardware")).unwrap();
    for profile in ["firmware", "broadcom", "nvidia", "newest", "too-new"] {
        space.ok(&["check", "--profile", profile, "hardware"]);
        assert!(long.contains(profile), "{profile}");
    }
    space.write("hardware/drivers.key", "secret words");
    let shown = space.ok(&["explain", "drivers", "--profile", "broadcom", "hardware"]);
    assert!(!shown.contains("secret words"), "{shown}");
}
