//! Holds the rules of the house that neither compiler nor lints hold.

#![cfg(test)]

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/docs.rs"]
mod docs;

use std::collections::{BTreeMap, BTreeSet};
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

/// Blank lines and comments make no file longer.
fn lines_of_code(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn files_keep_to_one_subject() {
    let long: Vec<String> = rust_files()
        .iter()
        .map(|path| (path, lines_of_code(path)))
        .filter(|(_, lines)| *lines > 250)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    report("a file must have no more than 250 lines of code", &long);
}

/// Two rules for tests that cannot be made would be two answers to whether all were.
#[test]
fn one_place_knows_what_becomes_of_a_test_that_cannot_be_made() {
    let words = [["ISOPLUG_TESTS", "MUST_RUN"].join("_"), ["\"SKIPPED", " "].join(":")];
    let others: Vec<String> = rust_files()
        .iter()
        .filter(|path| !path.ends_with("tests/skip/src/lib.rs"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            words.iter().any(|word| text.contains(word))
        })
        .map(|path| path.display().to_string())
        .collect();
    report("tests are skipped by the crate isoplug-skip", &others);
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

/// Ways to a file by its path, which follow links that a program of a tree may have put there.
const BY_PATH: [&str; 17] = [
    "use std::fs;",
    "use std::fs::{self",
    "std::fs::copy",
    "std::fs::create_dir",
    "std::fs::hard_link",
    "std::fs::metadata",
    "std::fs::read",
    "std::fs::remove",
    "std::fs::rename",
    "std::fs::set_permissions",
    "std::fs::symlink_metadata",
    "std::fs::write",
    "DirBuilder",
    "File::create",
    "File::open",
    "OpenOptions",
    "sorted_names",
];

/// Files of the sandbox that may use them, by why.
const NO_PROGRAM_WRITES_THERE: [(&str, &str); 17] = [
    ("rooted.rs", "the way to such files"),
    ("rooted/still.rs", "the way to such files when no program runs"),
    ("given.rs", "outside: files that the caller named"),
    ("stored.rs", "outside: files of the store"),
    ("sealed.rs", "outside: the program itself"),
    ("identity.rs", "outside: maps of the kernel"),
    ("nobody.rs", "outside: tables of users"),
    ("diagnose.rs", "outside: settings of the kernel"),
    ("advice.rs", "outside: settings of the kernel"),
    ("memory.rs", "outside: tables of the kernel"),
    ("group.rs", "outside: control groups of the kernel"),
    ("guard.rs", "process 1: tables of the kernel"),
    ("apart.rs", "before any program runs"),
    ("foreign.rs", "before any program runs"),
    ("room.rs", "before any program runs"),
    ("limits.rs", "before any program runs"),
    ("mounts.rs", "before it is shown to programs"),
];

#[test]
fn files_of_programs_are_opened_in_one_place() {
    let sources = root().join("crates/isoplug-sandbox/src");
    let files = rust_files();
    let inside = |path: &&PathBuf| {
        let path = path.strip_prefix(&sources).unwrap_or(path);
        path.is_relative() && !path.ends_with("tests.rs")
    };
    let found: Vec<&PathBuf> = files.iter().filter(inside).collect();
    assert!(found.len() > 30, "the walk is broken: {} files", found.len());
    let may = |path: &&PathBuf| {
        let mut allowed = NO_PROGRAM_WRITES_THERE.iter().map(|(allowed, _)| *allowed);
        allowed.any(|allowed| **path == sources.join(allowed))
    };
    let wrong: Vec<String> =
        found.into_iter().filter(|path| !may(path)).flat_map(|path| ways_by_path(path)).collect();
    report(
        "files that programs can change are opened through isoplug-sandbox/src/rooted.rs",
        &wrong,
    );
}

fn ways_by_path(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let is_test = path.ends_with("tests.rs");
    let code = text.split("#[cfg(test)]").next().filter(|_| !is_test).unwrap_or_default();
    let ways = BY_PATH.iter().filter(|way| code.contains(**way));
    ways.map(|way| format!("{} has {way}", path.display())).collect()
}

#[test]
fn every_command_has_a_test() {
    let commands = isoplug_formats::tree::sorted_names(&root().join("crates/isoplug/src/commands"));
    let untested: Vec<String> = commands
        .unwrap()
        .iter()
        // Parts of a command lie in a folder of its name.
        .map(|name| Path::new(name).with_extension("rs").display().to_string())
        .filter(|name| !root().join("tests/tests").join(name).exists())
        .collect();
    report("a command must have a file in tests/tests", &untested);
}

/// A German way to say "is not a": "x is no number". "There is no x" is English.
#[test]
fn messages_are_in_plain_english() {
    let mut wrong = Vec::new();
    for path in rust_files().iter().filter(|path| path.starts_with(root().join("crates"))) {
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let mut texts = line.split('"').skip(1).step_by(2).map(str::to_lowercase);
            if texts.any(|text| is_calque(&text)) {
                wrong.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    report("a message must not say that something \"is no\" other thing", &wrong);
}

fn is_calque(text: &str) -> bool {
    let english = ["there is no", "there are no", " no longer"];
    let text = english.iter().fold(text.to_owned(), |text, words| text.replace(words, ""));
    text.contains(" is no ") || text.contains(" are no ")
}
