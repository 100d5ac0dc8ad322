//! Systems come out of their parts as they went in.

use isoplug_formats::tree::Content;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Lays the parts of a system over each other, in their order.
fn laid(shared: &Shared, system: usize, last_first: bool) -> Tree {
    let sets = shared.sets.iter().filter(|(members, _)| members.contains(&system));
    let mut parts: Vec<&Tree> = sets.map(|(_, tree)| tree).collect();
    if last_first {
        parts.reverse();
    }
    parts.push(&shared.own[system]);
    let mut whole = Tree::default();
    for part in parts {
        whole.entries.extend(part.entries.clone());
    }
    whole
}

/// Forgets where the bytes are.
fn placeless(mut tree: Tree) -> Tree {
    for entry in tree.entries.values_mut() {
        if let Kind::File(content) = &mut entry.kind {
            (content.pack, content.offset) = ([0; 32], 0);
        }
    }
    tree
}

fn file(byte: u8, pack: u8) -> Kind {
    let (digest, pack) = ([byte; 32], [pack; 32]);
    Kind::File(Content {
        digest,
        size: u64::from(byte % 4) * 1000,
        pack,
        offset: u64::from(pack[0]),
    })
}

/// One of few names, so that systems have many in common.
fn name() -> impl Strategy<Value = String> {
    ("[a-c]", "[a-d]", "[a-c]").prop_map(|(one, two, three)| format!("{one}/{two}/{three}"))
}

#[expect(clippy::too_many_lines, reason = "what is random, then the tree of it")]
fn tree(pack: u8) -> impl Strategy<Value = Tree> {
    let entries = vec((name(), 0..6u8, 0..3u16), 0..40);
    (entries, vec((name(), name()), 0..8), vec(("[a-c]", 0..2u16), 0..3)).prop_map(
        move |(entries, links, folders)| {
            let mut tree = Tree::default();
            for (path, byte, mode) in entries {
                let kind = match byte {
                    0 => Kind::Symlink(b"x".to_vec()),
                    1 => Kind::Fifo,
                    byte => file(byte, pack),
                };
                tree.insert(path.into_bytes(), Entry::new(kind, mode, 7));
            }
            for (first, other) in links {
                let (first, other) = (first.into_bytes(), other.into_bytes());
                let there = tree.entries.get(&first).cloned();
                if let Some(entry) = there.filter(|entry| matches!(entry.kind, Kind::File(_)))
                    && first < other
                    && !tree.entries.values().any(|e| e.kind == Kind::HardLink(other.clone()))
                {
                    tree.insert(other, Entry { kind: Kind::HardLink(first), ..entry });
                }
            }
            for (path, mode) in folders {
                if let Some(entry) = tree.entries.get_mut(path.as_bytes()) {
                    entry.mode = mode;
                }
            }
            tree
        },
    )
}

proptest! {
    #[test]
    fn parts_make_the_systems_again(
        one in tree(1), two in tree(2), three in tree(3), least in prop_oneof![Just(0), Just(5000)],
    ) {
        let trees = [one, two, three];
        let shared = share(&trees, least);
        for (index, tree) in trees.iter().enumerate() {
            for last_first in [false, true] {
                let laid = placeless(laid(&shared, index, last_first));
                prop_assert_eq!(laid, placeless(tree.clone()));
            }
        }
    }

    #[test]
    fn nothing_but_folders_is_in_two_parts(one in tree(1), two in tree(2), three in tree(3)) {
        let shared = share(&[one, two, three], 0);
        for (members, set) in &shared.sets {
            for (path, entry) in set.entries.iter().filter(|(_, e)| e.kind != Kind::Directory) {
                for &member in members {
                    prop_assert!(!shared.own[member].entries.contains_key(path));
                }
                // The other names of a file are where it is.
                if let Kind::HardLink(first) = &entry.kind {
                    prop_assert!(set.entries.contains_key(first));
                }
            }
        }
    }
}

fn of(files: &[(&str, u8, u8)]) -> Tree {
    let mut tree = Tree::default();
    for (path, byte, pack) in files {
        tree.insert(path.as_bytes(), Entry::new(file(*byte, *pack), 0o644, 7));
    }
    tree
}

fn paths(tree: &Tree) -> Vec<String> {
    let files = tree.entries.iter().filter(|(_, entry)| entry.kind != Kind::Directory);
    files.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
}

#[test]
fn what_two_of_three_have_is_a_set_of_its_own() {
    let live = of(&[("a", 3, 1), ("b", 3, 1), ("c", 3, 1)]);
    let server = of(&[("a", 3, 2), ("b", 3, 2), ("c", 2, 2)]);
    let desktop = of(&[("a", 3, 3), ("c", 2, 3), ("d", 1, 3)]);
    let shared = share(&[live, server, desktop], 1);
    let sets = shared.sets.iter().map(|(members, set)| (members.clone(), paths(set)));
    let expected = [(vec![0, 1], "b"), (vec![0, 1, 2], "a"), (vec![1, 2], "c")];
    let expected = expected.map(|(members, path)| (members, vec![path.to_owned()]));
    assert_eq!(sets.collect::<Vec<_>>(), expected);
    assert_eq!(shared.own.iter().map(paths).collect::<Vec<_>>(), [vec!["c"], vec![], vec!["d"]]);
}

#[test]
fn a_set_that_is_small_is_none() {
    let systems = [of(&[("a", 3, 1)]), of(&[("a", 3, 2)])];
    assert_eq!(share(&systems, 3000).sets.len(), 1);
    let shared = share(&systems, 3001);
    assert!(shared.sets.is_empty());
    assert_eq!(shared.own, systems);
}

#[test]
fn a_file_with_one_name_more_is_another() {
    let mut two = of(&[("a", 3, 1)]);
    let entry = two.entries[&b"a"[..]].clone();
    two.insert(*b"b", Entry { kind: Kind::HardLink(b"a".to_vec()), ..entry });
    let shared = share(&[of(&[("a", 3, 1)]), two], 0);
    assert!(shared.sets.is_empty());
    assert_eq!(paths(&shared.own[1]), ["a", "b"]);
}
