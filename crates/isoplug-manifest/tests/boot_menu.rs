//! The boot menu: entries of one's own, which one boots by itself, and what is told.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use support::{messages, profile};

fn told(lines: &str) -> String {
    messages(&format!("packages.install = [\"vim\"]\n{lines}"))
}

#[test]
fn own_entries_come_after_those_of_parts() {
    let lines = "packages.install = [\"vim\"]\nlive.persistence.enable = true\n\
        boot.menu.entries = [{ name = \"debug\", label = \"with much talk\", kernel-params = [\"debug\"], submenu = \"More\" }]\n\
        boot.menu.default = \"persistence\"";
    let system = profile(lines).unwrap_or_else(|found| panic!("{:?}", found.list));
    let mut names: Vec<&str> = system.needs.menu.iter().map(|entry| &*entry.what.id).collect();
    names.sort_unstable();
    assert_eq!(names, ["debug", "persistence"]);
    let entry = system.needs.menu.iter().find(|entry| entry.what.id == "debug").unwrap();
    assert_eq!(entry.what.submenu.as_deref(), Some("More"));
    assert_eq!(entry.what.params, ["debug"]);
}

#[test]
fn a_default_that_is_not_offered() {
    assert_snapshot!(told("boot.menu.default = \"copy-to-ram\""), @r"
    isoplug.toml:4:21: error[unknown-entry]: the menu has no entry `copy-to-ram`
      help: set `boot.menu.copy-to-ram`
    ");
    assert_snapshot!(told("boot.menu.default = \"liv\""), @r"
    isoplug.toml:4:21: error[unknown-entry]: the menu has no entry `liv`
      help: did you mean `live`?
    ");
    assert_eq!(told("boot.menu = { default = \"copy-to-ram\", copy-to-ram = true }"), "");
}

#[test]
fn names_and_hashes_that_cannot_be() {
    let entry =
        |name: &str| told(&format!("boot.menu.entries = [{{ name = \"{name}\", label = \"x\" }}]"));
    assert_snapshot!(entry("live"), @r"
    isoplug.toml:4:22: error[taken-name]: the menu has an entry `live` already
      help: choose another name
    ");
    assert_snapshot!(entry("a b"), @r#"
    isoplug.toml:4:31: error[bad-name]: "a b" cannot be the name of a menu entry
      help: letters, digits, `-` and `_`
    "#);
    assert_snapshot!(told("boot.menu.hashed-password = \"secret\""), @r"
    isoplug.toml:4:29: error[bad-hash]: this is not a password hash of GRUB's
      help: make one with `grub-mkpasswd-pbkdf2`, and copy all from `grub.pbkdf2` on
    ");
    assert_snapshot!(told("boot.menu = { text-mode = true, background = \"a.png\" }"), @"isoplug.toml:4:27: warning[idle-option]: in text mode GRUB draws neither a picture nor a theme");
}
