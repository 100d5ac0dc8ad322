//! The solver against all possible answers of small random universes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use isoplug_formats::apt::{Package, relation};
use proptest::prelude::*;

use super::*;
use crate::Index;
use crate::check::check;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn index(text: &str) -> Vec<Index> {
    let (archive, suite) = ("debian".to_owned(), "stable".to_owned());
    vec![Index {
        source: archive.clone(),
        archive,
        suite,
        distribution: true,
        pin: 500,
        text: text.to_owned(),
    }]
}

fn relation_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned),
        1 => Just("virtual".to_owned()),
        2 => (proptest::sample::select(&NAMES[..]), proptest::sample::select(&["= 1", "= 2", ">= 2", "<< 2", ">> 2"][..]))
            .prop_map(|(name, version)| format!("{name} ({version})")),
    ]
}

fn stanza_text() -> impl Strategy<Value = String> {
    let group = proptest::collection::vec(relation_text(), 1..3).prop_map(|all| all.join(" | "));
    let depends = proptest::collection::vec(group, 0..3).prop_map(|all| all.join(", "));
    let conflicts = proptest::collection::vec(relation_text(), 0..2).prop_map(|all| all.join(", "));
    (depends, conflicts, any::<bool>()).prop_map(|(depends, conflicts, provides)| {
        let provides = if provides { "virtual" } else { "" };
        format!("Depends: {depends}\nConflicts: {conflicts}\nProvides: {provides}\n")
    })
}

fn universe_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(stanza_text(), NAMES.len() * 2).prop_map(|stanzas| {
        let mut text = String::new();
        for (number, stanza) in stanzas.iter().enumerate() {
            let (name, version) = (NAMES[number / 2], number % 2 + 1);
            let _ =
                writeln!(text, "Package: {name}\nVersion: {version}\nArchitecture: all\n{stanza}");
        }
        text
    })
}

/// Tells whether any set of offers has the wish and violates nothing.
fn possible(universe: &Universe, wish: &str) -> bool {
    let offers: BTreeMap<&str, Vec<Package>> = NAMES
        .map(|name| (name, universe.named(name).map(|id| *universe.package(id)).collect()))
        .into();
    (0..3_usize.pow(NAMES.len() as u32)).any(|number| {
        let choice = |(place, name): (usize, &&str)| {
            let version = number / 3_usize.pow(place as u32) % 3;
            (version > 0).then(|| offers[name][version - 1])
        };
        let set: Vec<Package> = NAMES.iter().enumerate().filter_map(choice).collect();
        set.iter().any(|package| package.name == wish) && check(&set, "amd64").is_empty()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn the_answer_is_right_and_found_if_there_is_one(text in universe_text(), wish in proptest::sample::select(&NAMES[..])) {
        let indices = index(&text);
        let universe = Universe::new(&indices, "amd64");
        let wanted = vec![relation::parse_list(wish).unwrap()];
        let answer = Resolvo.solve(&universe, &Problem { wanted, ..Problem::default() });
        prop_assert_eq!(answer.is_ok(), possible(&universe, wish), "{}", text);
        if let Ok(ids) = answer {
            let set: Vec<Package> = ids.iter().map(|id| *universe.package(*id)).collect();
            prop_assert!(set.iter().any(|package| package.name == wish));
            prop_assert_eq!(check(&set, "amd64"), vec![], "{}", text);
        }
    }
}

type Row = (&'static str, u32, &'static str, &'static str, &'static str);

fn stanza((name, version, depends, conflicts, provides): Row) -> String {
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\nDepends: {depends}\n\
         Conflicts: {conflicts}\nProvides: {provides}\n\n"
    )
}

/// resolvo's explanation of this ring has no end.
#[test]
fn an_endless_explanation_is_cut() {
    let offers = [
        ("a", 1, "c | a, c (= 1)", "", ""),
        ("a", 2, "", "", "virtual"),
        ("b", 1, "a (>= 2), e (= 1)", "", ""),
        ("b", 2, "e (>= 2), e", "", ""),
        ("c", 1, "d (= 2), e | b", "c (= 2)", ""),
        ("c", 2, "virtual | e (<< 2), b (= 1)", "e", "virtual"),
        ("d", 1, "virtual, e", "c (>> 2)", "virtual"),
        ("d", 2, "a | virtual", "a", "virtual"),
        ("e", 1, "b", "a", ""),
        ("e", 2, "c", "c", "virtual"),
    ];
    let indices = index(&offers.map(stanza).concat());
    let universe = Universe::new(&indices, "amd64");
    let wanted = vec![relation::parse_list("c").unwrap()];
    let refused = Resolvo.solve(&universe, &Problem { wanted, ..Problem::default() }).unwrap_err();
    assert!(refused.reason.len() < 20_000 && refused.reason.ends_with("\nand so on"));
}
