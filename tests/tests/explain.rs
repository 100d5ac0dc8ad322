//! `isoplug explain`: who set an option, and what a stage depends on.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};
use isoplug_tests::space::Space;

const MANIFEST: &str = r#"[image]
name = "stick"

[profiles.rescue]
extends = "isoplug:minimal"
networking.hostname = "stick"
packages.install = ["vim"]
"#;

fn explain(arguments: &[&str]) -> String {
    Space::with_manifest(MANIFEST).run(&[&["explain"], arguments].concat())
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["explain", "--help"]), @r"
    Tell who set an option and whom it beat, or what a stage depends on and why it would run

    Usage: isoplug explain [OPTIONS] <SUBJECT> [FOLDER]
    ");
}

#[test]
fn what_stands_outside_of_profiles() {
    let said = |path| Space::with_manifest(MANIFEST).ok(&["explain", path]);
    let name = said("image.name");
    assert!(name.starts_with("image.name = \"stick\"\n  The name, first part of"), "{name}");
    assert!(name.ends_with("\n  set at:  isoplug.toml:2:8"), "{name}");
    let image = said("image");
    assert!(image.contains("image.name = \"stick\"  # isoplug.toml:2:8"), "{image}");
    assert!(image.contains("image.description = \"\"  # default"), "{image}");
    let sources = explain(&["sources.mine"]);
    assert!(sources.contains("there is no option `sources.mine`"), "{sources}");
}

/// A manifest that names no source has Debian's, and a table in which nothing is says so.
#[test]
fn what_nobody_wrote() {
    let said = |path| Space::with_manifest(MANIFEST).ok(&["explain", path]);
    for path in ["sources", "sources.debian"] {
        let sources = said(path);
        assert!(sources.contains("sources.debian.suite = \"trixie\"  # default"), "{sources}");
    }
    assert!(said("sources.debian.suite").starts_with("sources.debian.suite = \"trixie\"\n"));
    for path in ["users", "kernel.sysctl", "plugins"] {
        assert_eq!(said(path).trim_end(), format!("{path} = {{}}  # default"));
    }
}

#[test]
fn an_option() {
    assert_snapshot!(explain(&["networking.hostname"]), @r#"
    exit: 0
    --- stdout
    networking.hostname = "stick"
      The host name.
      type:    a string
      default: "localhost"
      set by:  "stick" at isoplug.toml:6:23
      beats:   "isoplug" (fallback) at isoplug:minimal:28:36
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    "#);
    assert_snapshot!(explain(&["boot.timeout"]), @r"
    exit: 0
    --- stdout
    boot.timeout = 5
      Seconds until the menu boots its first entry, or that of `boot.menu.default`; 0 boots at once.
      type:    an integer
      default: 5
      nobody set it
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    ");
    assert_snapshot!(explain(&["packages.install"]), @r#"
    exit: 0
    --- stdout
    packages.install = ["apt","dbus","initramfs-tools","iproute2","kmod","libpam-systemd","live-boot","login","mount","passwd","procps","systemd-sysv","tzdata","udev","zstd","vim"]
      The packages to install, with what they depend on: `name` or `name:architecture`, where the architecture is that
      of the image or one of `packages.architectures`. As with apt, `name=8.4-1` asks for a version (`name=8.4*` for one
      that begins so), and `name/trixie-backports` for the suite to take it from, which a source must have.
      type:    a list
      default: []
      item:    "apt" at isoplug:minimal:8:3
      item:    "dbus" at isoplug:minimal:9:3
      item:    "initramfs-tools" at isoplug:minimal:10:3
      item:    "iproute2" at isoplug:minimal:11:3
      item:    "kmod" at isoplug:minimal:12:3
      item:    "libpam-systemd" at isoplug:minimal:13:3
      item:    "live-boot" at isoplug:minimal:14:3
      item:    "login" at isoplug:minimal:15:3
      item:    "mount" at isoplug:minimal:16:3
      item:    "passwd" at isoplug:minimal:17:3
      item:    "procps" at isoplug:minimal:18:3
      item:    "systemd-sysv" at isoplug:minimal:19:3
      item:    "tzdata" at isoplug:minimal:20:3
      item:    "udev" at isoplug:minimal:21:3
      item:    "zstd" at isoplug:minimal:22:3
      item:    "vim" at isoplug.toml:7:21
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    "#);
}

#[test]
fn a_table_of_options() {
    assert_snapshot!(explain(&["networking"]), @r#"
    exit: 0
    --- stdout
    networking.backend = "networkd"  # isoplug:minimal:29:35
    networking.dhcp = true  # isoplug:minimal:30:32
    networking.hostname = "stick"  # isoplug.toml:6:23
    networking.interfaces = {}  # default
    networking.nameservers = []  # default
    networking.wifi = {}  # default
    networking.wifi-country = (nothing)  # default
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    "#);
}

#[test]
fn what_is_no_option() {
    assert_snapshot!(explain(&["networking.hostnam"]), @r"
    exit: 2
    --- stdout
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    error: there is no option `networking.hostnam`
      try: `networking.hostname`
      try: `isoplug schema --reference` lists every option
    ");
    assert_snapshot!(explain(&["zzz"]), @r"
    exit: 2
    --- stdout
    --- stderr
    warning[nobody-logs-in]: nobody can log in to an image of profile `rescue`
      help: give a user `authorized-keys` with `services.openssh.enable`, or a `hashed-password`, or set `services.getty.autologin-user`; if it is meant, say `root.locked = true`
    error: there is no option `zzz`
      try: `isoplug schema --reference` lists every option
    ");
    assert_snapshot!(explain(&["networking.hostname", "-p", "resuce"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no profile `resuce`
      try: `rescue`
      try: one of its profiles: rescue
    ");
    assert_snapshot!(explain(&["networking.hostname", "nowhere"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no folder nowhere
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    assert_snapshot!(explain(&["networking.hostname", "--why"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --stage

    Usage: isoplug explain --stage --why <SUBJECT> [FOLDER]

    For more information, try '--help'.
    ");
    assert_snapshot!(explain(&[]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <SUBJECT>

    Usage: isoplug explain <SUBJECT> [FOLDER]

    For more information, try '--help'.
    ");
}

#[test]
fn a_stage() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    assert_snapshot!(served.run(&["explain", "--stage", "squashfs"]), @r#"
    exit: 0
    --- stdout
    rootfs         rootfs of rootfs, not made yet
    codec          {"codec":"zstd","level":7}
    compressor     "1.5.7 1"
    block-size     1048576
    exclude        []
    epoch          1795227046
    --- stderr
    "#);
    assert_snapshot!(served.run(&["explain", "--stage", "squahsfs"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no stage `squahsfs`
      try: one of the stages: fetch 0, fetch 1, fetch boot, base, packages 1, settled, kernel, localisation, kernel-modules, network, users, first-boot, services, files, live, initrd inputs, initrd files, initrd, rootfs, squashfs, loaders, boot, iso, sha512 0, sha512 1, sha512 boot, inventory, papers, secrets
    ");
    assert_snapshot!(served.run(&["explain", "--stage", "fetch boot", "--why"]), @r"
    exit: 0
    --- stdout
    nothing to compare: it ran with no other inputs before
    --- stderr
    ");
    assert!(served.run(&["build"]).starts_with("exit: 1"));
    let mut newer = packages();
    newer.retain(|package| package.fields["Package"] != "base");
    newer.push(Package::new("base", "2").field("Essential", "yes"));
    served.publish(&newer);
    served.space.ok(&["update"]);
    assert_snapshot!(served.run(&["explain", "--stage", "fetch 0", "--why"]), @r#"
    exit: 0
    --- stdout
    value `packages` changed
      - {"architecture":"all","name":"base","path":"pool/main/base_1_all.deb","sha256":"[SHA256]","size":600,"source":"tiny","version":"1"}
      + {"architecture":"all","name":"base","path":"pool/main/base_2_all.deb","sha256":"[SHA256]","size":596,"source":"tiny","version":"2"}
    --- stderr
    "#);
}
