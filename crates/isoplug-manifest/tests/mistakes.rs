//! Every mistake draws a message that says what is wrong, where, and what to try.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use proptest::prelude::*;
use support::{messages, messages_of, messages_with};

/// A profile that installs something, so that it draws no warning of its own.
fn one(line: &str) -> String {
    messages(&format!("{line}\npackages.install = [\"vim\"]"))
}

#[test]
fn syntax() {
    assert_snapshot!(one("networking.hostname = \"a"), @r#"isoplug.toml:3:25: error[syntax]: invalid basic string, expected `"`"#);
    assert_snapshot!(one("iso = { max-size = \"1G\" }\niso.volume-id = \"A\""), @r"
    isoplug.toml:4:1: error[syntax]: cannot extend value of type inline table with a dotted key
      help: TOML cannot add to `a = { b = 1 }` further down; write it as `a.b = 1`
    ");
    assert_snapshot!(one("squashfs.level = 99999999999999999999"), @"isoplug.toml:3:18: error[syntax]: this number does not fit into 64 bits");
}

#[test]
fn unknown_keys() {
    assert_snapshot!(one("networking.hostnam = \"a\""), @r"
    isoplug.toml:3:12: error[unknown-key]: there is no key `hostnam` here
      help: did you mean `hostname`?
    ");
    assert_snapshot!(one("zzz = 1"), @r"
    isoplug.toml:3:1: error[unknown-key]: there is no key `zzz` here
      help: known here: `boot`, `desktop`, `drivers`, `files`, `firmware`, `initrd`, `install`, `iso`, `kernel`, `kiosk`, `licences`, `live`, `localisation`, `microcode`, `networking`, `packages`, `plugins`, `root`, `scripts`, `secrets`, `security`, `services`, `squashfs`, `systemd`, `tests`, `users`, `vulnerabilities`
    ");
    assert_snapshot!(one("files = [{ target = \"/a\", txt = \"\" }]"), @r"
    isoplug.toml:3:27: error[unknown-key]: there is no key `txt` here
      help: did you mean `text`?
    ");
    assert_snapshot!(messages_with("image.name = \"t\"\nprofile.p = {}", &[]), @r"
    error[unknown-profile]: there is no profile `p`
      help: known: isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target
    isoplug.toml:2:1: error[unknown-key]: there is no key `profile` here
      help: did you mean `profiles`?
    ");
}

#[test]
fn wrong_types() {
    assert_snapshot!(one("networking.hostname = 7"), @"isoplug.toml:3:23: error[wrong-type]: found an integer, expected a string");
    assert_snapshot!(one("packages.remove = \"vim\""), @r#"
    isoplug.toml:3:19: error[wrong-type]: found a string, expected a list
      help: write ["vim"]
    "#);
    assert_snapshot!(one("microcode = { force = \"yes\" }"), @r"
    isoplug.toml:3:23: error[wrong-type]: found a string, expected a boolean
      help: write true
    ");
    assert_snapshot!(one("users = []"), @"isoplug.toml:3:9: error[wrong-type]: found a list, expected a table");
    assert_snapshot!(one("boot.timeout = 1979-05-27"), @"isoplug.toml:3:16: error[wrong-type]: found a datetime, expected an integer");
    assert_snapshot!(one("boot.timeout = -1"), @"isoplug.toml:3:16: error[out-of-range]: found -1, expected an integer from 0 to 2147483647");
}

#[test]
fn unknown_words() {
    assert_snapshot!(one("squashfs.compression = \"zst\""), @r#"
    isoplug.toml:3:24: error[unknown-value]: found "zst", expected one of "zstd", "xz", "gzip", "lz4", "none"
      help: did you mean `zstd`?
    "#);
    assert_snapshot!(one("tests = [{ run = \"true\", media = [\"floppy\"] }]"), @r#"isoplug.toml:3:35: error[unknown-value]: found "floppy", expected one of "cd", "usb""#);
}

#[test]
fn what_an_iso_cannot_is_said_where_it_is_asked_for() {
    assert_snapshot!(one("boot.loader = \"extlinux\""), @r#"
    isoplug.toml:3:15: error[unknown-value]: found "extlinux", expected one of "none", "grub"
      help: boards that start U-Boot or firmware of their own (extlinux, Raspberry Pi) need an image of a disk, not an ISO; with firmware of UEFI on it, a board boots the ISO for arm64
    "#);
    assert_snapshot!(one("boot.loader.generic-extlinux-compatible.enable = true"), @r#"
    isoplug.toml:3:6: error[wrong-type]: found a table, expected one of "none", "grub"
      help: boards that start U-Boot or firmware of their own (extlinux, Raspberry Pi) need an image of a disk, not an ISO; with firmware of UEFI on it, a board boots the ISO for arm64
    "#);
}

#[test]
fn missing_keys() {
    assert_snapshot!(one("files = [{ text = \"\" }]"), @"isoplug.toml:3:10: error[missing-key]: `target` is missing");
    assert_snapshot!(messages_with("[image]\n[profiles.p]", &[]), @"isoplug.toml:1:1: error[missing-key]: `name` is missing");
    assert_snapshot!(messages_with("[sources.debian]", &[]), @r"
    error[unknown-profile]: there is no profile `p`
      help: known: isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target
    isoplug.toml:1:1: error[missing-key]: `image` is missing
    isoplug.toml:1:1: error[missing-key]: `suite` is missing
    ");
}

#[test]
fn several_at_once() {
    assert_snapshot!(one("microcod = true\nboot.bios = 1\nnetworking.hostname = \"-a\""), @r#"
    isoplug.toml:3:1: error[unknown-key]: there is no key `microcod` here
      help: did you mean `microcode`?
    isoplug.toml:4:13: error[wrong-type]: found an integer, expected a boolean
    isoplug.toml:5:23: error[bad-hostname]: "-a" cannot be a host name
      help: letters, digits and inner hyphens, at most 64 of them
    "#);
}

#[test]
fn conflicts() {
    let text = "image.name = \"t\"\n[profiles.base]\nnetworking.hostname = \"a\"\n\
        [profiles.p]\nextends = \"base\"\npackages.install = [\"vim\"]\nnetworking.hostname = \"b\"";
    assert_snapshot!(messages_with(text, &[]), @r#"
    isoplug.toml:7:23: error[conflict]: `networking.hostname` has two different values
      isoplug.toml:7:23: "b" here
      isoplug.toml:3:23: "a" here
      help: say which one holds with `{ force = … }`, or give way with `{ fallback = … }`
    "#);
}

#[test]
fn strengths() {
    assert_snapshot!(one("microcode = { force = { fallback = true } }"), @"isoplug.toml:3:23: error[strength]: `fallback` inside `force`");
    assert_snapshot!(one("networking = { force = { hostname = \"a\", domain = \"b\" } }"), @r"
    isoplug.toml:3:42: error[unknown-key]: there is no key `domain` here
      help: known here: `backend`, `dhcp`, `hostname`, `interfaces`, `nameservers`, `wifi`, `wifi-country`
    ");
}

#[test]
fn profiles() {
    assert_snapshot!(one("extends = \"isoplug:minimum\""), @r"
    isoplug.toml:3:11: error[unknown-profile]: there is no profile `isoplug:minimum`
      help: did you mean `isoplug:minimal`?
    ");
    assert_snapshot!(one("extends = [\"q\", 3]"), @r"
    isoplug.toml:3:12: error[unknown-profile]: there is no profile `q`
      help: known: p, isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target
    isoplug.toml:3:17: error[wrong-type]: found an integer, expected a string
    ");
    assert_snapshot!(messages_with("image.name = \"t\"\n[profiles.q]", &[]), @r"
    error[unknown-profile]: there is no profile `p`
      help: known: q, isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target
    ");
}

#[test]
fn profiles_that_cannot_be_one() {
    assert_snapshot!(
        messages_with(
            "image.name = \"t\"\n[profiles.p]\nextends = \"q\"\n[profiles.q]\nextends = \"p\"",
            &[]
        ),
        @"isoplug.toml:5:11: error[circle]: profile `p` -> profile `q` -> profile `p` goes in a circle"
    );
    assert_snapshot!(messages(""), @r#"
    warning[empty-profile]: profile `p` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    "#);
    assert_snapshot!(messages_with("image.name = \"t\"\nprofiles.p = 3", &[]), @"isoplug.toml:2:14: error[wrong-type]: found an integer, expected a table");
}

#[test]
fn includes() {
    assert_snapshot!(one("include = \"a.toml\""), @"isoplug.toml:3:11: error[include]: cannot read `a.toml`: no such file");
    let text = "image.name = \"t\"\n[profiles.p]\ninclude = [\"m/a.toml\"]";
    let circle = [("m/a.toml", "include = [\"b.toml\"]"), ("m/b.toml", "include = \"a.toml\"")];
    assert_snapshot!(messages_with(text, &circle), @"m/b.toml:1:11: error[circle]: file `m/a.toml` -> file `m/b.toml` -> file `m/a.toml` goes in a circle");
    assert_snapshot!(messages_with(text, &[("m/a.toml", "packages.instal = []")]), @r"
    m/a.toml:1:10: error[unknown-key]: there is no key `instal` here
      help: did you mean `install`?
    ");
}

#[test]
fn conditions() {
    assert_snapshot!(one("when.cpu.fast.microcode = true"), @r"
    isoplug.toml:3:6: error[unknown-key]: there is no condition `cpu`
      help: known: `arch`, `profile`, `suite`, `var`
    ");
    assert_snapshot!(one("when.arch.arm64.microcod = true"), @r"
    isoplug.toml:3:17: error[unknown-key]: there is no key `microcod` here
      help: did you mean `microcode`?
    ");
    assert_snapshot!(one("when.arch.amd64 = 3"), @"isoplug.toml:3:19: error[wrong-type]: found an integer, expected a table");
}

fn source(lines: &str) -> String {
    let text = format!(
        "image.name = \"t\"\nprofiles.p.packages.install = [\"vim\"]\n[sources.debian]\n{lines}"
    );
    messages_with(&text, &[])
}

#[test]
fn sources() {
    assert_snapshot!(source("suite = \"trixie\"\npockets = [\"secure\"]"), @r#"
    isoplug.toml:5:12: error[unknown-value]: found "secure", expected one of "updates", "security", "backports"
      help: did you mean `security`?
    "#);
    assert_snapshot!(source("suite = \"trixie\"\nmirrors = [\"deb.debian.org\"]"), @r#"
    isoplug.toml:5:12: error[bad-url]: "deb.debian.org" is not the address of a mirror
      help: `https://HOST/PATH` or `http://HOST/PATH`
    "#);
    assert_snapshot!(source("suite = \"trixie\"\nsnapshot = \"2026-11-20\""), @r#"
    isoplug.toml:5:12: error[bad-snapshot]: "2026-11-20" is not the time stamp of a snapshot
      help: such as `20261120T000000Z`
    "#);
    assert_snapshot!(source("suites = \"trixie\""), @r"
    isoplug.toml:3:1: error[missing-key]: `suite` is missing
    isoplug.toml:4:1: error[unknown-key]: there is no key `suites` here
      help: did you mean `suite`?
    ");
}

proptest! {
    /// Whatever the text, the answer is a system or messages with places, never a panic.
    #[test]
    fn no_text_panics(text in "(\\PC|[\n=\\[\\]{}.\"#]){0,80}", cut in 0..2000_usize, at in 0..2000_usize) {
        messages(&text);
        let whole = include_str!("sketch.toml");
        let cut = whole.floor_char_boundary(cut);
        let at = whole.floor_char_boundary(at);
        let torn = format!("{}{text}{}", &whole[..cut], &whole[at..]);
        let _ = messages_with(&torn.replace("profiles.minimal", "profiles.p"), &[]);
    }
}

fn of_sources(lines: &str) -> String {
    messages_with(
        &format!(
            "image.name = \"t\"\n{lines}\n[profiles.p]\nroot.locked = true\npackages.install = [\"login\"]"
        ),
        &[],
    )
}

#[test]
fn two_distributions() {
    assert_snapshot!(of_sources("[sources.debian]\nsuite = \"trixie\"\n[sources.ubuntu]\nsuite = \"noble\""), @r"
    isoplug.toml:3:9: error[mixed-distributions]: packages of Debian and of Ubuntu cannot be mixed in one image
      isoplug.toml:3:9: Debian here
      isoplug.toml:5:9: Ubuntu here
      help: keep one of them, and for the other make a manifest of its own; somebody else's packages for Debian go into a table [sources.NAME] of another name, with `mirrors` and `keys`
    ");
    let own =
        "[sources.own]\nsuite = \"noble\"\nmirrors = [\"https://acme.example/apt\"]\nkeys = \"x\"";
    assert_eq!(of_sources(&format!("[sources.ubuntu]\nsuite = \"noble\"\n{own}")), "");
    assert_eq!(
        of_sources("[sources.debian]\nsuite = \"trixie\"\n[sources.more]\nsuite = \"sid\""),
        ""
    );
}

#[test]
fn an_architecture_that_a_distribution_lacks() {
    let text = "image.name = \"t\"\n[sources.ubuntu]\nsuite = \"noble\"\n[profiles.p]\nroot.locked = true\n\
        packages.install = [\"login\"]";
    assert_snapshot!(messages_of("arm64", text), @r"
    isoplug.toml:3:9: error[no-architecture]: the mirrors of Ubuntu have amd64, not arm64
      help: build for amd64 with `--arch`, or take Debian, which has arm64; http://ports.ubuntu.com/ubuntu-ports has its packages for others, as `mirrors`, but boot loaders of those are not known
    ");
    let named =
        text.replace("[profiles", "mirrors = [\"http://ports.example/ubuntu-ports\"]\n[profiles");
    assert_eq!(messages_of("arm64", &named), "");
    let text = text.replace("ubuntu", "debian").replace("noble", "trixie");
    assert_eq!(messages_of("arm64", &text), "");
}
