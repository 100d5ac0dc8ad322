//! Keeps what one contributor adds to and removes from the rootfs, and applies it to a tree.
//!
//! In the store an overlay is an ordinary tree that marks removals as overlayfs does: a character
//! device 0,0 for a path that is gone, `trusted.overlay.opaque` where something else takes its
//! place (kernel documentation, `filesystems/overlayfs.rst`, "whiteouts and opaque directories").
//! Knows no contributor and no pack.

use std::collections::BTreeMap;

use isoplug_formats::tree::{self, Entry, Kind, Tree, TreePath};

const OPAQUE: &[u8] = b"trusted.overlay.opaque";
const WHITEOUT: Kind = Kind::CharDevice(0, 0);

/// What one contributor changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The entries that it sets. Unlike other trees it lacks the folders that are only on the way.
    pub tree: Tree,
    /// The paths that go away with all below them, before `tree` is laid over; sorted, each once.
    pub removed: Vec<TreePath>,
}

impl Overlay {
    /// Returns the bytes that stand for the overlay in the store: those of a tree.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tree = self.tree.clone();
        for path in &self.removed {
            match tree.entries.get_mut(path) {
                Some(entry) => _ = entry.xattrs.insert(OPAQUE.to_vec(), b"y".to_vec()),
                None => _ = tree.entries.insert(path.clone(), Entry::new(WHITEOUT, 0, 0)),
            }
        }
        tree.to_bytes()
    }

    /// Reads what [`Overlay::to_bytes`] wrote; a tree without removals is an overlay too.
    ///
    /// # Errors
    ///
    /// When the bytes are no overlay.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, tree::Error> {
        let mut tree = Tree::from_bytes(bytes)?;
        let mut removed = Vec::new();
        tree.entries.retain(|path, entry| {
            let opaque = entry.xattrs.remove(OPAQUE).is_some();
            let whiteout = entry.kind == WHITEOUT;
            if opaque || whiteout {
                removed.push(path.clone());
            }
            !whiteout
        });
        Ok(Self { tree, removed })
    }

    /// Makes one overlay of this one and a later one.
    pub fn then(&mut self, later: &Self) {
        for gone in &later.removed {
            self.tree.remove(gone);
        }
        for (path, entry) in &later.tree.entries {
            let is_folder = |entry: &Entry| entry.kind == Kind::Directory;
            match self.tree.get(path) {
                // What the earlier one did away with by setting something else stays away.
                Some(there) if is_folder(entry) && !is_folder(there) => {
                    self.removed.push(path.clone());
                }
                // Something else in the place of a folder takes what is below it away.
                _ if !is_folder(entry) => self.tree.remove(path),
                _ => {}
            }
            self.tree.entries.insert(path.clone(), entry.clone());
        }
        self.removed.extend(later.removed.iter().cloned());
        self.removed.sort();
        self.removed.dedup();
    }

    /// Changes a tree as the overlay says. Other names of a file that goes away keep its content.
    pub fn apply(&self, tree: &mut Tree) {
        self.keep_hard_links(tree);
        for path in &self.removed {
            tree.remove(path);
        }
        for (path, entry) in &self.tree.entries {
            if entry.kind != Kind::Directory {
                tree.remove(path);
            }
            tree.insert(path.clone(), entry.clone());
        }
    }

    /// Returns the names that stay of doomed files, each with the name that has the content.
    fn orphans(&self, tree: &Tree) -> Vec<(TreePath, TreePath)> {
        let orphan = |(name, entry): (&TreePath, &Entry)| match &entry.kind {
            Kind::HardLink(first) if self.dooms(first) && !self.dooms(name) => {
                Some((name.clone(), first.clone()))
            }
            _ => None,
        };
        tree.entries.iter().filter_map(orphan).collect()
    }

    /// Gives the content of each doomed file to its first other name that stays.
    fn keep_hard_links(&self, tree: &mut Tree) {
        let mut heirs: BTreeMap<TreePath, TreePath> = BTreeMap::new();
        for (name, first) in self.orphans(tree) {
            let kind = match heirs.get(&first) {
                Some(heir) => Kind::HardLink(heir.clone()),
                None => match tree.entries.get(&first) {
                    Some(entry) => entry.kind.clone(),
                    None => continue,
                },
            };
            heirs.entry(first).or_insert_with(|| name.clone());
            if let Some(entry) = tree.entries.get_mut(&name) {
                entry.kind = kind;
            }
        }
    }

    /// Tells whether what a path now is will be gone.
    fn dooms(&self, path: &[u8]) -> bool {
        let replaced = self.tree.entries.get(path).is_some_and(|e| e.kind != Kind::Directory);
        let mut folders = std::iter::successors(Some(path), |path| tree::parent(path));
        replaced || folders.any(|folder| self.removed.iter().any(|gone| gone == folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_formats::tree::Content;
    use proptest::prelude::*;

    fn file(byte: u8) -> Entry {
        let content = Content { digest: [byte; 32], size: 1, pack: [byte; 32], offset: 0 };
        Entry::new(Kind::File(content), 0o644, 0)
    }

    fn tree(entries: &[(&str, Entry)]) -> Tree {
        let mut tree = Tree::default();
        for (path, entry) in entries {
            tree.insert(path.as_bytes(), entry.clone());
        }
        tree
    }

    #[test]
    fn a_folder_on_the_way_keeps_its_owner() {
        let mut home = Entry::new(Kind::Directory, 0o700, 0);
        home.uid = 1000;
        let mut rootfs = tree(&[("home/ada", home.clone())]);
        let mut overlay = Overlay::default();
        overlay.tree.entries.insert(b"home/ada/x".to_vec(), file(1));
        overlay.apply(&mut rootfs);
        assert_eq!(rootfs.get("home/ada"), Some(&home));
        assert_eq!(rootfs.get("home/ada/x"), Some(&file(1)));
    }

    #[test]
    fn other_names_of_a_replaced_file_keep_its_content() {
        let link = || Entry { kind: Kind::HardLink(b"a".to_vec()), ..file(1) };
        let mut rootfs = tree(&[("a", file(1)), ("b", link()), ("c", link())]);
        let overlay = Overlay { tree: tree(&[("a", file(2))]), removed: vec![] };
        overlay.apply(&mut rootfs);
        assert_eq!(rootfs.get("a"), Some(&file(2)));
        assert_eq!(rootfs.get("b"), Some(&file(1)));
        assert_eq!(rootfs.get("c").unwrap().kind, Kind::HardLink(b"b".to_vec()));
    }

    fn overlays() -> impl Strategy<Value = Overlay> {
        let path = prop::sample::select(vec!["a", "a/b", "a/b/c", "d", "d/e"]);
        let entry = prop_oneof![
            any::<u8>().prop_map(file),
            Just(Entry::new(Kind::Directory, 0o700, 0)),
            Just(Entry::new(Kind::Symlink(b"x".to_vec()), 0o777, 0)),
        ];
        let set = prop::collection::btree_map(path.clone(), entry, 0..4);
        (set, prop::collection::btree_set(path, 0..3)).prop_map(|(set, removed)| {
            let mut overlay = Overlay::default();
            for (path, entry) in set {
                let clear =
                    std::iter::successors(tree::parent(path.as_bytes()), |p| tree::parent(p))
                        .all(|up| overlay.tree.get(up).is_none_or(|e| e.kind == Kind::Directory));
                if clear {
                    overlay.tree.entries.insert(path.into(), entry);
                }
            }
            overlay.removed = removed.into_iter().map(Into::into).collect();
            overlay
        })
    }

    proptest! {
        #[test]
        fn stored_form_round_trips(overlay in overlays()) {
            prop_assert_eq!(Overlay::from_bytes(&overlay.to_bytes()).unwrap(), overlay);
        }

        #[test]
        fn one_overlay_does_what_two_do(a in overlays(), b in overlays(), under in overlays()) {
            let mut tree = Tree::default();
            under.apply(&mut tree);
            let mut both = tree.clone();
            a.apply(&mut both);
            b.apply(&mut both);
            let mut one = a;
            one.then(&b);
            one.apply(&mut tree);
            // A folder that was only on the way may be left behind.
            for tree in [&mut tree, &mut both] {
                tree.entries.retain(|_, entry| entry.kind != Kind::Directory);
            }
            prop_assert_eq!(tree, both);
        }

        #[test]
        fn applying_twice_is_applying_once(overlay in overlays(), under in overlays()) {
            let mut once = Tree::default();
            under.apply(&mut once);
            overlay.apply(&mut once);
            let mut twice = once.clone();
            overlay.apply(&mut twice);
            prop_assert_eq!(once, twice);
        }
    }
}
