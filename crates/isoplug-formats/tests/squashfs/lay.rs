//! What was laid down is scanned as the same tree.

use isoplug_formats::tree::lay::lay;
use proptest::prelude::*;

use crate::{odd, oracles, random};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_trees_are_scanned_as_they_were_laid((tree, memory) in random::trees()) {
        if !oracles::is_root() {
            isoplug_skip::skipped("not root: owners cannot be set");
            return Ok(());
        }
        let folder = tempfile::tempdir().unwrap();
        lay(&tree, &memory, folder.path()).unwrap();
        oracles::assert_same(&oracles::scanned(folder.path()), &oracles::placeless(&tree), "scan");
    }
}

#[test]
fn the_odd_tree_is_scanned_as_it_was_laid() {
    if !oracles::is_root() {
        return isoplug_skip::skipped("not root: owners cannot be set");
    }
    let (tree, memory) = odd::tree();
    let folder = tempfile::tempdir().unwrap();
    let laid = folder.path().join("made by lay");
    lay(&tree, &memory, &laid).unwrap();
    oracles::assert_same(&oracles::scanned(&laid), &oracles::placeless(&tree), "scan");
    let error = lay(&tree, &memory, &laid).unwrap_err().to_string();
    assert!(error.contains("made by lay/a-links: File exists"), "{error}");
}
