//! `isoplug check`: every mistake of a manifest is drawn on its line, all in one run.
#![cfg(test)]

#[path = "check/drawn.rs"]
mod drawn;
#[path = "check/files.rs"]
mod files;

use std::fs;

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
      try: `rescue`
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
