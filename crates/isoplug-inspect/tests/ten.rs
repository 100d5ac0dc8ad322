//! Ten pairs of images that differ in one known way each: all are named, and nothing else is.
#![cfg(test)]
#![allow(clippy::too_many_lines, reason = "a test is a story")]

mod made;

use isoplug_inspect::diff::{self, Class, Difference};
use isoplug_inspect::image::Image;

use made::Made;

/// Compares an image with what a change makes of it.
fn difference(change: impl FnOnce(&mut Made)) -> Difference {
    let folder = tempfile::tempdir().unwrap();
    let (old, mut new) = (Made::new(), Made::new());
    change(&mut new);
    let [a, b] = [old.write(folder.path(), "a"), new.write(folder.path(), "b")];
    let [a, b] = [a, b].map(|path| Image::open(&path).unwrap());
    assert_eq!((&a.unread[..], &b.unread[..]), (&[][..], &[][..]));
    diff::compare(&a, &b).unwrap()
}

/// Returns all that is named, one line each.
fn named(found: &Difference) -> Vec<String> {
    let packages = found
        .packages
        .iter()
        .map(|it| format!("package {} {} {:?} {:?}", it.way, it.name, it.old, it.new));
    let of = |place: &'static str| {
        move |it: &diff::FileChange| {
            let changes = it.changes.iter().map(|it| format!("{} {} {}", it.what, it.old, it.new));
            format!("{place} {} {} {}", it.way, it.path, changes.collect::<Vec<_>>().join(", "))
        }
    };
    let files = found.files.iter().filter(|it| !it.explained).map(of("file"));
    let medium = found.medium.iter().map(of("medium"));
    let menu = found
        .menu
        .iter()
        .map(|it| format!("menu {} {} +{:?} -{:?}", it.way, it.entry, it.added, it.removed));
    let facts = found
        .boot
        .iter()
        .chain(&found.system)
        .map(|it| format!("{}: {} {}", it.what, it.old, it.new));
    let moved = found.moved.iter().map(|path| format!("moved {path}"));
    packages.chain(files).chain(medium).chain(menu).chain(facts).chain(moved).collect()
}

fn names(change: impl FnOnce(&mut Made), expected: &[&str]) {
    let found = difference(change);
    assert_eq!(found.class, Class::Different);
    assert_eq!(named(&found), expected);
}

#[test]
fn nothing() {
    assert_eq!(difference(|_| {}).class, Class::Identical);
}

#[test]
fn a_byte_in_a_file() {
    names(
        |made| made.files.get_mut("usr/bin/tool").unwrap().0[1_100_000] ^= 1,
        &["file changed /usr/bin/tool content 1200000 bytes 1200000 bytes"],
    );
}

#[test]
fn a_mode() {
    names(
        |made| made.entry("usr/bin/tool").mode = 0o4755,
        &["file changed /usr/bin/tool mode 0644 4755"],
    );
}

#[test]
fn an_owner() {
    names(|made| made.entry("etc/own").uid = 1000, &["file changed /etc/own owner 0:0 1000:0"]);
}

#[test]
fn an_extended_attribute() {
    names(
        |made| {
            made.entry("etc/own").xattrs.insert(b"user.note".to_vec(), b"hi".to_vec());
        },
        &["file changed /etc/own xattr user.note none hi"],
    );
}

#[test]
fn a_time() {
    names(
        |made| made.entry("etc/own").mtime += 60,
        &["file changed /etc/own time 1700000000 1700000060"],
    );
}

#[test]
fn the_version_of_a_package() {
    names(
        |made| {
            let status = String::from_utf8(made.files["var/lib/dpkg/status"].0.clone()).unwrap();
            made.file("var/lib/dpkg/status", status.replace("1.0-1", "1.0-2"));
            made.files.get_mut("usr/bin/tool").unwrap().0[0] ^= 1;
        },
        &["package up tool Some(\"1.0-1\") Some(\"1.0-2\")"],
    );
}

#[test]
fn a_unit_that_is_enabled() {
    names(
        |made| {
            made.links.insert(
                "etc/systemd/system/multi-user.target.wants/x.service",
                "/usr/lib/systemd/system/x.service",
            );
        },
        &[
            "file added /etc/systemd ",
            "file added /etc/systemd/system ",
            "file added /etc/systemd/system/multi-user.target.wants ",
            "file added /etc/systemd/system/multi-user.target.wants/x.service ",
            "unit x.service for multi-user.target:  enabled",
        ],
    );
}

/// Returns the menu's text with a part of it replaced.
fn menu(made: &mut Made, from: &str, to: &str) {
    let menu = made.medium.get_mut("boot/grub/grub.cfg").unwrap();
    *menu = String::from_utf8(menu.clone()).unwrap().replace(from, to).into_bytes();
}

#[test]
fn an_entry_of_the_menu() {
    names(
        |made| menu(made, "menuentry 'Live'", "menuentry 'Off' { halt; }\nmenuentry 'Live'"),
        &[
            "medium changed /boot/grub/grub.cfg content 81 bytes 107 bytes",
            "menu added /boot/grub/grub.cfg: Off +[] -[]",
        ],
    );
}

#[test]
fn a_kernel_parameter() {
    names(
        |made| menu(made, "quiet", "debug"),
        &[
            "medium changed /boot/grub/grub.cfg content 81 bytes 81 bytes",
            "menu changed /boot/grub/grub.cfg: Live +[\"debug\"] -[\"quiet\"]",
        ],
    );
}

/// A root hash follows from the squashfs, wherever it stands.
#[test]
fn a_byte_in_a_file_of_a_root_that_is_checked() {
    let with_root = |made: &mut Made, root: &str| {
        let root = root.repeat(64);
        menu(made, "quiet", &format!("dm-verity-root-hash=filesystem.squashfs:{root} quiet"));
        made.medium
            .insert("live/filesystem.squashfs.roothash".to_owned(), root.clone().into_bytes());
        made.medium
            .insert("live/filesystem.squashfs.verity".to_owned(), root.repeat(99).into_bytes());
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut old, mut new) = (Made::new(), Made::new());
    with_root(&mut old, "a");
    with_root(&mut new, "b");
    new.files.get_mut("usr/bin/tool").unwrap().0[1_100_000] ^= 1;
    let [a, b] = [old.write(folder.path(), "a"), new.write(folder.path(), "b")];
    let [a, b] = [a, b].map(|path| Image::open(&path).unwrap());
    let found = diff::compare(&a, &b).unwrap();
    assert_eq!(named(&found), ["file changed /usr/bin/tool content 1200000 bytes 1200000 bytes"]);
    let said = "the root hash of /live/filesystem.squashfs: aaaa";
    assert!(found.volatile.iter().any(|it| it.starts_with(said)), "{:?}", found.volatile);
}

/// A file's place follows from its name: c.txt is called 0.txt on the second medium, so its bytes come first there.
#[test]
fn the_order_of_files_on_the_medium() {
    let folder = tempfile::tempdir().unwrap();
    let path = Made::new().write(folder.path(), "a");
    let old = Image::open(&path).unwrap();
    let mut new = Image::open(&path).unwrap();
    let place = |image: &Image, path: &str| image.medium.find(path).unwrap().at;
    let first = place(&new, "a.txt");
    let entry = new.medium.entries.iter_mut().find(|entry| entry.path == "c.txt").unwrap();
    assert!(entry.at > first);
    // As if a writer had put it before all others.
    entry.at = 0;
    let moved = diff::moved(&old.medium, &new.medium);
    assert_eq!(moved, ["/c.txt"]);
}
