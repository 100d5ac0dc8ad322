//! `isoplug verify`: whether an image is what it should be.
//!
//! What is wrong with signatures, bills, provenance and lock is told apart in `crates/isoplug-inspect/tests/verify.rs`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::space::Space;
use serde_json::Value as Json;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["verify", "--help"]), @r"
    Tell whether an image is what it should be: checksums, signatures, content, a rebuild

    Reads what lies beside it: SHA256SUMS, signatures, bills of materials, provenance, lock. What is not
    ");
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
    let name = "minimal-2026.11-amd64.iso";
    std::fs::write(space.path(name), bytes).unwrap();
    let sums = std::fs::read(minimal.path(&format!("out/{name}.sha256"))).unwrap();
    std::fs::write(space.path(&format!("{name}.sha256")), sums).unwrap();
    let text = space.run(&["verify", name]);
    assert!(text.starts_with("exit: 9\n"), "{text}");
    assert!(text.contains("the image was changed"), "{text}");
    assert!(text.contains("  on the medium, /") && text.contains(" was changed\n"), "{text}");
}

/// Whoever made the same bytes again signs the same envelope as the builder; where a paper is another one, nothing is signed.
#[test]
fn a_rebuild_is_attested_in_the_envelope_of_the_builder() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::new();
    minimal.space.ok(&["vendor"]);
    let out = minimal.path("out");
    for name in isoplug_formats::tree::sorted_names(&out).unwrap() {
        let path = out.join(&name);
        if path.is_file() {
            std::fs::copy(path, space.path(&name.to_string_lossy())).unwrap();
        }
    }
    let iso = "minimal-2026.11-amd64.iso";
    for key in ["acme.key", "other.key"] {
        space.ok(&["key", "generate", key]);
    }
    space.ok(&["sign", iso, "--key", "acme.key"]);
    let from = minimal.path("").display().to_string();
    let all = ["verify", iso, "--rebuild", "--offline", "--from", &*from, "--attest", "other.key"];
    let said = space.run(&all);
    std::fs::remove_dir_all(minimal.path("vendor")).unwrap();
    assert!(said.starts_with("exit: 0\n") && said.contains("reproduced"), "{said}");
    assert!(said.contains("attested in minimal-2026.11-amd64.iso.intoto.jsonl"), "{said}");
    let both = ["verify", iso, "--key", "acme.key.pub", "--key", "other.key.pub", "--require", "2"];
    let said = space.run(&both);
    assert!(said.starts_with("exit: 0\n") && said.contains("(2 of 2)"), "{said}");
}
