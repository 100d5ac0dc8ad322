//! `isoplug run`: what it says when there is nothing to boot. What boots is in `test`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::require;
use isoplug_tests::space::Space;

const TWO: &str = r#"[image]
name = "stick"

[profiles.a]
extends = "isoplug:minimal"

[profiles.b]
extends = "isoplug:rescue"
"#;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["run", "--help"]), @r"
    Boot the ISO in QEMU

    Usage: isoplug run [OPTIONS] [FOLDER]
    ");
}

#[test]
fn one_profile_must_be_chosen() {
    let space = Space::with_manifest(TWO);
    assert_snapshot!(space.run(&["run"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there are several profiles
      try: --profile with one of a, b
    ");
    assert_snapshot!(space.run(&["run", "-p", "c"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no profile `c`
      try: one of its profiles: a, b
    ");
    assert_snapshot!(space.run(&["run", "-p", "a", "--offline"]), @r"
    exit: 1
    --- stdout
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `a`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    resolving a for amd64
    error: cannot read the sources of a
      because: offline, and dists/trixie/InRelease is not in the cache
      try: run it once without --offline to fill the store
    ");
}

#[test]
fn an_iso_that_is_not_there() {
    let space = Space::new();
    assert_snapshot!(space.run(&["run", "--iso", "nowhere.iso"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: nowhere.iso is not there
      try: name an ISO, or leave --iso out to build one
    ");
    std::fs::create_dir(space.path("folder")).unwrap();
    assert_snapshot!(space.run(&["run", "--iso", "folder"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: folder is not a file
      try: name an ISO, or leave --iso out to build one
    ");
}

#[test]
fn no_qemu() {
    let space = Space::new();
    space.write("any.iso", "");
    let output =
        space.command(&["run", "--iso", "any.iso"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    booting any.iso
    error: QEMU could not be started
      because: qemu-system-x86_64 was not found: install qemu-system-x86 (Debian, Ubuntu, Arch) or qemu-system-x86-core (Fedora)
      try: `isoplug doctor --test` tells what is missing
    ");
}

/// Copies a file of the shared folder there, and ends the machine.
const COPIES: &str = r#"
image.name = "shares"
[sources.debian]
suite = "trixie"
[profiles.shares]
extends = "isoplug:minimal"
root.locked = true
systemd.units."copy.service".text = """
[Unit]
RequiresMountsFor=/mnt/share
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cp /mnt/share/word /mnt/share/seen; systemctl poweroff --no-block'
[Install]
WantedBy=multi-user.target
"""
"#;

#[test]
fn a_shared_folder_is_read_and_written() {
    let qemu = std::process::Command::new("qemu-system-x86_64").arg("--version").output();
    require!(qemu.is_ok(), "there is no qemu-system-x86_64");
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::with_manifest(COPIES);
    std::os::unix::fs::symlink(minimal.store_path(), space.path("store")).unwrap();
    space.write("notes/word", "hello\n");
    let run = ["run", "-q", "--firmware", "bios", "--share", "notes", "--share-writable"];
    space.ok(&run);
    assert_eq!(space.read("notes/seen"), "hello\n");
}

#[test]
fn folders_and_disks_that_cannot_be() {
    let space = Space::new();
    space.write("any.iso", "");
    space.write("disk.qcow2", "no such thing");
    std::fs::write(space.path("disk"), b"QFI\xfb").unwrap();
    let run = |arguments: &[&str]| space.run(&[&["run", "--iso", "any.iso"], arguments].concat());
    assert_snapshot!(run(&["--share", "nowhere"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: nowhere is not a folder
      try: name the folder that the image is to see
    ");
    assert_snapshot!(run(&["--disk", "disk.qcow2"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot use the disk disk.qcow2: it is not in the format qcow2
      try: `truncate -s 8G FILE` makes an empty one
    ");
    assert_snapshot!(run(&["--disk", "disk"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot use the disk disk: it is in the format qcow2 and not called so
      try: `truncate -s 8G FILE` makes an empty one
    ");
    assert!(run(&["--share-writable"]).contains("--share <DIR>"), "it is of no use alone");
    assert!(run(&["--snapshot"]).contains("--disk <FILE>"), "it is of no use alone");
}

#[test]
fn mistakes_of_typing() {
    let space = Space::with_manifest(TWO);
    assert_snapshot!(space.run(&["run", "--firmware", "efi"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'efi' for '--firmware <FIRMWARE>'
      [possible values: bios, uefi, secure-boot]

      tip: a similar value exists: 'uefi'

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["run", "--medium", "floppy"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'floppy' for '--medium <MEDIUM>'
      [possible values: cd, usb]

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["run", "--ssh-port", "99999"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value '99999' for '--ssh-port <PORT>': 99999 is not in 0..=65535

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["run", "--memory", "lots"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'lots' for '--memory <MEMORY>': invalid digit found in string

    For more information, try '--help'.
    ");
}
