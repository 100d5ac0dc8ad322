//! Boots the minimal example in every way that it supports, and an image that breaks its promise.

#![cfg(test)]

use std::fs;
use std::process::Command;

use isoplug_tests::real::{self, Example, events, stages_that_ran};
use isoplug_tests::require;

#[test]
fn the_minimal_example_keeps_its_promises_everywhere() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let text = built.space.ok(&["test", "--junit", "junit.xml", "--report", "report.json"]);
    for way in ["bios-cd", "bios-usb", "uefi-cd", "uefi-usb", "secure-boot-cd", "secure-boot-usb"] {
        assert!(text.contains(&format!("pass {way} ")), "{way}:\n{text}");
    }
    for promise in
        ["hostname is rescue", "user installer", "unit ssh.service is active", "file /etc/motd"]
    {
        assert_eq!(text.matches(promise).count(), 6, "{promise}:\n{text}");
    }
    let report: serde_json::Value = serde_json::from_str(&built.space.read("report.json")).unwrap();
    assert_eq!(report["combos"].as_array().unwrap().len(), 6);
    let junit = built.space.read("junit.xml");
    assert!(junit.contains("failures=\"0\"") && junit.contains("secure-boot-usb"), "{junit}");
    // A test that passed is not run again.
    assert_eq!(stages_that_ran(&events(&built.space, &["test"])), Vec::<String>::new());
}

#[test]
fn a_broken_promise_is_found_and_shown() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let built = real::minimal();
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let broken = manifest.replace("systemctl is-system-running --wait", "test -e /nowhere");
    example.space.write("isoplug.toml", &broken);
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    // What decides the image is the same, so its artifacts serve.
    let example = Example { space: example.space.env("ISOPLUG_STORE", &built.store_path()) };
    let said = example.space.run(&["test", "--firmware", "bios", "--medium", "cd"]);
    assert!(said.starts_with("exit: 5\n"), "{said}");
    assert!(said.contains("FAIL nothing failed"), "{said}");
    let folder = example.path("out/minimal-2026.11-amd64.test");
    let log = fs::read_to_string(folder.join("bios-cd.log")).unwrap();
    assert!(log.contains("Linux version"), "the serial log is kept");
    assert!(folder.join("bios-cd.png").exists(), "the screen is kept");
}

fn has_qemu() -> bool {
    Command::new("qemu-system-x86_64").arg("--version").output().is_ok()
}
