//! What README and `docs/` show can be done as it is shown: commands, manifests, links.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use isoplug_formats::tree::sorted_names;
use isoplug_tests::space::Space;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Returns each page's path below the repository and its text.
fn pages() -> Vec<(String, String)> {
    let names = sorted_names(&root().join("docs")).unwrap();
    let names = names.iter().map(|name| format!("docs/{}", name.to_string_lossy()));
    let pages = names.filter(|name| name.ends_with(".md")).chain(["README.md".to_owned()]);
    pages.map(|page| (page.clone(), fs::read_to_string(root().join(page)).unwrap())).collect()
}

/// Returns the blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let parts = page.split("\n```").skip(1).step_by(2);
    parts.filter_map(|part| part.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// Returns the commands of isoplug that a page shows, in blocks and in sentences.
fn commands(page: &str) -> Vec<String> {
    let lines = blocks(page, "sh").into_iter().flat_map(str::lines);
    let code = page.split('`').skip(1).step_by(2).filter(|text| !text.contains('\n'));
    let shown = lines.chain(code).filter_map(|text| text.strip_prefix("isoplug "));
    let only = |text: &str| {
        let end = text.find([';', '&', '|', '>']).unwrap_or(text.len());
        let end = text.find(" #").unwrap_or(end).min(end);
        text[..end].trim().to_owned()
    };
    shown.filter(|text| !text.contains('…')).map(only).collect()
}

/// Asked for help behind them, a command complains of words that it does not know.
#[test]
fn commands_that_pages_show_are_taken() {
    let space = Space::new();
    let shown: Vec<(String, String)> = pages()
        .iter()
        .flat_map(|(page, text)| commands(text).into_iter().map(|shown| (page.clone(), shown)))
        .collect();
    assert!(shown.len() > 40, "the walk is broken: {} commands", shown.len());
    let unknown = shown.iter().filter_map(|(page, shown)| {
        let words: Vec<&str> = shown.split_whitespace().chain(["--help"]).collect();
        let said = space.run(&words);
        (!said.starts_with("exit: 0\n")).then(|| format!("{page}: isoplug {shown}\n{said}"))
    });
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0]);
}

/// A second program beside it, as for a test, would make cargo ask which is meant.
#[test]
fn cargo_run_without_a_name_means_isoplug() {
    let mut cargo = Command::new(env!("CARGO"));
    let metadata = cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let output = metadata.current_dir(root()).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = found["packages"].as_array().unwrap().iter();
    let default = found["workspace_default_members"].as_array().unwrap();
    let targets = packages
        .filter(|package| default.contains(&package["id"]))
        .flat_map(|package| package["targets"].as_array().unwrap());
    let programs: Vec<&str> = targets
        .filter(|target| target["kind"][0] == "bin")
        .map(|target| target["name"].as_str().unwrap())
        .collect();
    assert_eq!(programs, ["isoplug"]);
}

#[test]
fn the_readme_lists_the_commands_that_there_are() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("## The commands").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let words = rows.flat_map(|row| row.split('`').step_by(2));
    let listed: BTreeSet<&str> = words.filter_map(|word| word.split(' ').next()).collect();
    let help = Space::new().ok(&["--help"]);
    let there = |name: &str| help.lines().any(|line| line.starts_with(&format!("  {name} ")));
    let files = sorted_names(&root().join("crates/isoplug/src/commands")).unwrap();
    let names: Vec<String> = files
        .iter()
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.replace('_', "-")))
        .filter(|name| name != "select")
        .collect();
    assert!(names.iter().all(|name| there(name)), "{help}");
    assert_eq!(listed, names.iter().map(String::as_str).collect());
    let (_, missing) = readme.split_once("## Not there yet").unwrap();
    let (missing, _) = missing.split_once(';').unwrap();
    assert!(missing.split('`').skip(1).step_by(2).all(|name| !there(name)), "{missing}");
}

/// Its key stands for one of the reader's own.
#[test]
fn the_manifest_of_the_readme_is_right() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let manifest = blocks(&readme, "toml")[0];
    let space = Space::with_manifest(manifest);
    let said = space.run(&["check"]);
    assert!(said.starts_with("exit: 0\n") && said.contains("warning[placeholder]"), "{said}");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    // The comment behind the first command says what it makes.
    assert!(readme.contains("out/rescue-1.0-amd64.iso"));
}

#[test]
fn links_of_pages_lead_somewhere() {
    let links = pages().into_iter().flat_map(|(page, text)| {
        let folder = root().join(&page).parent().unwrap().to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let targets: Vec<String> = targets.map(str::to_owned).collect();
        targets.into_iter().map(move |target| (page.clone(), folder.clone(), target))
    });
    let links: Vec<_> = links.filter(|(_, _, target)| !target.contains("://")).collect();
    assert!(links.len() > 20, "the walk is broken: {} links", links.len());
    let dead = links.iter().filter(|(_, folder, target)| {
        !folder.join(target.split('#').next().unwrap_or_default()).exists()
    });
    assert_eq!(dead.map(|(page, _, to)| format!("{page}: {to}")).collect::<Vec<_>>(), [""; 0]);
}
