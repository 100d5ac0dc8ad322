//! Secrets are marked where they are declared, and nobody sees them.

#![cfg(test)]

mod support;

use isoplug_manifest::{explain, schema};
use serde_json::Value as Json;
use support::{evaluate_with, manifest, messages};

/// Words in the name of what nobody may see.
const TELLING: [&str; 6] = ["password", "passphrase", "psk", "secret", "token", "private-key"];

/// Collects the paths of texts that are called like a secret and not marked as one.
fn unmarked(schema: &Json, path: &str, found: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let is_text = field["type"] == "string" || field["type"][0] == "string";
        let telling = TELLING.iter().any(|word| name.contains(word));
        if is_text && telling && field["x-secret"] != true {
            found.push(path.clone());
        }
        unmarked(field, &path, found);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            unmarked(&schema[inner], &format!("{path}.*"), found);
        }
    }
    for either in schema["anyOf"].as_array().into_iter().flatten() {
        unmarked(either, path, found);
    }
}

#[test]
fn every_option_that_is_called_like_a_secret_is_marked() {
    let schema = schema();
    let profile = &schema["properties"]["profiles"]["additionalProperties"];
    assert!(profile.is_object(), "the walk is broken");
    let mut found = Vec::new();
    unmarked(profile, "", &mut found);
    assert_eq!(found, [""; 0]);
    // The walk finds what is not marked.
    let mut found = Vec::new();
    let made = serde_json::json!({ "properties": { "wifi": { "additionalProperties": {
        "properties": { "psk": { "type": ["string", "null"] } }
    } } } });
    unmarked(&made, "", &mut found);
    assert_eq!(found, [".wifi.*.psk"]);
}

const ROOT: &str = "$6$hunterA$Nnt7rPnKY2ADRx1zncaZq7SU7scxl3BlDn9j.DUHORoUVDfz7xaT7sPNUp53an3vpFMBZcF64x37UC54bsWGi/";
const USER: &str = "$6$hunterB$cbUCMQrtkk8yfKc9R6p/tjx03V3d96B1OF9L7RkP9OfKpqH2/T99plgE2u/sXYfCME1jrt71FxePV2AZ7oR2Z1";

fn system() -> isoplug_manifest::System {
    let lines = format!(
        "root.hashed-password = \"{ROOT}\"\nusers.me.hashed-password = {{ force = \"{USER}\" }}\n\
         tests = [{{ login = {{ user = \"me\", password = \"hunter2\" }} }}]"
    );
    evaluate_with(&manifest(&lines), &[]).unwrap()
}

#[test]
fn explain_hides_secrets() {
    let system = system();
    for path in ["", "users", "users.me.hashed-password", "root", "tests", "root.hashed-password"] {
        let text = explain(&system, path).unwrap();
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("(secret)"), "{text}");
    }
    insta::assert_snapshot!(explain(&system, "users.me.hashed-password").unwrap(), @r"
    users.me.hashed-password = (secret)
      The password as crypt(5) writes it, from `mkpasswd`. Without one, no password is accepted.
      type:    a string
      set by:  (secret) (force) at isoplug.toml:4:38
    ");
}

#[test]
fn facts_have_no_secrets() {
    let facts = system().facts();
    assert!(!facts.to_string().contains("hunter"), "{facts}");
    assert_eq!(facts["users"]["me"]["hashed-password"], Json::Null);
    assert_eq!(facts["tests"][0]["login"]["user"], "me");
}

#[test]
fn two_secrets_that_differ_are_not_shown() {
    let said = messages(&format!(
        "root.hashed-password = \"{ROOT}\"\ninclude = []\nextends = [\"q\"]\n\
         [profiles.q]\nroot.hashed-password = \"{USER}\""
    ));
    assert!(!said.contains("hunter"), "{said}");
    insta::assert_snapshot!(said, @"
    isoplug.toml:3:24: error[conflict]: `root.hashed-password` has two different values
      isoplug.toml:3:24: one here
      isoplug.toml:7:24: one here
      help: say which one holds with `{ force = … }`, or give way with `{ fallback = … }`
    ");
}
