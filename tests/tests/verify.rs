//! `isoplug verify`: whether an image is what it should be.
//!
//! What is wrong with signatures, bills, provenance and lock is told apart in `crates/isoplug-inspect/tests/verify.rs`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real::{self, Example};
use isoplug_tests::space::Space;
use serde_json::Value as Json;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["verify", "--help"]), @r"
    Tell whether an image is what it should be: checksums, signatures, content, a rebuild

    Reads what lies beside it: SHA256SUMS, signatures, bills of materials, provenance, lock. What is not
    ");
}

const ISO: &str = "minimal-2026.11-amd64.iso";

/// Returns a folder with a copy of the image and what lies beside it, which acme.key signed.
fn signed(minimal: &Example) -> Space {
    let space = Space::new();
    let out = minimal.path("out");
    for name in isoplug_formats::tree::sorted_names(&out).unwrap() {
        let path = out.join(&name);
        if path.is_file() {
            std::fs::copy(path, space.path(&name.to_string_lossy())).unwrap();
        }
    }
    space.ok(&["key", "generate", "acme.key"]);
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    space
}

fn verified(iso: &str, store: &str) -> (Option<i32>, Json) {
    let space = Space::new();
    let output =
        space.command(&["verify", iso, "--format", "json", "--store", store]).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_file_of_an_image_is_explained_and_one_that_was_changed_is_named() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let (code, found) = verified(&minimal.iso().display().to_string(), &minimal.store_path());
    assert_eq!(code, Some(0), "{found:#}");
    let content =
        found["steps"].as_array().unwrap().iter().find(|step| step["what"] == "content").unwrap();
    assert_eq!(content["state"], "ok", "{content}");
    assert!(content["notes"].as_array().unwrap().len() < 150, "{content}");

    // A byte of a boot loader, of which only the medium's own list and the list beside it know.
    let space = Space::new();
    let mut bytes = std::fs::read(minimal.iso()).unwrap();
    let at = bytes
        .windows(4)
        .position(|window| window == b"HdrS")
        .expect("a kernel or a loader of kernels");
    bytes[at + 5000] ^= 1;
    std::fs::write(space.path(ISO), bytes).unwrap();
    let sums = std::fs::read(minimal.path(&format!("out/{ISO}.sha256"))).unwrap();
    std::fs::write(space.path(&format!("{ISO}.sha256")), sums).unwrap();
    let text = space.run(&["verify", ISO]);
    assert!(text.starts_with("exit: 9\n"), "{text}");
    assert!(text.contains("the image was changed"), "{text}");
    assert!(text.contains("  on the medium, /") && text.contains(" was changed\n"), "{text}");
}

/// Whoever made the same bytes again signs the same envelope as the builder; where a paper is another one, nothing is signed.
#[test]
fn a_rebuild_is_attested_in_the_envelope_of_the_builder() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = signed(&minimal);
    space.ok(&["key", "generate", "other.key"]);
    // What was published of the project is enough.
    let place = format!("oci-layout:{}#r.example/kept/minimal:1", space.path("kept").display());
    let from = minimal.space.ok(&["vendor", "--to", &place]);
    let all = ["verify", ISO, "--rebuild", "--offline", "--from", &*from, "--attest", "other.key"];
    let said = space.run(&all);
    std::fs::remove_dir_all(minimal.path("vendor")).unwrap();
    assert!(said.starts_with("exit: 0\n") && said.contains("reproduced"), "{said}");
    assert!(said.contains("attested in minimal-2026.11-amd64.iso.intoto.jsonl"), "{said}");
    let both = ["verify", ISO, "--key", "acme.key.pub", "--key", "other.key.pub", "--require", "2"];
    let said = space.run(&both);
    assert!(said.starts_with("exit: 0\n") && said.contains("(2 of 2)"), "{said}");
}

/// One profile of several, with a variable: the rebuild asks for that image, as its provenance says.
#[test]
fn a_variant_is_rebuilt_as_it_was_built() {
    let _turn = real::turn();
    let built = real::minimal();
    let project = Example::minimal();
    let variant = "[vars]\nchannel = \"stable\"\n[profiles.second]\nextends = \"minimal\"\n\
        [[profiles.second.when.var.channel.beta.files]]\ntarget = \"/etc/channel\"\ntext = \"beta\\n\"\n";
    let manifest = project.space.read("isoplug.toml");
    project.space.write("isoplug.toml", &format!("{manifest}\n{variant}"));
    std::fs::copy(built.path("isoplug.lock"), project.path("isoplug.lock")).unwrap();
    std::os::unix::fs::symlink(built.store_path(), project.path("store")).unwrap();
    let image = ["-p", "second", "--var", "channel=beta"];
    let iso = project.space.ok(&[&["build"], &image[..]].concat());
    let provenance: Json =
        serde_json::from_str(&project.space.read(&format!("{iso}.provenance.json"))).unwrap();
    let parameters = &provenance["buildDefinition"]["externalParameters"];
    assert_eq!(parameters["variables"], serde_json::json!({ "channel": "beta" }));
    project.space.ok(&[&["vendor"], &image[..]].concat());
    let rebuild = ["verify", &iso, "--rebuild", "--offline", "--from", "."];
    let said = project.space.run(&rebuild);
    assert!(said.starts_with("exit: 0\n") && said.contains("reproduced"), "{said}");
    // Another value is another image, which nobody locked here.
    let said = project.space.run(&[&rebuild[..], &["--var", "channel=stable"]].concat());
    assert!(said.starts_with("exit: 1\n"), "{said}");
    assert!(said.contains("isoplug.lock does not pin what profile second asks for"), "{said}");
}

/// Returns the exit code, and the word of why it is refused.
fn refused(space: &Space, key: &str) -> (Option<i32>, String) {
    let arguments = ["verify", ISO, "--format", "json", "--key", key];
    let output = space.command(&arguments).output().unwrap();
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), found["refused"].as_str().unwrap_or_default().to_owned())
}

/// Signs another ISO with the papers of the real one; returns its envelopes.
fn envelopes_of(space: &Space, iso: &str) -> String {
    space.write(iso, "another ISO\n");
    for ending in ["provenance.json", "spdx.json", "cdx.json"] {
        space.write(&format!("{iso}.{ending}"), &space.read(&format!("{ISO}.{ending}")));
    }
    space.ok(&["sign", iso, "--key", "acme.key"]);
    space.read(&format!("{iso}.intoto.jsonl"))
}

#[test]
fn each_class_of_refusal_has_its_exit_code() {
    let _turn = real::turn();
    let space = signed(&real::minimal());
    let is = |key: &str, code: i32, word: &str| {
        assert_eq!(refused(&space, key), (Some(code), word.to_owned()));
    };
    is("acme.key.pub", 0, "");
    space.ok(&["key", "generate", "stranger.key"]);
    is("stranger.key.pub", 12, "unknown-key");
    space.write("old.pub", &space.read("acme.key.pub").replacen('\n', ", expires 2020-01-31\n", 1));
    is("old.pub", 12, "expired-key");
    for (ending, word) in [
        ("spdx.json", "tampered-bill"),
        ("provenance.json", "tampered-provenance"),
        ("lock", "tampered-lock"),
    ] {
        let name = format!("{ISO}.{ending}");
        let good = space.read(&name);
        space.write(&name, &good.replacen("bash", "bush", 1));
        is("acme.key.pub", 11, word);
        space.write(&name, &good);
    }
    let elsewhere = [("other.iso".to_owned(), "other-product"), (format!("old/{ISO}"), "replayed")];
    for (iso, word) in elsewhere {
        space.write(&format!("{ISO}.intoto.jsonl"), &envelopes_of(&space, &iso));
        is("acme.key.pub", 13, word);
    }
}
