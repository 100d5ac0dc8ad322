//! A registry that goes back in time, as one does that withholds a version or what was yanked: what was seen of it
//! once is remembered, and what is locked is not given up for something older.
#![cfg(test)]

#[path = "plugin/registry.rs"]
#[expect(dead_code, reason = "a folder is the registry here")]
mod registry;

use std::fs;
use std::path::Path;
use std::process::Command;

use isoplug_tests::space::Space;
use registry::altered;
use serde_json::Value as Json;

const NAME: &str = "r.example/acme/hello";
const INDEX: &str = "r.example/acme/isoplug-index:latest";

/// A publisher with a key, and a project that believes it. `older` holds 0.1.0 alone, `newer` 0.1.1 as well.
struct Shop(Space);

impl Shop {
    fn new() -> Self {
        let shop = Self(Space::with_manifest("image.name = \"t\"\n\n[profiles.p]\n"));
        shop.0.ok(&["plugin", "keygen", "acme.key"]);
        shop.0.ok(&["plugin", "trust", "acme", "acme.key.pub"]);
        for (version, kept) in [("0.1.0", "older"), ("0.1.1", "newer")] {
            shop.publish(version, &["--key", "acme.key"]);
            copy(&shop.0.path("registry"), &shop.0.path(kept));
        }
        shop.0.ok(&["plugin", "add", &shop.repository(), "--version", "^0.1", "--yes"]);
        assert!(shop.locked("0.1.1"));
        shop
    }

    fn repository(&self) -> String {
        format!("oci-layout:{}#{NAME}", self.0.path("registry").display())
    }

    fn publish(&self, version: &str, key: &[&str]) {
        let component =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/fixtures/hello-c.wasm");
        let version = format!("\"version\":\"{version}\"");
        altered(&component, &self.0.path("x.wasm"), &[("\"version\":\"0.1.0\"", &version)]);
        let publish = ["plugin", "publish", "x.wasm", &self.repository()];
        self.0.ok(&[&publish, key].concat());
    }

    /// Puts the registry back to what it was.
    fn becomes(&self, kept: &str) {
        copy(&self.0.path(kept), &self.0.path("registry"));
    }

    /// Takes a tag away.
    fn hides(&self, tag: &str) {
        let mut index: Json = serde_json::from_str(&self.0.read("registry/index.json")).unwrap();
        let manifests = index["manifests"].as_array_mut().unwrap();
        let before = manifests.len();
        manifests.retain(|each| each["annotations"]["org.opencontainers.image.ref.name"] != tag);
        assert_eq!(manifests.len(), before - 1, "no {tag}");
        self.0.write("registry/index.json", &index.to_string());
    }

    fn locked(&self, version: &str) -> bool {
        self.0.read("isoplug.lock").contains(&format!("{NAME}:{version}"))
            || self.0.read("isoplug.lock").contains(&format!("version = \"{version}\""))
    }

    /// Says why nothing is taken; what is locked stays.
    fn refused(&self) -> String {
        let said = self.0.run(&["plugin", "update"]);
        assert!(said.starts_with("exit: 4\n"), "{said}");
        assert!(said.contains("`isoplug plugin update --allow-older` goes back in time"), "{said}");
        assert!(self.locked("0.1.1"), "{said}");
        said
    }
}

fn copy(from: &Path, to: &Path) {
    _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.is_ok_and(|status| status.success()));
}

#[test]
fn an_index_that_is_older_than_one_seen_is_refused() {
    let shop = Shop::new();
    shop.becomes("older");
    let said = shop.refused();
    assert!(said.contains("is number 1, and number 2 was seen before"), "{said}");
    // It is remembered as it was, so the next run notices as well; and elsewhere nothing was seen.
    shop.refused();
    shop.becomes("newer");
    assert!(shop.0.ok(&["plugin", "update"]).contains("0.1.1, nothing changes"));
    shop.becomes("older");
    assert!(shop.0.ok(&["plugin", "update", "--allow-older"]).contains("0.1.1 -> 0.1.0"));
    assert!(shop.locked("0.1.0"));
    // What was accepted once is the measure from then on.
    assert!(shop.0.ok(&["plugin", "update"]).contains("0.1.0, nothing changes"));
}

#[test]
fn an_index_that_is_gone_or_not_signed_any_more_is_refused() {
    let shop = Shop::new();
    shop.hides(INDEX);
    let said = shop.refused();
    assert!(said.contains("is gone, and number 2 of it was seen before"), "{said}");
    shop.becomes("newer");
    shop.publish("0.1.2", &["--unsigned"]);
    let said = shop.refused();
    assert!(said.contains("was signed by acme, and is not any more"), "{said}");
}

#[test]
fn a_locked_version_that_is_hidden_is_not_given_up_for_an_older_one() {
    let shop = Shop::new();
    shop.hides(&format!("{NAME}:0.1.1"));
    let said = shop.refused();
    assert!(said.contains("as its newest, and 0.1.1 is locked"), "{said}");
    // What is locked is still what is used.
    shop.0.ok(&["plugin", "verify"]);
    assert!(shop.0.ok(&["plugin", "update", "--allow-older"]).contains("0.1.1 -> 0.1.0"));
}
