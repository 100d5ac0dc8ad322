//! `isoplug key`: a key that minisign and openssl read as well.
#![cfg(test)]

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_skip::has;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["key", "--help"]), @r"
    Make the key that signs images and plugins, and show its public half

    Usage: isoplug key [OPTIONS] <COMMAND>
    ");
}

#[test]
fn a_key_is_shown_as_minisign_and_as_openssl_know_it() {
    let space = Space::new();
    let line = space.ok(&["key", "generate", "acme.key"]);
    assert!(line.starts_with("RW"), "{line}");
    assert_eq!(space.ok(&["key", "show", "acme.key"]), line);
    assert!(space.read("acme.key.pub").contains(line.trim()));
    let pem = space.ok(&["key", "show", "acme.key", "--pem"]);
    space.write("acme.pem", &pem);
    assert_eq!(space.ok(&["key", "show", "acme.pem", "--pem"]), pem);
    if has("openssl") {
        let read = Command::new("openssl")
            .args(["pkey", "-pubin", "-text_pub", "-noout", "-in"])
            .arg(space.path("acme.pem"))
            .output();
        let read = read.unwrap();
        assert!(String::from_utf8_lossy(&read.stdout).contains("ED25519"), "{read:?}");
    }
}

#[test]
fn a_key_with_a_password_needs_it() {
    let space = Space::new();
    let with = Space::at(space.path("")).env("ISOPLUG_KEY_PASSWORD", "sesame");
    let line = with.ok(&["key", "generate", "acme.key"]);
    assert_eq!(with.ok(&["key", "show", "acme.key"]), line);
    let refused = space.run(&["key", "show", "acme.key"]);
    assert!(refused.contains("acme.key cannot be used: it is encrypted"), "{refused}");
}

#[test]
fn an_old_key_is_never_overwritten() {
    let space = Space::new();
    space.ok(&["key", "generate", "acme.key"]);
    let before = fs::read(space.path("acme.key")).unwrap();
    assert!(space.run(&["key", "generate", "acme.key"]).starts_with("exit: 2"));
    assert_eq!(fs::read(space.path("acme.key")).unwrap(), before);
}
