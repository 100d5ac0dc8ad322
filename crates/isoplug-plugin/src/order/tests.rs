//! Tests of the order, and of what cannot be together.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::{Attributes, Content, Entry, EntryKind};

fn module(name: &str, change: impl FnOnce(&mut Module)) -> Module {
    let mut module = Module { name: name.to_owned(), ..Module::default() };
    change(&mut module);
    module
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn sorted(modules: &[Module]) -> Result<Vec<&str>, String> {
    let with: Vec<(&str, &Module)> = modules.iter().map(|module| ("p", module)).collect();
    let order = order(&with).map_err(|error| error.to_string())?;
    Ok(order.into_iter().map(|index| modules[index].name.as_str()).collect())
}

#[test]
fn words_decide_then_names() {
    let modules = [
        module("c", |it| it.before = words(&["late"])),
        module("b", |it| it.provides = words(&["late"])),
        module("a", |it| it.after = words(&["late", "nobody"])),
        module("d", |_| {}),
    ];
    assert_eq!(sorted(&modules).unwrap(), ["c", "b", "a", "d"]);
}

#[test]
fn what_cannot_be_is_said() {
    assert_snapshot!(
        sorted(&[module("a", |it| it.requires = words(&["x"]))]).unwrap_err(),
        @"module `p/a` requires `x`, which no module provides"
    );
    assert_snapshot!(
        sorted(&[
            module("a", |it| it.conflicts = words(&["x"])),
            module("b", |it| it.provides = words(&["x"])),
        ]).unwrap_err(),
        @"module `p/a` conflicts with `x`, which module `p/b` provides"
    );
    assert_snapshot!(
        sorted(&[module("a", |_| {}), module("a", |_| {})]).unwrap_err(),
        @"there are two modules `p/a`"
    );
}

#[test]
fn modules_in_a_circle_are_named() {
    assert_snapshot!(
        sorted(&[
            module("c", |it| it.after = words(&["p/b"])),
            module("a", |it| it.after = words(&["p/c"])),
            module("b", |it| it.after = words(&["p/a"])),
            module("z", |it| it.after = words(&["p/b"])),
        ]).unwrap_err(),
        @"modules wait for each other: p/a before p/b before p/c before p/a"
    );
}

#[test]
fn the_module_at_fault_is_named() {
    let (fine, lacks) = (module("a", |_| {}), module("b", |it| it.requires = words(&["x"])));
    let error = order(&[("one", &fine), ("two", &lacks)]).unwrap_err();
    assert_eq!(error.module(), "two/b");
}

#[test]
fn a_path_has_one_owner() {
    let file = |text: &str, replace| {
        let attributes = Attributes { mode: 0o644, uid: 0, gid: 0, replace };
        let kind = EntryKind::File(Content::bytes(text.as_bytes()), attributes);
        vec![Entry { tree: Tree::Root, path: "/etc/motd".to_owned(), kind }]
    };
    let both = |second: Vec<Entry>| {
        let first = file("a", false);
        let both = [module("a", |it| it.entries = first), module("b", |it| it.entries = second)];
        sorted(&both).map(|names| names.join(" "))
    };
    assert!(both(file("a", false)).is_ok());
    assert!(both(file("b", true)).is_ok());
    assert_snapshot!(
        both(file("b", false)).unwrap_err(),
        @"root:/etc/motd: both `p/a` and `p/b` set it, each to something else; `replace` would let the later one win"
    );
}

proptest! {
    #[test]
    fn the_order_does_not_depend_on_places(
        seed in prop::collection::vec((0..6_usize, 0..6_usize), 0..6),
        turn in 0..6_usize,
    ) {
        let mut modules: Vec<Module> =
            (0..6).map(|index| module(&format!("m{index}"), |_| {})).collect();
        for (earlier, later) in seed {
            modules[later].after.push(format!("p/m{earlier}"));
        }
        let before = sorted(&modules).map(|names| names.join(" "));
        modules.rotate_left(turn);
        let after = sorted(&modules).map(|names| names.join(" "));
        prop_assert_eq!(before, after);
    }
}
