//! Each option belongs to exactly one part.

use super::*;
use crate::explain::walk;
use crate::path::split;
use crate::shape::Kind;

/// Returns every option with a value of its own: tables are the options in them.
fn all() -> Vec<String> {
    let (shape, mut found) = (Options::shape(), Vec::new());
    walk(shape, &mut Vec::new(), &mut |keys, shape| {
        if !matches!(shape.kind, Kind::Object { .. } | Kind::Map { .. }) {
            found.push(keys.join("."));
        }
    });
    found
}

/// Returns who owns an option, by what each part says that it owns.
fn owners<'p>(owned: &'p [(String, String)], option: &str) -> Vec<&'p str> {
    let keys = split(option);
    let mine = owned.iter().filter(|(_, path)| keys.starts_with(&split(path)));
    mine.map(|(part, _)| part.as_str()).collect()
}

#[test]
fn every_option_belongs_to_exactly_one_part() {
    let owned = owned();
    let all = all();
    assert!(all.len() > 80, "the walk is broken: {} options", all.len());
    let astray: Vec<(&String, Vec<&str>)> = all
        .iter()
        .map(|option| (option, owners(&owned, option)))
        .filter(|(_, owners)| owners.len() != 1)
        .collect();
    assert_eq!(astray, [], "an option has one part");
    for (part, path) in &owned {
        let keys = split(path);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert!(Options::shape().at(&keys).is_some(), "{part} owns no option `{path}`");
    }
}

/// Returns the parts with what each owns.
fn owned() -> Vec<(String, String)> {
    let options = Options::default();
    let (distribution, sources) = (crate::distribution::ALL[0], &std::collections::BTreeMap::new());
    let parts = parts(
        &options,
        About { image: "t", version: None, profile: "p", arch: "amd64", distribution, sources },
    );
    let owned = parts.iter().flat_map(|part| {
        let by = part.by().to_string();
        part.owns().iter().map(move |path| (by.clone(), (*path).to_owned()))
    });
    owned.collect()
}

#[test]
fn two_owners_and_none_are_found() {
    let owned = [("a", "boot"), ("b", "boot.menu"), ("c", "boo")];
    let owned = owned.map(|(part, path)| (part.to_owned(), path.to_owned()));
    assert_eq!(owners(&owned, "boot.menu.memtest"), ["a", "b"]);
    assert_eq!(owners(&owned, "boot.timeout"), ["a"]);
    assert!(owners(&owned, "users.*.uid").is_empty());
}
