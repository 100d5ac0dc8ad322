//! What the docs promise has tests.

use super::*;

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
        .filter(|option| {
            // What a table of keywords has is held as a whole.
            let above = option.rsplit_once('.').map_or("", |(table, _)| table);
            !page.contains(&format!("`{option}`")) && !page.contains(&format!("`{above}.*`"))
        })
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
