//! What lies on the medium is chosen over all that the image has.

use super::*;

const ARCHIVE: &str = "editor 2 Depends: lib;Recommends: spell
    lib 3
    spell 1 Depends: words
    words 1
    tool 1 Depends: lib
    other 1 Conflicts: tool
    plain 1";

fn with(offline: &[&str], install: &[&str]) -> Request {
    let offline = offline.iter().map(|&name| name.to_owned()).collect();
    Request { offline, ..request(install) }
}

fn offline(request: &Request) -> Vec<String> {
    let image = solve(&stable(ARCHIVE), request, None).unwrap();
    let mut names: Vec<String> = image.offline.iter().map(|one| one.name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn the_medium_has_what_the_image_lacks_and_nothing_twice() {
    assert_eq!(offline(&with(&["editor"], &["plain"])), ["editor", "lib"]);
    assert_eq!(offline(&with(&["editor"], &["tool"])), ["editor"], "tool brings lib");
    assert_eq!(offline(&with(&["plain"], &["plain"])), [""; 0], "it is installed");
    assert_eq!(offline(&request(&["plain"])), [""; 0]);
    let recommends = Request { recommends: true, ..with(&["editor"], &["plain"]) };
    assert_eq!(offline(&recommends), ["editor", "lib", "spell", "words"]);
}

#[test]
fn the_image_is_the_same_with_and_without() {
    let of = |request: &Request| shown(&solve(&stable(ARCHIVE), request, None).unwrap());
    assert_eq!(of(&with(&["editor"], &["tool"])), of(&request(&["tool"])));
}

#[test]
fn what_cannot_be_installed_there_is_named() {
    let failed = |wish: &str| solve(&stable(ARCHIVE), &with(&[wish], &["tool"]), None).unwrap_err();
    let error = failed("other");
    assert!(error.contains("other") && error.contains("tool"), "{error}");
    assert_eq!(failed("editr"), "no source has the package `editr`; did you mean editor?");
}

#[test]
fn a_locked_version_stays() {
    let old = solve(&stable(ARCHIVE), &with(&["editor"], &["plain"]), None).unwrap();
    let newer = stable(&format!("{ARCHIVE}\n    lib 4"));
    let lib = |lock: Option<&LockedImage>| {
        let image = solve(&newer, &with(&["editor"], &["plain", "words"]), lock).unwrap();
        let lib = image.offline.iter().find(|one| *one.name == *"lib").unwrap();
        lib.version.to_string()
    };
    assert_eq!((lib(Some(&old)), lib(None)), ("3".to_owned(), "4".to_owned()));
}

#[test]
fn a_request_without_them_keeps_its_digest() {
    let plain = request(&["plain"]);
    assert_ne!(with(&["editor"], &["plain"]).digest(), plain.digest());
    assert!(!serde_json::to_string(&plain).unwrap().contains("offline"));
}

#[test]
fn another_version_of_what_is_installed_lies_there_with_what_it_needs() {
    let newer = "image 2 Depends: kernel-2, tool
        image 1 Depends: kernel-1
        kernel-1 1
        kernel-2 1
        tool 2
        tool 1
        strict 1 Depends: image (= 1)";
    let of = |offline: &[&str], install: &[&str]| {
        let image = solve(&stable(newer), &with(offline, install), None)?;
        let name = |one: &LockedPackage| format!("{} {}", one.name, one.version);
        Ok::<Vec<String>, String>(image.offline.iter().map(name).collect())
    };
    let installed = ["image=1", "tool=1"];
    assert_eq!(of(&["kernel-2"], &installed).unwrap(), ["kernel-2 1"]);
    assert_eq!(of(&["image=2"], &["kernel-1", "tool=1"]).unwrap(), ["image 2", "kernel-2 1"]);
    assert_eq!(of(&["image=1"], &["image", "tool=1"]).unwrap(), ["image 1", "kernel-1 1"]);
    let error = of(&["image=2"], &["strict"]).unwrap_err();
    assert!(error.contains("strict") || error.contains("image"), "nothing is removed: {error}");
}
