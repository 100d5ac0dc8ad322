//! `isoplug doctor`: what this machine lacks. What it says of broken machines is in `bad_input`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["doctor", "--help"]), @r"
    Tell what this machine lacks, and how to get it

    Usage: isoplug doctor [OPTIONS]
    ");
}

/// A machine is either good, or lacks something that a line names, with what to try below it.
#[test]
fn it_passes_or_says_what_is_missing() {
    let space = Space::new();
    for arguments in [&["doctor"][..], &["doctor", "--test"], &["doctor", "--quiet"]] {
        let text = space.run(arguments);
        let missing = text.lines().filter(|line| line.starts_with("missing  ")).count();
        let tries = text.lines().filter(|line| line.starts_with("         try: ")).count();
        let code = if missing == 0 { "exit: 0" } else { "exit: 6" };
        assert!(text.starts_with(code) && tries >= missing, "{text}");
        assert!(text.contains("ok       the store [DIR]/store can be written"), "{text}");
        assert!(text.contains("QEMU can boot"), "{text}");
    }
}

/// What images for another processor take beside this machine's own.
#[test]
fn another_architecture() {
    let arch = if cfg!(target_arch = "aarch64") { "amd64" } else { "arm64" };
    let text = Space::new().run(&["doctor", "--arch", arch]);
    let line = text.lines().find(|line| line.ends_with(&format!("  programs of {arch} run")));
    let is_there = std::path::Path::new("/usr/bin").join(emulator(arch)).exists();
    let line = line.unwrap_or_else(|| panic!("{text}"));
    assert!(line.starts_with(if is_there { "ok " } else { "missing " }), "{text}");
    assert!(is_there || text.contains("install the package qemu-user-static"), "{text}");
    assert!(text.contains(&format!("QEMU can boot {arch} with uefi")), "{text}");
    assert_eq!(text.contains("with bios"), arch == "amd64", "{text}");
}

fn emulator(arch: &str) -> &'static str {
    if arch == "arm64" { "qemu-aarch64-static" } else { "qemu-x86_64-static" }
}

#[test]
fn a_store_that_cannot_be_used() {
    let space = Space::new();
    space.write("store", "");
    let text = space.run(&["doctor"]);
    assert!(text.starts_with("exit: 6"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("store")).collect();
    assert_snapshot!(lines.join("\n"), @r"
    missing  cannot keep the store in [DIR]/store: it is not a folder
             try: name another folder with --store DIR or ISOPLUG_STORE
    ");
}

/// Everything that a machine can be asked for, without QEMU and its firmware.
#[test]
fn no_qemu() {
    let space = Space::new();
    let text = |arguments: &[&str]| {
        let output = space.command(arguments).env("PATH", "/nonexistent").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.contains("QEMU")).collect();
        format!("exit: {}\n{}", output.status.code().unwrap(), lines.join("\n"))
    };
    assert_snapshot!(text(&["doctor", "--test"]), @r"
    exit: 6
    missing  QEMU can boot amd64 with bios
             try: qemu-system-x86_64 was not found: install qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)
    missing  QEMU can boot amd64 with uefi
             try: qemu-system-x86_64 was not found: install qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)
    missing  QEMU can boot amd64 with secure-boot
             try: qemu-system-x86_64 was not found: install qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)
    ");
}
