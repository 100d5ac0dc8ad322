//! Builds several images in one run: what they share, what a failure of one means, and what is said at the end.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;
use isoplug_formats::tree::sorted_names;
use isoplug_tests::real::{self, Example, events, sha256, stages_that_ran};
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

/// The minimal example, the same with another file, and one whose ISO is larger than it may be.
const OTHERS: &str = r#"
[profiles.second]
extends = "minimal"
files = [{ target = "/etc/second", text = "2\n" }]

[profiles.large]
extends = "minimal"
iso.max-size = { force = "1MB" }
files = [{ target = "/etc/large", text = "3\n" }]

[groups]
two = ["minimal", "second"]
"#;

/// Makes a project with the three profiles and the lock of the minimal example.
fn three(built: &Example) -> Example {
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    example.space.write("isoplug.toml", &format!("{manifest}{OTHERS}"));
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    example
}

/// Returns the names and digests of the files beside each other in a folder.
fn files(folder: &Path, of: &str) -> Vec<(String, String)> {
    let names = sorted_names(folder).unwrap();
    let names = names.into_iter().map(|name| name.into_string().unwrap());
    names
        .filter(|name| name.contains(of))
        .map(|name| (name.clone(), sha256(&folder.join(name))))
        .collect()
}

#[test]
fn an_image_of_several_is_what_it_is_alone() {
    let _turn = real::turn();
    let built = real::minimal();
    let many = three(&built);
    symlink(built.store_path(), many.path("store")).unwrap();
    let all = events(&many.space, &["build", "-p", "two"]);
    let ran = stages_that_ran(&all);
    let layers = |title: &&String| title.starts_with("packages") || *title == "base";
    assert_eq!(
        ran.iter().find(layers),
        None,
        "both have the layers of the minimal example: {ran:?}"
    );
    let summary = all.iter().find(|event| event["event"] == "summary").unwrap();
    let results = summary["images"].as_array().unwrap().iter();
    let results: Vec<&str> = results.map(|image| image["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["built", "built"]);

    let alone = three(&built);
    fs::copy(many.path("isoplug.lock"), alone.path("isoplug.lock")).unwrap();
    real::vendor(&many, &alone);
    alone.space.ok(&["build", "-p", "second", "--locked", "--offline"]);
    let [many, alone] = [many, alone].map(|example| files(&example.path("out"), "second"));
    assert!(many.len() > 5, "{many:?}");
    assert_eq!(many, alone);
}

#[test]
fn one_that_fails_leaves_the_others_alone() {
    let _turn = real::turn();
    let built = real::minimal();
    let many = three(&built);
    symlink(built.store_path(), many.path("store")).unwrap();
    let output = many.space.command(&["build", "-p", "large,two"]).output().unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, "out/minimal-2026.11-amd64.iso\nout/minimal-second-2026.11-amd64.iso\n");
    assert_eq!(sha256(&many.iso()), sha256(&built.iso()));
    assert!(stderr.contains("stage `iso` of large (amd64) failed"), "{stderr}");
    let table: Vec<&str> = stderr.lines().skip_while(|line| !line.starts_with("image ")).collect();
    assert!(table[1].starts_with("large") && table[1].ends_with("failed"), "{table:?}");
    assert!(table[2].starts_with("  stage `iso`: "), "{table:?}");
    assert!(table[3].starts_with("minimal") && table[3].ends_with("built"), "{table:?}");
    assert!(table.iter().all(|line| line.chars().count() <= 80), "{table:?}");
}

/// The packages of the tiny archive are none to boot from.
#[test]
fn a_stage_that_several_need_is_told_of_once() {
    let served = Served::default();
    let more = "[profiles.q]\nextends = \"p\"\nnetworking.hostname = \"q\"\n";
    served.write(&format!("{}{more}", served.manifest("packages.install = [\"app\"]")));
    served.space.ok(&["lock"]);
    let said = served.run(&["build", "-q"]);
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(said.contains("error: stage `base` of p (amd64) and q (amd64) failed"), "{said}");
    let events = served.space.command(&["build", "--json"]).output().unwrap();
    let events = String::from_utf8(events.stderr).unwrap();
    let summary = events.lines().last().unwrap();
    let summary: serde_json::Value = serde_json::from_str(summary).unwrap();
    assert_snapshot!(format!("{summary:#}"), @r#"
    {
      "event": "summary",
      "images": [
        {
          "arch": "amd64",
          "profile": "p",
          "reason": "the sandbox cannot find usr/bin/dpkg in the Essential packages: none of them has it; is a suite of the base system missing?",
          "result": "failed",
          "stage": "base"
        },
        {
          "arch": "amd64",
          "profile": "q",
          "reason": "the sandbox cannot find usr/bin/dpkg in the Essential packages: none of them has it; is a suite of the base system missing?",
          "result": "failed",
          "stage": "base"
        }
      ]
    }
    "#);
}

#[test]
fn what_cannot_be_locked_does_not_stop_the_rest() {
    let served = Served::default();
    let more = "[profiles.q]\nextends = \"p\"\npackages.install = [\"nothing\"]\n";
    served.write(&format!("{}{more}", served.manifest("packages.install = [\"app\"]")));
    let said = served.run(&["build", "-p", "q", "-p", "p"]);
    assert!(said.starts_with("exit: 2\n"), "the first failure counts: {said}");
    assert!(said.contains("has the package `nothing`"), "{said}");
    assert!(said.contains("stage `base` of p (amd64) failed"), "{said}");
}

const FOUR: &str = r#"image = { name = "acme", version = "2" }
profiles.minimal = {}
profiles.rescue = {}
profiles.desktop = {}
groups.nightly = ["minimal", "rescue"]
"#;

#[test]
fn what_would_be_built() {
    let space = Space::with_manifest(FOUR);
    let list = |arguments: &[&str]| space.ok(&[&["build", "--list"], arguments].concat());
    assert_eq!(list(&["--arch", "amd64"]), "minimal amd64\nrescue amd64\ndesktop amd64");
    assert_eq!(
        list(&["-p", "nightly,minimal", "--arch", "arm64,amd64"]),
        "minimal arm64\nminimal amd64\nrescue arm64\nrescue amd64"
    );
    assert_eq!(list(&["--arch", "amd64", "--shard", "2/2"]), "minimal amd64");
    let json = list(&["-p", "rescue", "--arch", "amd64", "--json", "-o", "isos"]);
    assert_eq!(
        json,
        r#"{"include":[{"arch":"amd64","iso":"isos/acme-rescue-2-amd64.iso","profile":"rescue"}]}"#
    );
}

/// Whatever the machine, each image is in one share.
#[test]
fn shards_have_each_image_once() {
    let space = Space::with_manifest(FOUR);
    let share =
        |shard: &str| space.ok(&["build", "--list", "--arch", "amd64,arm64", "--shard", shard]);
    let all: Vec<String> = ["1/4", "2/4", "3/4", "4/4"].map(share).into_iter().collect();
    let mut dealt: Vec<&str> = all.iter().flat_map(|share| share.lines()).collect();
    dealt.sort_unstable();
    dealt.dedup();
    assert_eq!((dealt.len(), all.iter().map(|share| share.lines().count()).sum::<usize>()), (6, 6));
    assert_snapshot!(space.run(&["build", "--list", "--shard", "4/4", "-p", "rescue"]), @"
    exit: 0
    --- stdout
    --- stderr
    nothing to do: none of the images (1) is in this shard
    ");
    assert_snapshot!(space.run(&["build", "--list", "--shard", "5/4"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value '5/4' for '--shard <I/N>': there is no shard 5 of 4

    For more information, try '--help'.
    ");
}
