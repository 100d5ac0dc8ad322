//! What a boot, a compression and GRUB can take is known before anything is built.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use support::messages;

/// A profile that installs something, so that it draws no warning of its own.
fn one(line: &str) -> String {
    messages(&format!("{line}\npackages.install = [\"vim\"]"))
}

/// A boot is logged in to once; tests that never meet in a boot may do it as they like.
#[test]
fn who_logs_in_for_a_test() {
    let tests = |first: &str, second: &str| {
        let login = |user: &str, more: &str| {
            format!("{{ login = {{ user = \"{user}\", password = \"a\" }}{more} }}")
        };
        one(&format!(
            "tests = [{}, {}]\nusers = {{ ada = {{}}, bob = {{}} }}",
            login("ada", first),
            login("bob", second)
        ))
    };
    assert_snapshot!(tests("", ", media = [\"usb\"]"), @r"
    isoplug.toml:3:56: error[two-logins]: two tests log in to the same boot, which is done once
      help: give each its own `firmware` or `media`
    ");
    assert_eq!(tests(", media = [\"cd\"]", ", media = [\"usb\"]"), "");
    assert_eq!(tests(", firmware = [\"bios\"]", ", firmware = [\"uefi\"]"), "");
    let twice = "tests = [{ login = { user = \"root\", password = \"a\" } }, { run = \"b\", login = { user = \"root\", password = \"a\" } }]";
    assert_eq!(one(twice), "");
}

#[test]
fn levels_are_those_of_the_compression() {
    let level = |level: u32, more: &str| one(&format!("squashfs.level = {level}\n{more}"));
    for (number, more) in [
        (1, ""),
        (22, ""),
        (0, "squashfs.preset = \"small\""),
        (9, "squashfs.compression = \"gzip\""),
    ] {
        assert_eq!(level(number, more), "", "{number} {more}");
    }
    assert_snapshot!(level(0, ""), @"isoplug.toml:3:18: error[no-level]: zstd has no level 0, only 1 to 22");
    assert_snapshot!(level(10, "squashfs.preset = \"small\""), @"isoplug.toml:3:18: error[no-level]: xz has no level 10, only 0 to 9");
    assert_snapshot!(level(22, "squashfs.compression = \"gzip\""), @"isoplug.toml:3:18: error[no-level]: gzip has no level 22, only 1 to 9");
    assert_snapshot!(level(3, "squashfs.compression = \"lz4\""), @"isoplug.toml:3:18: warning[no-level]: the level does nothing: the compression `lz4` has none");
}

/// GRUB reads the timeout as a number with a sign, and waits for ever for one below zero.
#[test]
fn a_timeout_is_one_that_grub_can_wait() {
    assert_eq!(one("boot.timeout = 2147483647"), "");
    assert_snapshot!(one("boot.timeout = 2147483648"), @"isoplug.toml:3:16: error[out-of-range]: found 2147483648, expected an integer from 0 to 2147483647");
}
