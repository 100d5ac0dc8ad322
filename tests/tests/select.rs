//! The choice of images, which most commands share, and the options that all commands have.
#![cfg(test)]

#[path = "select/help.rs"]
mod help;

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

const TWO: &str = r#"[image]
name = "stick"

[profiles.a]
extends = "isoplug:minimal"

[profiles.b]
extends = "isoplug:rescue"
"#;

#[test]
fn which_profiles() {
    let space = Space::with_manifest(TWO);
    let chosen = |arguments: &[&str]| {
        let text = space.run(&[&["check"], arguments].concat());
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert_snapshot!(chosen(&[]), @"isoplug.toml is fine: a, b");
    assert_snapshot!(chosen(&["-p", "b"]), @"isoplug.toml is fine: b");
    assert_snapshot!(chosen(&["-p", "b", "--profile", "a"]), @"isoplug.toml is fine: b, a");
    space.write("isoplug.toml", &TWO.replace("\"stick\"", "\"stick\"\ndefault-profiles = [\"b\"]"));
    assert_snapshot!(chosen(&[]), @"isoplug.toml is fine: b");
    assert_snapshot!(chosen(&["--all"]), @"isoplug.toml is fine: a, b");
    space.write("isoplug.toml", &TWO.replace("\"stick\"", "\"stick\"\ndefault-profiles = [\"c\"]"));
    assert_snapshot!(space.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-profile]: there is no profile `c`
     --> isoplug.toml:3:21
      |
    3 | default-profiles = ["c"]
      |                     ^^^
      |
      = help: known: a, b
    "#);
}

#[test]
fn groups_lists_and_architectures() {
    let space = Space::with_manifest(&format!("{TWO}\n[groups]\nnightly = [\"b\", \"a\"]\n"));
    let chosen = |arguments: &[&str]| {
        let text = space.run(&[&["check"], arguments].concat());
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert_snapshot!(chosen(&["-p", "a,b"]), @"isoplug.toml is fine: a, b");
    assert_snapshot!(chosen(&["-p", "nightly"]), @"isoplug.toml is fine: b, a");
    assert_snapshot!(chosen(&["-p", "a,nightly", "-p", "a"]), @"isoplug.toml is fine: a, b");
    assert_snapshot!(chosen(&["-p", "a", "--arch", "amd64,arm64,amd64"]), @"isoplug.toml is fine: amd64, arm64");
    assert_snapshot!(chosen(&["--arch", "amd64,arm64"]), @"isoplug.toml is fine: a amd64, a arm64, b amd64, b arm64");
    assert_snapshot!(space.run(&["check", "-p", "nightl"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no profile `nightl`
      try: `nightly`
      try: one of its profiles: a, b
      try: or one of its groups: nightly
    ");
    assert_snapshot!(space.run(&["shell", "-p", "a", "--arch", "amd64,arm64"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: there are several architectures
      try: --arch with one of amd64, arm64
    ");
    assert_snapshot!(space.run(&["shell", "-p", "nightly"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: there are several profiles
      try: --profile with one of b, a
    ");
}

#[test]
fn variants_are_locked_by_themselves() {
    let served = Served::default();
    let vars = "[vars]\nchannel = { default = \"stable\", values = [\"stable\", \"beta\"] }\n";
    let when = "when.var.channel.beta.packages.install = [\"tool\"]\n";
    served.write(&format!("{}{when}{vars}", served.manifest("packages.install = [\"app\"]")));
    served.space.ok(&["lock"]);
    let plain = served.space.read("isoplug.lock");
    assert!(plain.contains("[images.\"p.amd64\"]") && !plain.contains("tool 3"), "{plain}");
    served.space.ok(&["lock", "--var", "channel=beta"]);
    let both = served.space.read("isoplug.lock");
    assert!(
        both.contains("[images.\"p.amd64+channel=beta\"]") && both.contains("tool 3"),
        "{both}"
    );
    served.space.ok(&["lock", "--locked"]);
    served.space.ok(&["lock", "--locked", "--var", "channel=beta"]);
    served.space.ok(&["lock", "--locked", "--var", "channel=stable"]);
    assert_snapshot!(served.run(&["check", "--var", "chanel=beta"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-var]: there is no variable `chanel`
      --> isoplug.toml:15:1
       |
    15 | channel = { default = "stable", values = ["stable", "beta"] }
       | ^^^^^^^ declared here
       |
       = help: did you mean `channel`?
    "#);
    assert_snapshot!(served.run(&["check", "--var", "channel"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'channel' for '--var <NAME=VALUE>': expected NAME=VALUE, such as channel=beta

    For more information, try '--help'.
    ");
    assert_snapshot!(served.run(&["explain", "packages.install", "--var", "channel=beta"]), @r#"
    exit: 0
    --- stdout
    packages.install = ["app","tool"]
      The packages to install, with what they depend on: `name` or `name:architecture`, where the architecture is that
      of the image or one of `packages.architectures`. As with apt, `name=8.4-1` asks for a version (`name=8.4*` for one
      that begins so), and `name/trixie-backports` for the suite to take it from, which a source must have.
      type:    a list
      default: []
      item:    "app" at isoplug.toml:12:21
      item:    "tool" at isoplug.toml:13:43
    --- stderr
    "#);
}

/// The words for machines are one JSON value a line, whatever happens.
#[test]
fn json_lines_parse() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let output = served.space.command(&["build", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Result<Vec<serde_json::Value>, _> = text.lines().map(serde_json::from_str).collect();
    let lines = lines.unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let last = lines.last().unwrap();
    assert_snapshot!(isoplug_tests::replaced(&format!("{last:#}")).replace(&served.space.path("").display().to_string(), "[DIR]/"), @r#"
    {
      "causes": [
        "the sandbox cannot find usr/bin/dpkg in the Essential packages: none of them has it; is a suite of the base system missing?"
      ],
      "event": "error",
      "exit": 1,
      "hints": [],
      "log": "[DIR]/store/logs-v1/[SHA256].log",
      "message": "stage `base` of p (amd64) failed",
      "mistakes": []
    }
    "#);
    let output = served.space.command(&["build", "-p", "x", "--json"]).output().unwrap();
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r#"{"causes":[],"event":"error","exit":2,"hints":["one of its profiles: p"],"log":null,"message":"isoplug.toml has no profile `x`","mistakes":[]}"#);
}

#[test]
fn quiet_prints_only_results() {
    let served = Served::default();
    assert_snapshot!(served.run(&["lock", "-q"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
    assert_snapshot!(served.run(&["check", "--quiet"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
    assert_snapshot!(served.run(&["explain", "image.nam", "--quiet"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no option `image.nam`
      try: `isoplug schema --reference` lists every option
    ");
}

#[test]
fn where_the_store_is() {
    let space = Space::new();
    let run = |arguments: &[&str], name: &str, value: &str| {
        let mut command = space.command(arguments);
        command.env_remove("ISOPLUG_STORE").env_remove("HOME").env_remove("XDG_CACHE_HOME");
        let output = command.env(name, value).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        text.replace(&space.path("").display().to_string(), "[DIR]/")
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    let place = space.path("place").display().to_string();
    assert_snapshot!(run(&["cache", "size"], "HOME", &place), @"   0 bytes  in [DIR]/place/.cache/isoplug");
    assert_snapshot!(run(&["cache", "size"], "XDG_CACHE_HOME", &place), @"   0 bytes  in [DIR]/place/isoplug");
    assert_snapshot!(run(&["cache", "size"], "ISOPLUG_STORE", &place), @"   0 bytes  in [DIR]/place");
    assert_snapshot!(run(&["cache", "size", "--store", "other"], "ISOPLUG_STORE", &place), @"   0 bytes  in [DIR]/other");
    assert_snapshot!(run(&["cache", "size"], "NOTHING", ""), @"  try: name a folder with --store DIR or ISOPLUG_STORE");
}
