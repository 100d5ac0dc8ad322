//! `isoplug sign`: what strangers' programs make of the signatures, and what they say once something was changed.
#![cfg(test)]

#[path = "sign/foreign.rs"]
mod foreign;

use std::fs;
use std::process::{Command, Output};

use insta::assert_snapshot;
use isoplug_engine::Digest;
use isoplug_tests::real::{self, events, sha256, stages_that_ran};
use isoplug_tests::space::Space;
use serde_json::{Value as Json, json};

const ISO: &str = "acme.iso";
const ISO_OF_MINIMAL: &str = "minimal-2026.11-amd64.iso";

/// Returns a folder with something that looks like a build.
fn built() -> Space {
    let space = Space::new();
    space.write(ISO, "an ISO\n");
    space.write("acme.iso.sha256", &format!("{}  {ISO}\n", Digest::of(b"an ISO\n").hex()));
    space.write("acme.iso.packages", "apt 1 amd64\n");
    let bills =
        [("acme.iso.spdx.json", "{\"spdx\": 1}\n"), ("acme.iso.cdx.json", "{\"cdx\": 1}\n")];
    let byproduct = |(name, text): (&str, &str)| {
        space.write(name, text);
        json!({ "name": name, "digest": { "sha256": Digest::of(text.as_bytes()).hex() } })
    };
    let byproducts = bills.map(byproduct);
    let provenance = json!({
        "buildDefinition": { "internalParameters": { "epoch": 7 } },
        "runDetails": { "byproducts": byproducts },
    });
    space.write("acme.iso.provenance.json", &provenance.to_string());
    space.ok(&["key", "generate", "acme.key"]);
    space
}

fn run(space: &Space, program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(space.path("")).output().unwrap()
}

#[track_caller]
fn passes(space: &Space, program: &str, arguments: &[&str]) {
    let output = run(space, program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

#[track_caller]
fn fails(space: &Space, program: &str, arguments: &[&str]) {
    let output = run(space, program, arguments);
    assert!(!output.status.success(), "{program} {arguments:?}: {output:?}");
}

fn lines(space: &Space) -> Vec<Json> {
    let lines = space.read("acme.iso.intoto.jsonl");
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["sign", "--help"]), @r"
    Sign a finished ISO and what lies beside it

    Writes beside the ISO: NAME.iso.minisig, NAME.iso.intoto.jsonl with the provenance and the bills of
    ");
}

#[test]
fn without_a_key_it_says_how_to_get_one() {
    assert_snapshot!(built().run(&["sign", ISO]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: nothing to sign with
      try: name a key with --key; `isoplug key generate acme.key` makes one
    ");
}

#[test]
fn the_files_are_named_and_the_iso_stays_as_it_is() {
    let space = built();
    assert_snapshot!(space.ok(&["sign", ISO, "--key", "acme.key"]), @r"
    acme.iso.minisig
    acme.iso.intoto.jsonl
    SHA256SUMS
    SHA256SUMS.minisig
    ");
    assert_eq!(space.read(ISO), "an ISO\n");
    let sums = space.read("SHA256SUMS");
    let names: Vec<&str> = sums.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(
        names,
        [
            ISO,
            "acme.iso.cdx.json",
            "acme.iso.packages",
            "acme.iso.provenance.json",
            "acme.iso.spdx.json"
        ]
    );
    passes(&space, "sha256sum", &["--check", "--strict", "SHA256SUMS"]);
    let comment = space.read("acme.iso.minisig");
    let expected = format!("acme.iso sha256:{} epoch 7", Digest::of(b"an ISO\n").hex());
    assert!(comment.contains(&expected), "{comment}");
}

/// Whoever makes the same image signs the same bytes.
#[test]
fn two_builders_sign_one_payload() {
    let space = built();
    space.ok(&["key", "generate", "other.key"]);
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    let payloads = |space: &Space| -> Vec<Json> {
        lines(space).iter().map(|one| one["payload"].clone()).collect()
    };
    let before = payloads(&space);
    space.ok(&["sign", ISO, "--key", "other.key"]);
    assert_eq!(payloads(&space), before);
    for envelope in lines(&space) {
        assert_eq!(envelope["signatures"].as_array().unwrap().len(), 2, "{envelope}");
    }
    let own = Space::at(space.path(""));
    let said = own.run(&["sign", ISO, "--key", "other.key"]);
    assert!(said.contains("acme.iso.minisig is of another key and stays"), "{said}");
}

#[test]
fn what_is_not_as_it_was_built_is_not_signed() {
    let space = built();
    space.write("acme.iso.spdx.json", "{\"spdx\": 2}\n");
    let said = space.run(&["sign", ISO, "--key", "acme.key"]);
    assert!(said.starts_with("exit: 11"), "{said}");
    assert!(
        said.contains("acme.iso.spdx.json is not what acme.iso.provenance.json says"),
        "{said}"
    );
    let space = built();
    space.write(ISO, "another ISO\n");
    let said = space.run(&["sign", ISO, "--key", "acme.key"]);
    assert!(said.starts_with("exit: 9"), "{said}");
    assert!(said.contains("acme.iso is not what acme.iso.sha256 says"), "{said}");
    assert!(!space.path("acme.iso.minisig").exists());
}

/// Lines about an older ISO of the same name would be true of nothing that is there.
#[test]
fn lines_about_an_older_iso_go() {
    let space = built();
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    space.write(ISO, "another ISO\n");
    space.write("acme.iso.sha256", &format!("{}  {ISO}\n", Digest::of(b"another ISO\n").hex()));
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    assert_eq!(lines(&space).len(), 3);
}

/// No stage sees the key, and the bytes are those of a build without one.
#[test]
fn a_build_signs_what_it_made() {
    let _turn = real::turn();
    let built = real::minimal();
    let (space, iso, bytes) = (&built.space, built.iso(), sha256(&built.iso()));
    let key = built.path("acme.key").display().to_string();
    let said = space.run(&["build", "--sign", &key]);
    assert!(said.starts_with("exit: 2") && said.contains("acme.key"), "{said}");
    space.ok(&["key", "generate", &key]);
    let build = ["build", "--sign", &key, "--bundle"];
    assert_eq!(stages_that_ran(&events(space, &build)), [""; 0]);
    assert_eq!(sha256(&iso), bytes);
    let public = format!("{key}.pub");
    let iso = iso.display().to_string();
    let said = space.run(&["verify", &iso, "--key", &public]);
    assert!(said.starts_with("exit: 0\n") && said.contains("(1 of 1)"), "{said}");
    let beside = ["SHA256SUMS".to_owned(), "SHA256SUMS.minisig".to_owned()];
    let own = ["minisig", "intoto.jsonl", "sigstore.json"];
    let own = own.map(|ending| format!("{ISO_OF_MINIMAL}.{ending}"));
    let signed = own.into_iter().chain(beside).map(|name| format!("out/{name}"));
    for name in signed.chain(["acme.key".to_owned(), "acme.key.pub".to_owned()]) {
        fs::remove_file(built.path(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
