//! Crates, and folders of a crate, use each other in one direction.

use super::*;

/// What each crate may use of the others; a new arrow needs a reason in crates/README.md.
const MAY_USE: [(&str, &str); 17] = [
    ("isoplug-arch", ""),
    ("isoplug-engine", ""),
    ("isoplug-formats", ""),
    ("isoplug-install", "isoplug-install-plan"),
    ("isoplug-install-plan", ""),
    ("isoplug-promise", ""),
    ("isoplug-bill", "isoplug-formats"),
    ("isoplug-manifest", "isoplug-arch isoplug-install-plan isoplug-promise"),
    ("isoplug-vm", "isoplug-arch isoplug-promise"),
    ("isoplug-fetch", "isoplug-engine"),
    ("isoplug-inspect", "isoplug-formats"),
    ("isoplug-sandbox", "isoplug-arch isoplug-engine isoplug-formats"),
    ("isoplug-packages", "isoplug-engine isoplug-fetch isoplug-formats isoplug-manifest"),
    ("isoplug-registry", "isoplug-engine isoplug-fetch isoplug-manifest"),
    (
        "isoplug-image",
        "isoplug-arch isoplug-bill isoplug-engine isoplug-fetch isoplug-formats isoplug-install-plan isoplug-manifest isoplug-packages isoplug-sandbox",
    ),
    (
        "isoplug-plugin",
        "isoplug-engine isoplug-formats isoplug-image isoplug-manifest isoplug-registry",
    ),
    (
        "isoplug-kit",
        "isoplug-arch isoplug-engine isoplug-formats isoplug-manifest isoplug-plugin isoplug-registry",
    ),
];

#[test]
fn arrows_point_down() {
    for (name, may) in MAY_USE {
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
    let all = isoplug_formats::tree::sorted_names(&root().join("crates")).unwrap();
    let is_held = |name: &str| name == "isoplug" || MAY_USE.iter().any(|(held, _)| *held == name);
    let free = all.iter().map(|name| name.to_string_lossy()).filter(|name| {
        root().join("crates").join(&**name).join("Cargo.toml").is_file() && !is_held(name)
    });
    report("each crate says what it may use", &free.map(String::from).collect::<Vec<_>>());
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
            if !is_part {
                let words = named(&lines[at + way.len()..]).split(ends_a_word);
                names.extend(words.map(str::to_owned));
            }
        }
    }
    names
}

/// Returns the name that a text begins with, or the list of names in braces.
fn named(rest: &str) -> &str {
    let list = rest.strip_prefix('{').and_then(|list| list.split(';').next());
    list.unwrap_or_else(|| rest.split(ends_a_word).next().unwrap_or_default())
}

fn ends_a_word(each: char) -> bool {
    !each.is_alphanumeric() && each != '_'
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
        if source.is_dir() {
            let used = folders_used(&source);
            seen += used.values().map(BTreeSet::len).sum::<usize>();
            let in_circles = in_circles(used).into_iter();
            circles.extend(
                in_circles.map(|(folder, others)| format!("{name:?}: {folder} uses {others:?}")),
            );
        }
    }
    assert!(seen > 20, "the walk is broken: {seen} uses");
    report("folders of a crate must not use each other in a circle", &circles);
}

/// Whoever uses nobody is in no circle; what is left at the end is.
fn in_circles(mut used: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    while let Some(free) = used.iter().find(|(_, others)| others.is_empty()) {
        let free = free.0.clone();
        used.remove(&free);
        for others in used.values_mut() {
            others.remove(&free);
        }
    }
    used
}
