//! `isoplug check`: every mistake of a manifest is drawn on its line, all in one run.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::space::Space;

const GOOD: &str = r#"image.name = "stick"

[profiles.rescue]
root.locked = true
extends = "isoplug:minimal"
networking.hostname = "stick"
"#;

fn check(manifest: &str) -> String {
    Space::with_manifest(manifest).run(&["check"])
}

/// A manifest with these lines in its profile.
fn with(lines: &str) -> String {
    check(&format!("{GOOD}{lines}\n"))
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["check", "--help"]), @r"
    Read the manifest and show every mistake in it

    Usage: isoplug check [OPTIONS] [FOLDER]
    ");
}

#[test]
fn a_good_manifest() {
    assert_snapshot!(check(GOOD), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.toml is fine: rescue
    ");
    let space = Space::with_manifest(GOOD);
    assert_snapshot!(space.run(&["check", "isoplug.toml", "--quiet"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
    assert_snapshot!(space.run(&["check", "isoplug.toml", "-p", "rescue", "--strict"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.toml is fine: rescue
    ");
    assert!(!space.path("store").exists(), "a check needs no store");
}

#[test]
fn mistakes_of_typing() {
    let space = Space::with_manifest(GOOD);
    assert_snapshot!(space.run(&["chekc"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'chekc'

      tip: some similar subcommands exist: 'schema', 'check'

    Usage: isoplug [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["check", "--stirct"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: unexpected argument '--stirct' found

      tip: a similar argument exists: '--strict'

    Usage: isoplug check --strict [FOLDER]

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["check", "-p", "resuce"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no profile `resuce`
      try: one of its profiles: rescue
    ");
    assert_snapshot!(space.run(&["check", "--arch", "x86_64"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'x86_64' for '--arch <ARCH>'
      [possible values: amd64, arm64]

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["check", "one", "two"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: unexpected argument 'two' found

    Usage: isoplug check [OPTIONS] [FOLDER]

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["check", "--all", "--profile", "rescue"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the argument '--all' cannot be used with '--profile <NAME>'

    Usage: isoplug check --all [FOLDER]

    For more information, try '--help'.
    ");
}

#[test]
fn no_manifest() {
    let space = Space::new();
    assert_snapshot!(space.run(&["check"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no isoplug.toml in this folder
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    assert_snapshot!(space.run(&["check", "nowhere"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no folder nowhere
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    assert_snapshot!(space.run(&["check", "nowhere/isoplug.toml"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no file nowhere/isoplug.toml
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    space.write("empty/x", "");
    assert_snapshot!(space.run(&["check", "empty"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no isoplug.toml in empty
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    std::fs::create_dir(space.path("isoplug.toml")).unwrap();
    assert_snapshot!(space.run(&["check"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot read isoplug.toml
      because: it must be a regular file
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
}

#[test]
fn a_file_that_is_no_manifest() {
    let space = Space::new();
    space.write("empty.toml", "");
    assert_snapshot!(space.run(&["check", "empty.toml"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error[missing-key]: `image` is missing
     --> empty.toml:1:1
      |
    1 |
      | ^
    ");
    std::fs::write(space.path("binary"), [0xff, 0xfe, 0]).unwrap();
    assert_snapshot!(space.run(&["check", "binary"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot read binary
      because: stream did not contain valid UTF-8
      try: name the folder of a manifest, or make one with `isoplug new DIR`
    ");
    space.write("no-profile.toml", "[image]\nname = \"x\"\n");
    assert_snapshot!(space.run(&["check", "no-profile.toml"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: no-profile.toml has no profile
      try: add one, such as:  [profiles.rescue]  extends = "isoplug:minimal"
    "#);
}

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
      = help: known: rescue, isoplug:minimal, isoplug:rescue
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
fn warnings_are_mistakes_if_strict() {
    let space = Space::with_manifest("image.name = \"x\"\nprofiles.empty = {}\n");
    assert_snapshot!(space.run(&["check"]), @r#"
    exit: 0
    --- stdout
    --- stderr
    warning[empty-profile]: profile `empty` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    isoplug.toml is fine: empty
    "#);
    assert_snapshot!(space.run(&["check", "--strict"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    warning[empty-profile]: profile `empty` installs no packages
      help: extend a shipped profile: `extends = "isoplug:minimal"`
    error: there are warnings, which --strict forbids
    "#);
    assert_snapshot!(space.run(&["check", "--quiet"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
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
      = help: known here: `backend`, `dhcp`, `hostname`, `interfaces`, `nameservers`
    error[unknown-key]: there is no key `y` here
      --> isoplug.toml:12:6
       |
    12 | boot.y = 1
       |      ^
       |
       = help: known here: `bios`, `kernel-params`, `menu`, `secure-boot`, `serial`, `timeout`, `uefi`
    ");
    assert_snapshot!(space.run(&["check", "-p", "rescue"]), @r"
    exit: 0
    --- stdout
    --- stderr
    isoplug.toml is fine: rescue
    ");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let space = Space::with_manifest("x = 1\n");
    let text = |arguments: &[&str]| {
        let output = space.command(arguments).env_remove("NO_COLOR").output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(!text(&["check"]).contains('\u{1b}'), "a pipe is no terminal");
    assert!(text(&["check", "--color", "always"]).contains('\u{1b}'));
    assert!(!text(&["check", "--color", "never"]).contains('\u{1b}'));
    assert!(text(&["chek", "--color", "always"]).contains('\u{1b}'), "usage is coloured too");
    assert!(!text(&["chek", "--color", "never"]).contains('\u{1b}'));
}

#[test]
fn a_file_of_the_users_is_a_note() {
    let drawn = with(
        "files = [{ target = \"/etc/hosts\", text = \"127.0.0.1 localhost\\n\" }]\n\
         iso.contents = [{ target = \"/boot/grub/grub.cfg\", text = \"\" }]",
    );
    assert!(drawn.starts_with("exit: 0"), "{drawn}");
    assert!(drawn.contains("/etc/hosts is the manifest's own, in place of what `network` makes"));
    assert!(drawn.contains("/boot/grub/grub.cfg on the medium is the manifest's own"), "{drawn}");
    let space = Space::with_manifest(&format!(
        "{GOOD}files = [{{ target = \"/etc/hosts\", text = \"\" }}]\n"
    ));
    assert!(space.run(&["check", "--strict"]).starts_with("exit: 0"), "notes are no warnings");
    let needed = with("iso.contents = [{ target = \"/boot/vmlinuz\", text = \"\" }]");
    assert!(needed.contains("the medium cannot boot with another /boot/vmlinuz"), "{needed}");
}

#[test]
fn files_of_folders_clash() {
    let check = |files: &str, lines: &str| {
        let space = Space::with_manifest(&format!("{GOOD}files = [{files}]\n{lines}\n"));
        space.write("etc/acme/tool", "#!/bin/sh\r\necho\r\n");
        std::os::unix::fs::symlink("acme", space.path("etc/current")).unwrap();
        space.run(&["check"])
    };
    let folder = "{ target = \"/etc\", source = \"etc\" }";
    let twice = check(&format!("{folder}, {{ target = \"/etc/acme/tool\", text = \"\" }}"), "");
    assert!(twice.contains("\"/etc/acme/tool\" is given twice"), "{twice}");
    let twice = check(&format!("{folder}, {{ target = \"/etc/\", source = \"etc\" }}"), "");
    assert!(twice.contains("\"/etc/\" is given twice"), "{twice}");
    for way in ["/etc/acme/tool/x", "/etc/current/x"] {
        let blocked = check(&format!("{folder}, {{ target = \"{way}\", text = \"\" }}"), "");
        assert!(blocked.contains(&format!("nothing can be at \"{way}\"")), "{blocked}");
    }
    let apart = check(&format!("{folder}, {{ target = \"/etc/acme/other\", text = \"\" }}"), "");
    assert!(apart.starts_with("exit: 0"), "{apart}");
    assert!(apart.contains("/etc/acme/tool has the line ends of Windows"), "{apart}");
    let excluded = check(folder, "squashfs.exclude = [\"/etc/acme/**\"]");
    assert!(excluded.contains("`squashfs.exclude` leaves /etc/acme/tool out of the image again"));
    let idle = check("{ target = \"/etc/cron.daily/x\", text = \"#!/bin/sh\\n\" }", "");
    assert!(idle.contains("/etc/cron.daily/x is a script that nobody may execute"), "{idle}");
}
