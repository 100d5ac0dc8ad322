//! Takes entries out of a tree by a rule, so that what is left is a whole tree.
//!
//! Knows no reason why an entry should go.

use std::collections::BTreeMap;

use super::{Entry, Kind, Tree, TreePath, parent};

impl Tree {
    /// Removes the entries that `doomed` names and all below them, and returns how many went. Other
    /// names of a file that goes keep its content.
    pub fn prune(&mut self, doomed: impl Fn(&TreePath, &Entry) -> bool) -> usize {
        let mut gone: BTreeMap<TreePath, Kind> = BTreeMap::new();
        for (path, entry) in &self.entries {
            let below_gone = parent(path).is_some_and(|folder| gone.contains_key(folder));
            if below_gone || doomed(path, entry) {
                gone.insert(path.clone(), entry.kind.clone());
            }
        }
        self.entries.retain(|path, _| !gone.contains_key(path));
        self.inherit(&gone);
        gone.len()
    }

    /// Gives the content of each file that went to its first other name that stays.
    fn inherit(&mut self, gone: &BTreeMap<TreePath, Kind>) {
        let mut heirs: BTreeMap<TreePath, TreePath> = BTreeMap::new();
        for (path, entry) in &mut self.entries {
            let Kind::HardLink(first) = &entry.kind else { continue };
            let Some(content) = gone.get(first) else { continue };
            let heir = heirs.entry(first.clone()).or_insert_with(|| path.clone());
            entry.kind = if heir == path { content.clone() } else { Kind::HardLink(heir.clone()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, check::check};
    use super::*;
    use proptest::prelude::*;

    const CONTENT: Content = Content { digest: [7; 32], size: 5, pack: [9; 32], offset: 3 };

    fn tree(files: &[&str], links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for path in files {
            tree.insert(path.as_bytes(), Entry::new(Kind::File(CONTENT), 0o644, 0));
        }
        for (path, first) in links {
            let kind = Kind::HardLink(first.as_bytes().to_vec());
            tree.insert(path.as_bytes(), Entry::new(kind, 0o644, 0));
        }
        tree
    }

    #[test]
    fn another_name_of_a_file_that_goes_keeps_its_content() {
        let mut tree = tree(&["a/x"], &[("b", "a/x"), ("c", "a/x")]);
        assert_eq!(tree.prune(|path, _| path == b"a"), 2);
        assert_eq!(tree.get("b").unwrap().kind, Kind::File(CONTENT));
        assert_eq!(tree.get("c").unwrap().kind, Kind::HardLink(b"b".to_vec()));
    }

    proptest! {
        #[test]
        fn what_is_left_is_a_tree(
            gone in prop::collection::vec(prop::sample::select(vec!["a", "a/x", "b", "c", "d/y"]), 0..4)
        ) {
            let mut tree = tree(&["a/x"], &[("b", "a/x"), ("c", "a/x"), ("d/y", "a/x")]);
            tree.prune(|path, _| gone.iter().any(|gone| gone.as_bytes() == path));
            prop_assert!(check(&tree).is_ok());
        }
    }
}
