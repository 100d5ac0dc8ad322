//! Holds the rules of the house that neither compiler nor lints hold.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Returns every Rust file of the repository, build folders left out.
fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("tests"), root().join("plugins")];
    while let Some(folder) = folders.pop() {
        for name in isoplug_formats::tree::sorted_names(&folder).unwrap_or_default() {
            let path = folder.join(&name);
            if path.is_dir() && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 50, "the walk is broken: {} files", found.len());
    found
}

fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn every_file_says_what_it_does() {
    let silent: Vec<String> = rust_files()
        .iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! "))
        .map(|path| path.display().to_string())
        .collect();
    report("a file must begin with `//!`", &silent);
}

#[test]
fn files_keep_to_one_subject() {
    let long: Vec<String> = rust_files()
        .iter()
        .map(|path| (path, fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    report("a file must have no more than 450 lines", &long);
}

#[test]
fn keys_name_every_field() {
    let blind: Vec<String> = rust_files()
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "stages"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            code.split("fn key(").skip(1).any(|rest| {
                let body = rest.split("\n    }\n").next().unwrap_or_default();
                body.contains("..") || !body.contains("let Self {")
            })
        })
        .map(|path| path.display().to_string())
        .collect();
    report("a stage's key must take its fields apart without `..`", &blind);
}

#[test]
fn every_command_has_a_test() {
    let commands = isoplug_formats::tree::sorted_names(&root().join("crates/isoplug/src/commands"));
    let untested: Vec<String> = commands
        .unwrap()
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !root().join("tests/tests").join(name).exists())
        .collect();
    report("a command must have a file in tests/tests", &untested);
}

#[test]
fn arrows_point_down() {
    // What each crate may use of the others; a new arrow needs a reason in crates/README.md.
    let allowed = [
        ("isoplug-engine", ""),
        ("isoplug-formats", ""),
        ("isoplug-manifest", ""),
        ("isoplug-vm", ""),
        ("isoplug-image", "isoplug-engine isoplug-formats isoplug-manifest"),
        ("isoplug-plugin", "isoplug-engine isoplug-formats isoplug-image isoplug-manifest"),
    ];
    for (name, may) in allowed {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap();
        let uses = text.lines().filter_map(|line| line.split('.').next());
        let wrong: Vec<String> = uses
            .filter(|used| used.starts_with("isoplug-") && !may.split(' ').any(|m| m == *used))
            .map(|used| format!("{name} uses {used}"))
            .collect();
        report("arrows between crates point down", &wrong);
    }
}
