//! The choice of images, which most commands share, and the options that all commands have.
#![cfg(test)]

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
fn help() {
    let space = Space::new();
    assert_snapshot!(space.run(&["--help"]), @r"
    exit: 0
    --- stdout
    Turns a TOML manifest into a bootable Linux ISO

    Usage: isoplug [OPTIONS] <COMMAND>

    Commands:
      new          Make a folder with a manifest to start from
      build        Make the ISO; print its path on standard output
      test         Boot the ISO and check what the manifest promises
      run          Boot the ISO in QEMU
      check        Read the manifest and show every mistake in it
      plan         Show the stages and what a build would do with each
      explain      Tell who set an option and whom it beat, or what a stage depends on and why it would
                   run
      lock         Pin every package in isoplug.lock, keeping what is pinned already
      update       Pin the newest packages and show what changes
      trust        Show what a folder asks for beyond itself, and allow it
      cache        Look after the store: size, garbage collection, verification
      plugin       Add, update and write plugins
      schema       Print the JSON schema of isoplug.toml, for editors
      doctor       Tell what this machine lacks, and how to get it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --store <DIR>
              Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the user's cache
              folder]

          --mirror <URL>
              Take packages from this mirror unless the manifest names one [default: $ISOPLUG_MIRROR]

          --offline
              Do not use the network; fail if something is not in the store

          --trust-folder
              Allow the folder all that it asks for beyond itself, for this run (for CI; see `isoplug
              trust`)

      -j, --threads <N>
              How many threads compress and hash [default: one per processor]

          --json
              Print events as JSON, one a line, on standard error

      -q, --quiet
              Print nothing but errors and results

      -v, --verbose
              Print what the stages log

          --color <WHEN>
              When to colour
              
              [default: auto]
              [possible values: auto, always, never]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      isoplug new rescue-stick          # a manifest to start from
      isoplug build rescue-stick        # prints the path of the finished ISO
      isoplug run rescue-stick          # boots it in QEMU
      isoplug test rescue-stick         # boots it, checks what it promises

    Exit codes:
      0    done
      1    a stage, a download or the store failed
      2    the manifest or the arguments are wrong
      3    the lock does not fit the manifest and --locked forbids changing it
      4    a plugin failed, refused, or was refused
      5    the image was built, but a boot test failed
      6    this machine lacks something that the run needs (see `isoplug doctor`)
      7    a boot test did not end: the machine was too slow, or QEMU broke down
      8    the folder asks for more of this machine than was allowed (see `isoplug trust`)
      70   a fault of isoplug itself
      130  stopped by Ctrl-C or a termination signal
    --- stderr
    ");
    assert_snapshot!(space.run(&[]), @r"
    exit: 2
    --- stdout
    --- stderr
    Turns a TOML manifest into a bootable Linux ISO

    Usage: isoplug [OPTIONS] <COMMAND>

    Commands:
      new          Make a folder with a manifest to start from
      build        Make the ISO; print its path on standard output
      test         Boot the ISO and check what the manifest promises
      run          Boot the ISO in QEMU
      check        Read the manifest and show every mistake in it
      plan         Show the stages and what a build would do with each
      explain      Tell who set an option and whom it beat, or what a stage depends on and why it would
                   run
      lock         Pin every package in isoplug.lock, keeping what is pinned already
      update       Pin the newest packages and show what changes
      trust        Show what a folder asks for beyond itself, and allow it
      cache        Look after the store: size, garbage collection, verification
      plugin       Add, update and write plugins
      schema       Print the JSON schema of isoplug.toml, for editors
      doctor       Tell what this machine lacks, and how to get it
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --store <DIR>   Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the
                          user's cache folder]
          --mirror <URL>  Take packages from this mirror unless the manifest names one [default:
                          $ISOPLUG_MIRROR]
          --offline       Do not use the network; fail if something is not in the store
          --trust-folder  Allow the folder all that it asks for beyond itself, for this run (for CI; see
                          `isoplug trust`)
      -j, --threads <N>   How many threads compress and hash [default: one per processor]
          --json          Print events as JSON, one a line, on standard error
      -q, --quiet         Print nothing but errors and results
      -v, --verbose       Print what the stages log
          --color <WHEN>  When to colour [default: auto] [possible values: auto, always, never]
      -h, --help          Print help (see more with '--help')
      -V, --version       Print version

    Examples:
      isoplug new rescue-stick          # a manifest to start from
      isoplug build rescue-stick        # prints the path of the finished ISO
      isoplug run rescue-stick          # boots it in QEMU
      isoplug test rescue-stick         # boots it, checks what it promises
    ");
    assert_snapshot!(space.run(&["--version"]), @r"
    exit: 0
    --- stdout
    isoplug [VERSION]
    --- stderr
    ");
    assert_snapshot!(space.run(&["check", "-h"]), @r"
    exit: 0
    --- stdout
    Read the manifest and show every mistake in it

    Usage: isoplug check [OPTIONS] [FOLDER]

    Arguments:
      [FOLDER]  The folder of the manifest [default: .]

    Options:
      -p, --profile <NAME>  Only this profile; may be given several times [default: the manifest's
                            defaults, else all]
          --all             Every profile
          --arch <ARCH>     The architecture of the image, in Debian's words [default: this machine's]
                            [possible values: amd64, arm64]
          --strict          Treat warnings as mistakes
          --rebuild         Install the packages twice, the second time on a machine of another name,
                            and name every file that is not the same; makes no ISO
          --locked          Fail if the lock would have to change (for CI)
          --store <DIR>     Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the
                            user's cache folder]
          --mirror <URL>    Take packages from this mirror unless the manifest names one [default:
                            $ISOPLUG_MIRROR]
          --offline         Do not use the network; fail if something is not in the store
          --trust-folder    Allow the folder all that it asks for beyond itself, for this run (for CI;
                            see `isoplug trust`)
      -j, --threads <N>     How many threads compress and hash [default: one per processor]
          --json            Print events as JSON, one a line, on standard error
      -q, --quiet           Print nothing but errors and results
      -v, --verbose         Print what the stages log
          --color <WHEN>    When to colour [default: auto] [possible values: auto, always, never]
      -h, --help            Print help

    Examples:
      isoplug check --all && git commit
      isoplug check --rebuild    # finds what no two machines may share
    --- stderr
    ");
}

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
