//! Holds the rules of the house that neither compiler nor lints hold.

#![cfg(test)]

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
    let inside = |path: &&PathBuf| {
        let path = path.strip_prefix(&sources).unwrap_or(path);
        path.is_relative() && !path.ends_with("tests.rs")
    };
    let may = |path: &Path| {
        let mut allowed = NO_PROGRAM_WRITES_THERE.iter().map(|(allowed, _)| *allowed);
        allowed.any(|allowed| path == sources.join(allowed))
    };
    let files = rust_files();
    let found: Vec<&PathBuf> = files.iter().filter(inside).collect();
    assert!(found.len() > 30, "the walk is broken: {} files", found.len());
    let mut wrong = Vec::new();
    for path in found.into_iter().filter(|path| !may(path)) {
        let text = fs::read_to_string(path).unwrap();
        let is_test = path.ends_with("tests.rs");
        let code = text.split("#[cfg(test)]").next().filter(|_| !is_test).unwrap_or_default();
        let ways = BY_PATH.iter().filter(|way| code.contains(**way));
        wrong.extend(ways.map(|way| format!("{} has {way}", path.display())));
    }
    report(
        "files that programs can change are opened through isoplug-sandbox/src/rooted.rs",
        &wrong,
    );
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
        ("isoplug-arch", ""),
        ("isoplug-engine", ""),
        ("isoplug-formats", ""),
        ("isoplug-promise", ""),
        ("isoplug-manifest", "isoplug-arch isoplug-promise"),
        ("isoplug-vm", "isoplug-arch isoplug-promise"),
        ("isoplug-fetch", "isoplug-engine"),
        ("isoplug-sandbox", "isoplug-arch isoplug-engine isoplug-formats"),
        ("isoplug-packages", "isoplug-engine isoplug-fetch isoplug-formats isoplug-manifest"),
        ("isoplug-registry", "isoplug-engine isoplug-fetch isoplug-manifest"),
        (
            "isoplug-image",
            "isoplug-arch isoplug-engine isoplug-fetch isoplug-formats isoplug-manifest isoplug-packages isoplug-sandbox",
        ),
        (
            "isoplug-plugin",
            "isoplug-engine isoplug-formats isoplug-image isoplug-manifest isoplug-registry",
        ),
    ];
    for (name, may) in allowed {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(manifest).unwrap();
        let uses = text
            .lines()
            .filter(|line| !line.starts_with("isoplug-skip."))
            .filter_map(|line| line.split('.').next());
        let wrong: Vec<String> = uses
            .filter(|used| used.starts_with("isoplug-") && !may.split(' ').any(|m| m == *used))
            .map(|used| format!("{name} uses {used}"))
            .collect();
        report("arrows between crates point down", &wrong);
    }
}

/// Returns the names after `crate::`, and after as many `super::` as lead to the root of the crate, of code
/// that lies `depth` modules below it.
fn names_of_the_root(code: &str, depth: usize) -> BTreeSet<String> {
    let up = "super::".repeat(depth);
    let lines: String =
        code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let mut names = BTreeSet::new();
    for way in ["crate::", &up] {
        for (at, _) in lines.match_indices(way) {
            let is_part =
                lines[..at].ends_with(|each: char| each.is_alphanumeric() || ":_".contains(each));
            let rest = &lines[at + way.len()..];
            let rest = rest
                .strip_prefix('{')
                .and_then(|list| list.split(';').next())
                .unwrap_or_else(|| {
                    rest.split(|each: char| !each.is_alphanumeric() && each != '_')
                        .next()
                        .unwrap_or_default()
                });
            if !is_part {
                let words = rest.split(|each: char| !each.is_alphanumeric() && each != '_');
                names.extend(words.map(str::to_owned));
            }
        }
    }
    names
}

/// Returns which folders of a crate use which others. What lies in the crate's own folder is above them all.
fn folders_used(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let names = isoplug_formats::tree::sorted_names(source).unwrap();
    let names = names.iter().filter(|name| source.join(name).is_dir());
    let folders: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in rust_files().iter().filter(|path| path.starts_with(source)) {
        let below = path.strip_prefix(source).unwrap().with_extension("");
        let folder = below.iter().next().unwrap().to_string_lossy().into_owned();
        if !folders.contains(&folder) || below.ends_with("tests") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let names = names_of_the_root(code, below.iter().count());
        let others = names.intersection(&folders).filter(|other| **other != folder);
        let others: Vec<String> = others.cloned().collect();
        used.entry(folder).or_default().extend(others);
    }
    used
}

#[test]
fn no_folder_of_a_crate_uses_one_that_uses_it() {
    let crates = root().join("crates");
    let mut circles = Vec::new();
    let mut seen = 0;
    for name in isoplug_formats::tree::sorted_names(&crates).unwrap() {
        let source = crates.join(&name).join("src");
        if !source.is_dir() {
            continue;
        }
        let mut used = folders_used(&source);
        seen += used.values().map(BTreeSet::len).sum::<usize>();
        // Whoever uses nobody is in no circle; what is left at the end is.
        while let Some(free) = used.iter().find(|(_, others)| others.is_empty()) {
            let free = free.0.clone();
            used.remove(&free);
            for others in used.values_mut() {
                others.remove(&free);
            }
        }
        let used =
            used.iter().map(|(folder, others)| format!("{name:?}: {folder} uses {others:?}"));
        circles.extend(used);
    }
    assert!(seen > 20, "the walk is broken: {seen} uses");
    report("folders of a crate must not use each other in a circle", &circles);
}

/// A German way to say "is not a": "x is no number". "There is no x" is English.
#[test]
fn messages_are_in_plain_english() {
    let mut wrong = Vec::new();
    for path in rust_files().iter().filter(|path| path.starts_with(root().join("crates"))) {
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let is_text = |part: &(usize, &str)| part.0 % 2 == 1;
            let texts =
                line.split('"').enumerate().filter(is_text).map(|(_, text)| text.to_lowercase());
            let calque = |text: String| {
                let text = text
                    .replace("there is no", "")
                    .replace("there are no", "")
                    .replace(" no longer", "");
                text.contains(" is no ") || text.contains(" are no ")
            };
            if texts.into_iter().any(calque) {
                wrong.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    report("a message must not say that something \"is no\" other thing", &wrong);
}

/// Returns what stands between backquotes in the last cell of each row of a page's tables.
fn tests_named_in(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |"));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // A page may name the file, too: `plugin::a_file_is_added_once_its_requests_are_granted`.
    let words = words.filter_map(|word| word.rsplit("::").next());
    let part = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_';
    let is_name = |word: &&str| word.contains('_') && word.chars().all(part);
    words.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn tests_that_the_docs_name_exist() {
    let sources: String =
        rust_files().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for page in [
        "docs/promises.md",
        "docs/real-inputs.md",
        "docs/security-attempts.md",
        "docs/guide-map.md",
    ] {
        let named = tests_named_in(&fs::read_to_string(root().join(page)).unwrap());
        assert!(named.len() > 10, "{page} names {} tests", named.len());
        let is_missing = |name: &&String| !sources.contains(&format!("fn {name}("));
        let missing: Vec<String> = named.iter().filter(is_missing).cloned().collect();
        report(&format!("a test that {page} names must exist"), &missing);
    }
}

#[test]
fn every_option_of_a_profile_is_among_the_promises() {
    let reference = isoplug_manifest::reference();
    let profile = reference.split("## Of the manifest").next().unwrap();
    let page = fs::read_to_string(root().join("docs/promises.md")).unwrap();
    let entries = profile.split("\n### `").skip(1).filter(|entry| entry.contains("*Type:*"));
    let options = entries.filter_map(|entry| entry.split('`').next());
    let missing: Vec<String> = options
        .filter(|option| !page.contains(&format!("`{option}`")))
        .map(str::to_owned)
        .collect();
    report("an option must be in docs/promises.md", &missing);
}

#[test]
fn every_item_of_the_guide_is_on_its_page() {
    let page = fs::read_to_string(root().join("docs/guide-map.md")).unwrap();
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(rows.collect::<Vec<u32>>(), (1..=111).collect::<Vec<_>>());
}

#[test]
fn every_attempt_has_a_test() {
    let page = fs::read_to_string(root().join("docs/security-attempts.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| #")
        })
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let numbers: BTreeSet<u32> = rows.iter().filter_map(|row| row[0].parse().ok()).collect();
    assert_eq!(numbers, (1..=82).collect(), "an attempt of the study is not there");
    let is_held = |test: &str| test.contains("::") || matches!(test, "the same" | "by hand");
    let untested = rows.iter().filter(|row| row.len() != 4 || !is_held(row[3]));
    let untested: Vec<String> = untested.map(|row| row.join(" | ")).collect();
    report("an attempt in docs/security-attempts.md must have a test", &untested);
}
