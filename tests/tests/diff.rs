//! `isoplug diff`: what differs between two images, between locks, and between a lock and an image.
//!
//! That each single difference is named, and nothing else, is in `crates/isoplug-inspect/tests/ten.rs`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["diff", "--help"]), @r"
    Show what differs between two images, locks or projects

    Of two images: packages, files with mode, owner, attributes and time, units, users, boot menu,
    ");
}

#[test]
fn an_image_is_what_its_own_lock_says() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let iso = minimal.iso().display().to_string();
    let space = Space::new();
    assert!(
        space
            .ok(&["diff", &iso, &iso, "--exit-code"])
            .contains("identical: every byte is the same")
    );
    let folder = minimal.path("").display().to_string();
    let text = space.ok(&["diff", &iso, &folder, "--exit-code"]);
    assert!(text.contains("same content"), "{text}");
}

#[test]
fn another_version_in_a_lock_is_named() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::new();
    let lock = std::fs::read_to_string(minimal.path("isoplug.lock")).unwrap();
    let title = lock
        .split('"')
        .find(|word| word.starts_with("htop "))
        .expect("htop is in the example")
        .to_owned();
    let version = title.split(' ').nth(1).unwrap();
    space.write("new.lock", &lock.replace(&title, &title.replace(version, "9.9-1")));
    space.write("old.lock", &lock);
    let text = space.run(&["diff", "old.lock", "new.lock", "--exit-code"]);
    assert!(text.starts_with("exit: 9\n"), "{text}");
    assert!(text.contains(&format!("{version} -> 9.9-1")), "{text}");
    assert_eq!(text.matches("->").count(), 1, "{text}");
}
