//! Mistakes of a profile, drawn on their lines.

use super::*;

#[test]
fn several_mistakes_at_once() {
    assert_snapshot!(with("networking.hostnam = \"x\"\nboot.timeout = \"long\"\niso.volume-id = \"This is far too long for a volume of ISO 9660\"\nsquashfs.compression = \"zst\""), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-key]: there is no key `hostnam` here
     --> isoplug.toml:7:12
      |
    7 | networking.hostnam = "x"
      |            ^^^^^^^
      |
      = help: did you mean `hostname`?

    error[wrong-type]: found a string, expected an integer
     --> isoplug.toml:8:16
      |
    8 | boot.timeout = "long"
      |                ^^^^^^

    error[volume-id]: the volume id has 45 characters, 32 fit
     --> isoplug.toml:9:17
      |
    9 | iso.volume-id = "This is far too long for a volume of ISO 9660"
      |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: at most 32 of `A-Z`, `0-9` and `_`

    error[unknown-value]: found "zst", expected one of "zstd", "xz", "gzip", "lz4", "none"
      --> isoplug.toml:10:24
       |
    10 | squashfs.compression = "zst"
       |                        ^^^^^
       |
       = help: did you mean `zstd`?
    "#);
}

#[test]
fn a_bad_host_name() {
    let text =
        GOOD.replace("\"stick\"\n\"", "").replace("hostname = \"stick\"", "hostname = \"a_b.\"");
    assert_snapshot!(check(&text), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-hostname]: "a_b." cannot be a host name
     --> isoplug.toml:6:23
      |
    6 | networking.hostname = "a_b."
      |                       ^^^^^^
      |
      = help: letters, digits and inner hyphens, at most 64 of them
    "#);
}

#[test]
fn two_values_of_equal_strength() {
    let space = Space::with_manifest(&GOOD.replace(
        "extends = \"isoplug:minimal\"\nnetworking.hostname = \"stick\"",
        "include = [\"a.toml\", \"b.toml\"]",
    ));
    space.write("a.toml", "networking.hostname = \"one\"\n");
    space.write("b.toml", "\n\nnetworking.hostname = \"two\"\n");
    assert_snapshot!(space.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[conflict]: `networking.hostname` has two different values
     --> b.toml:3:23
      |
    3 | networking.hostname = "two"
      |                       ^^^^^ "two" here
      |
     ::: a.toml:1:23
      |
    1 | networking.hostname = "one"
      |                       ----- "one" here
      |
      = help: say which one holds with `{ force = … }`, or give way with `{ fallback = … }`
    "#);
}

#[test]
fn a_key_that_is_only_an_example() {
    assert_snapshot!(with("services.openssh.enable = true\nusers.me.authorized-keys = [\"ssh-ed25519 AAAA... me@example\"]"), @r#"
    exit: 0
    --- stdout
    --- stderr
    warning[placeholder]: this SSH key is a placeholder: nobody can log in with it
     --> isoplug.toml:8:29
      |
    8 | users.me.authorized-keys = ["ssh-ed25519 AAAA... me@example"]
      |                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: put the line of your `.pub` file here
    isoplug.toml is fine: rescue
    "#);
}

#[test]
fn files_that_are_not_there() {
    assert_snapshot!(with("files = [{ target = \"/etc/motd\", source = \"motd.txt\" }]"), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unreadable-file]: there is no file motd.txt
     --> isoplug.toml:7:10
      |
    7 | files = [{ target = "/etc/motd", source = "motd.txt" }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
    assert_snapshot!(check(&GOOD.replace("isoplug:minimal", "base.toml")), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-profile]: there is no profile `base.toml`
     --> isoplug.toml:5:11
      |
    5 | extends = "base.toml"
      |           ^^^^^^^^^^^
      |
      = help: known: rescue, isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target
    "#);
    assert_snapshot!(check(&GOOD.replace("isoplug:minimal", "isoplug:minimul")), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-profile]: there is no profile `isoplug:minimul`
     --> isoplug.toml:5:11
      |
    5 | extends = "isoplug:minimul"
      |           ^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `isoplug:minimal`?
    "#);
}

#[test]
fn each_profile_is_read() {
    let space = Space::with_manifest(&format!(
        "{GOOD}[profiles.b]\nextends = \"isoplug:minimal\"\nnetworking.x = 1\n[profiles.c]\nextends = \"isoplug:rescue\"\nboot.y = 1\n"
    ));
    assert_snapshot!(space.run(&["check"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-key]: there is no key `x` here
     --> isoplug.toml:9:12
      |
    9 | networking.x = 1
      |            ^
      |
      = help: known here: `backend`, `dhcp`, `hostname`, `interfaces`, `nameservers`, `wifi`, `wifi-country`
    error[unknown-key]: there is no key `y` here
      --> isoplug.toml:12:6
       |
    12 | boot.y = 1
       |      ^
       |
       = help: known here: `bios`, `kernel-params`, `loader`, `menu`, `secure-boot`, `serial`, `timeout`, `uefi`
    ");
    assert_snapshot!(space.run(&["check", "-p", "rescue"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.toml is fine: rescue
    ");
}
