//! The laws of merging, over random modules.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::parts::Options;
use crate::text::{Origin, Texts};

/// One module of the tests: what it says about a scalar, a list and a map.
#[derive(Debug, Clone)]
struct Module {
    hostname: Option<(Strength, u8)>,
    install: Option<(Strength, Vec<u8>)>,
    users: Option<(Strength, Vec<u8>)>,
}

fn strength() -> impl Strategy<Value = Strength> {
    prop_oneof![
        1 => Just(Strength::Fallback),
        3 => Just(Strength::Normal),
        1 => Just(Strength::Force)
    ]
}

fn module() -> impl Strategy<Value = Module> {
    let list = || proptest::option::of((strength(), vec(0..4_u8, 0..3)));
    (proptest::option::of((strength(), 0..3_u8)), list(), list())
        .prop_map(|(hostname, install, users)| Module { hostname, install, users })
}

impl Module {
    fn toml(&self) -> String {
        let mut text = String::new();
        if let Some((strength, host)) = &self.hostname {
            text +=
                &format!("networking.hostname = {}\n", strong(*strength, &format!("\"h{host}\"")));
        }
        if let Some((strength, names)) = &self.install {
            let names: Vec<String> = names.iter().map(|name| format!("\"p{name}\"")).collect();
            let list = format!("[{}]", names.join(", "));
            text += &format!("packages.install = {}\n", strong(*strength, &list));
        }
        if let Some((strength, names)) = &self.users {
            let mut names = names.clone();
            names.sort_unstable();
            names.dedup();
            let users: Vec<String> = names.iter().map(|name| format!("u{name} = {{}}")).collect();
            let table = format!("{{ {} }}", users.join(", "));
            text += &format!("users = {}\n", strong(*strength, &table));
        }
        text
    }
}

fn strong(strength: Strength, value: &str) -> String {
    match strength {
        Strength::Normal => value.to_owned(),
        strength => format!("{{ {strength} = {value} }}"),
    }
}

fn said(toml: &str) -> Said {
    let mut texts = Texts::default();
    let id = texts.add("m.toml", toml);
    let mut diagnostics = Vec::new();
    let value = crate::parse::parse(&texts, id, &mut diagnostics);
    assert_eq!(diagnostics, []);
    Said { strength: Strength::Normal, value, built_in: false }
}

fn merged(modules: &[String]) -> (Json, usize) {
    let mut diagnostics = Vec::new();
    let said = modules.iter().map(|module| said(module)).collect();
    let setting = merge(Options::shape(), said, &mut diagnostics);
    (setting.to_json(), diagnostics.len())
}

fn texts(modules: &[Module]) -> Vec<String> {
    modules.iter().map(Module::toml).collect()
}

#[test]
fn a_strength_reaches_through_an_options_table_but_not_a_map() {
    let base = "networking = { hostname = \"a\", dhcp = false }\nusers.a.uid = 1".to_owned();
    let over = "networking = { force = { hostname = \"b\" } }\nusers = { force = {} }".to_owned();
    let (tree, conflicts) = merged(&[base, over]);
    let networking = json!({ "hostname": "b", "dhcp": false });
    assert_eq!((tree, conflicts), (json!({ "networking": networking, "users": {} }), 0));
}

#[test]
fn the_beaten_are_remembered() {
    let modules = ["microcode = { fallback = false }", "microcode = true"].map(said);
    let setting = merge(Options::shape(), modules.to_vec(), &mut Vec::new());
    let microcode = setting.at(&["microcode"]).unwrap();
    let lost: Vec<_> =
        microcode.lost.iter().map(|said| (said.strength, said.value.to_json())).collect();
    assert_eq!(lost, [(Strength::Fallback, json!(false))]);
    assert_eq!(
        microcode.won[0].value.origin,
        Origin { span: 12..16, ..microcode.won[0].value.origin.clone() }
    );
}

#[test]
fn no_option_is_called_like_a_strength() {
    let mut found = Vec::new();
    crate::explain::walk(Options::shape(), &mut Vec::new(), &mut |keys, _| {
        if keys.iter().any(|key| ["force", "fallback", "extends", "include", "when"].contains(key))
        {
            found.push(keys.join("."));
        }
    });
    assert_eq!(found, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A list is what the strongest modules say, one after the other.
    #[test]
    fn lists_append_in_order(modules in vec(module(), 0..5)) {
        let given: Vec<_> = modules.iter().filter_map(|module| module.install.clone()).collect();
        let strongest = given.iter().map(|(strength, _)| *strength).max();
        let expected: Vec<String> = given.iter().filter(|(strength, _)| Some(*strength) == strongest)
            .flat_map(|(_, names)| names).map(|name| format!("p{name}")).collect();
        let (tree, _) = merged(&texts(&modules));
        let found = tree.pointer("/packages/install").cloned().unwrap_or_else(|| json!([]));
        prop_assert_eq!(found, json!(expected));
    }

    /// A scalar is what the strongest say; they conflict exactly if they disagree.
    #[test]
    fn the_strongest_scalar_wins(modules in vec(module(), 0..5)) {
        let given: Vec<_> = modules.iter().filter_map(|module| module.hostname).collect();
        let strongest = given.iter().map(|(strength, _)| *strength).max();
        let winners: Vec<u8> = given.iter().filter(|(strength, _)| Some(*strength) == strongest)
            .map(|(_, host)| *host).collect();
        let (tree, conflicts) = merged(&texts(&modules));
        let expected = winners.first().map(|host| json!(format!("h{host}")));
        prop_assert_eq!(tree.pointer("/networking/hostname").cloned(), expected);
        let agree = winners.windows(2).all(|pair| pair[0] == pair[1]);
        prop_assert_eq!(conflicts == 0, agree);
    }

    /// The order of modules decides the order of lists, and nothing else.
    #[test]
    fn order_matters_to_lists_only(modules in vec(module(), 0..5)) {
        let mut reversed = modules.clone();
        reversed.reverse();
        let ((mut one, conflicts), (mut other, others)) =
            (merged(&texts(&modules)), merged(&texts(&reversed)));
        prop_assert_eq!(conflicts == 0, others == 0);
        for tree in [&mut one, &mut other] {
            if let Some(Json::Array(list)) = tree.pointer_mut("/packages/install") {
                list.sort_by_key(Json::to_string);
            }
        }
        if conflicts == 0 {
            prop_assert_eq!(one, other);
        }
    }

    /// A module that says nothing changes nothing, wherever it stands.
    #[test]
    fn an_empty_module_is_neutral(modules in vec(module(), 0..4), at in 0..5_usize) {
        let mut texts = texts(&modules);
        let (before, _) = merged(&texts);
        texts.insert(at.min(texts.len()), String::new());
        prop_assert_eq!(merged(&texts).0, before);
    }
}
