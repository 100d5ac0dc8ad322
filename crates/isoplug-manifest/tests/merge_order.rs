//! How profiles and files are put together does not matter, as long as their order is the same.

#![cfg(test)]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::evaluate_with;

/// Evaluates files that include each other as told, and returns the packages.
fn install(body: &str, files: &[(String, String)]) -> Vec<String> {
    let text = format!("image.name = \"t\"\n[profiles.p]\n{body}");
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let system = evaluate_with(&text, &files).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    system.options.packages.install
}

fn file(name: &str, include: &[String], packages: &[String]) -> (String, String) {
    let text = format!("include = {include:?}\npackages.install = {packages:?}");
    (name.to_owned(), text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// (a, b), c = a, (b, c): however files are bundled, their packages come in the same order.
    #[test]
    fn bundles_do_not_matter(lists in vec(vec("[a-c]{2}", 0..3), 3..4)) {
        let mut files: Vec<_> = lists.iter().zip(["a.toml", "b.toml", "c.toml"])
            .map(|(list, name)| file(name, &[], list)).collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        files.push(file("ab.toml", &names(&["a.toml", "b.toml"]), &[]));
        files.push(file("bc.toml", &names(&["b.toml", "c.toml"]), &[]));
        let flat = install("include = [\"a.toml\", \"b.toml\", \"c.toml\"]", &files);
        prop_assert_eq!(&flat, &lists.concat());
        prop_assert_eq!(&install("include = [\"ab.toml\", \"c.toml\"]", &files), &flat);
        prop_assert_eq!(&install("include = [\"a.toml\", \"bc.toml\"]", &files), &flat);
    }

    /// A file counts once, where it is named first, however often it is named.
    #[test]
    fn files_count_once(list in vec("[a-c]{2}", 1..3), again in 1..4_usize) {
        let files = [file("a.toml", &[], &list), file("b.toml", &["a.toml".to_owned()], &[])];
        let names = vec!["\"a.toml\", \"b.toml\""; again].join(", ");
        prop_assert_eq!(install(&format!("include = [{names}]"), &files), list);
    }
}

#[test]
fn what_is_extended_comes_first_and_conditions_last() {
    let text = "image.name = \"t\"\n\
        [profiles.base]\npackages.install = [\"base\"]\n\
        [profiles.p]\nextends = [\"base\"]\ninclude = \"a.toml\"\npackages.install = [\"own\"]\n\
        when.arch.amd64.packages.install = [\"amd64\"]\n\
        when.arch.arm64.packages.install = [\"arm64\"]\n\
        when.suite.trixie.packages.install = [\"trixie\"]";
    let files = [("a.toml", "packages.install = [\"file\"]")];
    let system = evaluate_with(text, &files).unwrap();
    assert_eq!(system.options.packages.install, ["base", "file", "own", "amd64", "trixie"]);
}
