//! Packages by version and suite, firmware and licences: what is asked for is got, or it is told what
//! to add.

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

use super::{INSTALL, fails};

/// An archive that passes for Debian's, with these packages beside the usual ones.
fn debian(more: &[Package], profile: &str) -> Served {
    let served = Served::new(&[&packages()[..], more].concat());
    served.change("[sources.tiny]", "[sources.debian]\npockets = []");
    served.change(INSTALL, profile);
    served
}

fn kernels() -> Vec<Package> {
    ["6.1.9-1", "6.12.9-1", "6.12.48-1"].map(|v| Package::new("linux-image-amd64", v)).to_vec()
}

/// Returns the version of a package in the lock.
fn locked(served: &Served, name: &str) -> Option<String> {
    let lock = served.space.read("isoplug.lock");
    let line = lock.lines().find(|line| line.starts_with(&format!("\"{name} ")))?;
    line.split(' ').nth(1).map(str::to_owned)
}

#[test]
fn the_start_of_a_kernel_version_is_its_newest() {
    for (version, expected) in [("6.12", "6.12.48-1"), ("6.1", "6.1.9-1"), ("6.12.9-1", "6.12.9-1")]
    {
        let profile = format!("packages.install = [\"app\"]\nkernel.version = \"{version}\"");
        let served = debian(&kernels(), &profile);
        served.space.ok(&["lock"]);
        assert_eq!(locked(&served, "linux-image-amd64").as_deref(), Some(expected), "{version}");
        served.space.ok(&["lock", "--locked"]);
    }
    let served = debian(&kernels(), "packages.install = [\"app\"]\nkernel.version = \"6.13\"");
    assert_snapshot!(fails(&served), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has version 6.13 of `linux-image-amd64`
      --> isoplug.toml:14:18
       |
    14 | kernel.version = "6.13"
       |                  ^^^^^^ asked for here
       |
       = help: there is 6.12.48-1 in stable, 6.12.9-1 in stable, 6.1.9-1 in stable, 1 in stable
    "#);
}

#[test]
fn versions_and_suites_are_got_or_told() {
    let tools = ["3.0-1", "3.1-1"].map(|version| Package::new("nano", version));
    for (wish, expected) in
        [("nano=3.0-1", "3.0-1"), ("nano=3*", "3.1-1"), ("nano/stable", "3.1-1")]
    {
        let served = debian(&tools, &format!("packages.install = [\"app\", \"{wish}\"]"));
        served.space.ok(&["lock"]);
        assert_eq!(locked(&served, "nano").as_deref(), Some(expected), "{wish}");
        served.space.ok(&["lock", "--locked"]);
    }
    let wishes = "packages.install = [\"nano=9\", \"nano/stable-backports\", \"nano/sid\"]";
    assert_snapshot!(fails(&debian(&tools, wishes)), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[unknown-package]: no source has version 9 of `nano`
      --> isoplug.toml:13:21
       |
    13 | packages.install = ["nano=9", "nano/stable-backports", "nano/sid"]
       |                     ^^^^^^^^ asked for here
       |
       = help: there is 3.1-1 in stable, 3.0-1 in stable

    error[unknown-package]: no source has the suite `stable-backports`
      --> isoplug.toml:13:31
       |
    13 | packages.install = ["nano=9", "nano/stable-backports", "nano/sid"]
       |                               ^^^^^^^^^^^^^^^^^^^^^^^ asked for here
       |
       = help: add it to [sources.debian]: `pockets = ["backports"]`

    error[unknown-package]: no source has the suite `sid`
      --> isoplug.toml:13:56
       |
    13 | packages.install = ["nano=9", "nano/stable-backports", "nano/sid"]
       |                                                        ^^^^^^^^^^ asked for here
       |
       = help: the suites are stable; add a table [sources.NAME] with `suite = "sid"`
    "#);
}

#[test]
fn firmware_comes_as_far_as_the_components_have_it() {
    let free = [Package::new("firmware-linux-free", "1").field("Section", "kernel")];
    let served = debian(&free, "packages.install = [\"app\"]\nfirmware.set = \"redistributable\"");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 0
    --- stdout
    --- stderr
    resolving p for amd64
    note[missing-firmware]: no enabled component has 19 of the firmware packages of the set: firmware-amd-graphics, firmware-ath9k-htc, firmware-atheros, firmware-bnx2, firmware-bnx2x, firmware-brcm80211, firmware-carl9170, firmware-intel-graphics, firmware-intel-sound, firmware-iwlwifi, firmware-libertas, firmware-mediatek, firmware-misc-nonfree, firmware-nvidia-graphics, firmware-qlogic, firmware-realtek, firmware-sof-signed, firmware-ti-connectivity, firmware-zd1211
      --> isoplug.toml:14:16
       |
    14 | firmware.set = "redistributable"
       |                ^^^^^^^^^^^^^^^^^
       |
       = help: Debian has them in `non-free-firmware`: add it to `sources.debian.components`
    isoplug.lock pins p
    "#);
    assert_eq!(locked(&served, "firmware-linux-free").as_deref(), Some("1"));
    served.space.ok(&["lock", "--locked"]);
}

#[test]
fn a_licence_is_accepted_by_name_alone() {
    let asks = ["firmware-ivtv", "firmware-ipw2x00"]
        .map(|name| Package::new(name, "1").field("Section", "non-free-firmware/kernel"));
    let served = debian(&asks, "packages.install = [\"app\"]\nfirmware.set = \"all\"");
    let refused = served.run(&["lock"]);
    assert_snapshot!(refused, @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving p for amd64
    error[licence]: `firmware-ipw2x00` and `firmware-ivtv` are only installed once their licences are accepted
      --> isoplug.toml:14:16
       |
    14 | firmware.set = "all"
       |                ^^^^^
       |
       = help: if you accept, add `packages.debconf = [{ package = "firmware-ipw2x00", question = "firmware-ipw2x00/license/accepted", type = "boolean", value = "true" }, { package = "firmware-ivtv", question = "firmware-ivtv/license/accepted", type = "boolean", value = "true" }]`; to do without, `packages.remove = ["firmware-ipw2x00", "firmware-ivtv"]`
    "#);
    // What it says to add is right, and enough.
    let (_, rest) = refused.split_once("if you accept, add `").unwrap();
    let (answers, rest) = rest.split_once("`; to do without, `").unwrap();
    let (without, _) = rest.split_once('`').unwrap();
    for added in [answers, without] {
        let served = debian(
            &asks,
            &format!("packages.install = [\"app\"]\nfirmware.set = \"all\"\n{added}"),
        );
        served.space.ok(&["lock"]);
        assert_eq!(locked(&served, "firmware-ivtv").is_some(), added == answers, "{added}");
    }
    let no = answers.replace("value = \"true\"", "value = \"false\"");
    let served =
        debian(&asks, &format!("packages.install = [\"app\"]\nfirmware.set = \"all\"\n{no}"));
    assert!(served.run(&["lock"]).contains("error[licence]"));
}

/// Before anything is fetched: by the lock, and without one by the names that the manifest lists.
#[test]
fn check_tells_who_asks_for_a_licence() {
    let asks = [Package::new("firmware-ivtv", "1").field("Section", "non-free-firmware/kernel")];
    let listed = debian(&asks, "packages.install = [\"app\", \"firmware-ivtv\"]");
    let told = listed.run(&["check", "--offline"]);
    assert_snapshot!(told, @r#"
    exit: 2
    --- stdout
    --- stderr
    error[licence]: `firmware-ivtv` is only installed once its licence is accepted
      --> isoplug.toml:13:28
       |
    13 | packages.install = ["app", "firmware-ivtv"]
       |                            ^^^^^^^^^^^^^^^
       |
       = help: if you accept, add `packages.debconf = [{ package = "firmware-ivtv", question = "firmware-ivtv/license/accepted", type = "boolean", value = "true" }]`; to do without, do not ask for `firmware-ivtv`
    "#);
    let brought = debian(&asks, "packages.install = [\"app\"]\nfirmware.set = \"all\"");
    brought.space.ok(&["check", "--offline"]);
    assert!(brought.run(&["lock"]).contains("error[licence]"));
    assert_snapshot!(brought.run(&["check", "--offline"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[licence]: `firmware-ivtv` is only installed once its licence is accepted
      --> isoplug.toml:14:16
       |
    14 | firmware.set = "all"
       |                ^^^^^
       |
       = help: if you accept, add `packages.debconf = [{ package = "firmware-ivtv", question = "firmware-ivtv/license/accepted", type = "boolean", value = "true" }]`; to do without, `packages.remove = ["firmware-ivtv"]`
    "#);
    let answer = "packages.debconf = [{ package = \"firmware-ivtv\", question = \"firmware-ivtv/license/accepted\", type = \"boolean\", value = \"true\" }]";
    brought.change("firmware.set = \"all\"", &format!("firmware.set = \"all\"\n{answer}"));
    brought.space.ok(&["check", "--offline"]);
}

#[test]
fn former_time_zones_bring_their_package() {
    let zones = ["tzdata", "tzdata-legacy"].map(|name| Package::new(name, "1"));
    let profile =
        |zone: &str| format!("packages.install = [\"app\"]\nlocalisation.timezone = \"{zone}\"");
    let served = debian(&zones, &profile("US/Eastern"));
    served.space.ok(&["lock"]);
    assert!(locked(&served, "tzdata-legacy").is_some());
    let served = debian(&zones, &profile("Europe/Berlin"));
    served.space.ok(&["lock"]);
    assert!(locked(&served, "tzdata").is_some() && locked(&served, "tzdata-legacy").is_none());
    // Before Debian 13 there is no such package, and no need of it.
    debian(&zones[..1], &profile("US/Eastern")).space.ok(&["lock"]);
}

#[test]
fn answers_that_cannot_be_given_are_told() {
    let item =
        "package = \"app\", question = \"app/x\", type = \"password\", env = \"ISOPLUG_NO_SUCH\"";
    let profile = format!("packages.install = [\"app\"]\npackages.debconf = [{{ {item} }}]");
    let served = debian(&[], &profile);
    served.space.ok(&["lock", "--trust-folder"]);
    assert_snapshot!(served.run(&["plan", "--trust-folder"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[no-answer]: the environment variable `ISOPLUG_NO_SUCH` has no answer of one line
      --> isoplug.toml:14:21
       |
    14 | packages.debconf = [{ package = "app", question = "app/x", type = "password", env = "ISOPLUG_NO_SUCH" }]
       |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: set it: ISOPLUG_NO_SUCH=… isoplug build
    "#);
    let served = debian(&[], &profile.replace("package = \"app\"", "package = \"tool\""));
    assert!(served.run(&["lock", "--trust-folder"]).contains("warning[unasked-answer]"));
}
