//! Compares the initrd that is put together in Rust with the one that the image's own mkinitramfs
//! makes of the same packages.

#![cfg(test)]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use isoplug_formats::{cpio, iso};
use isoplug_tests::real::{self, Example, events};

/// By path: mode, and the bytes of what is no folder.
type Entries = BTreeMap<String, (u32, Vec<u8>)>;

#[test]
fn mkinitramfs_makes_the_same_initrd() {
    let _turn = real::turn();
    let built = real::minimal();
    let ours = with_packages_more(&["btrfs-progs", "lvm2", "xfsprogs"], &built);
    // The hook of this package is unknown, so mkinitramfs runs; it adds what has its name.
    let other = with_packages_more(&["btrfs-progs", "lvm2", "xfsprogs", "ntfs-3g"], &built);
    let (ours, theirs) = (entries(&ours), entries(&other));
    let is_of_mkinitramfs = |entries: &Entries| entries.contains_key("etc/ld.so.cache");
    assert!(!is_of_mkinitramfs(&ours) && is_of_mkinitramfs(&theirs));
    let only_theirs: Vec<&String> =
        theirs.keys().filter(|path| !ours.contains_key(*path) && !path.contains("ntfs")).collect();
    // What ntfs-3g brings along, and the cache of ld.so, which finds its libraries in its usual
    // folders without one.
    let expected = ["fuse3", "scripts/local-bottom", "etc/ld.so.cache"];
    let is_expected = |path: &&&String| expected.iter().any(|expected| path.contains(expected));
    assert_eq!(only_theirs.iter().filter(|path| !is_expected(path)).count(), 0, "{only_theirs:?}");
    for (path, (mode, bytes)) in &ours {
        let Some((other_mode, other)) = theirs.get(path) else { panic!("only ours: {path}") };
        assert_eq!(mode, other_mode, "{path}");
        let is_same = match path.rsplit_once("/modules.").map(|(_, list)| list) {
            // Of modules that do not need each other, any may come first.
            Some("dep") => words(bytes) == words(other),
            // Sorted by what is in one initrd; the same length tells that all of it is there.
            Some(list) if list.ends_with(".bin") => bytes.len() == other.len(),
            _ => bytes == other || path.ends_with("/ORDER"),
        };
        assert!(is_same, "{path}");
    }
}

#[test]
fn other_packages_do_not_make_it_again() {
    let _turn = real::turn();
    let built = real::minimal();
    let other = with_packages_more(&["tree"], &built);
    let ran = real::stages_that_ran(&events(&other.space, &["build"]));
    assert!(!ran.iter().any(|title| title == "initrd"), "{ran:?}");
    let initrd = |example: &Example| iso::read_file(&example.iso(), "/boot/initrd").unwrap();
    assert!(initrd(&built) == initrd(&other));
}

fn with_packages_more(packages: &[&str], of: &Example) -> Example {
    let example = Example::minimal();
    let manifest = example.space.read("isoplug.toml");
    let asked = r#"["vim-tiny", "htop"]"#;
    assert!(manifest.contains(asked));
    let more = format!("{:?}", [&["vim-tiny", "htop"][..], packages].concat());
    let more = manifest.replace(asked, &more);
    example.space.write("isoplug.toml", &more);
    std::fs::copy(of.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(of.store_path(), example.path("store")).unwrap();
    example
}

/// Builds and returns what is in the initrd.
fn entries(example: &Example) -> Entries {
    example.space.ok(&["build"]);
    let initrd = iso::read_file(&example.iso(), "/boot/initrd").unwrap();
    let mut entries = Entries::new();
    cpio::walk(&initrd[..], &mut |entry, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        entries.insert(path, (entry.mode, bytes));
        Ok(())
    })
    .unwrap();
    entries
}

/// The words of a text, each line's sorted.
fn words(text: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(text).into_owned();
    let line = |line: &str| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    text.lines().map(line).collect()
}
