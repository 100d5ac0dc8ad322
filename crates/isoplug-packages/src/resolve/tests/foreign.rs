//! Packages of another architecture in one image.

use isoplug_formats::apt::foreign;

use super::*;

const I386: &str = "Architecture: i386;Multi-Arch:";

/// Answers for an image of amd64 that may have packages of i386.
fn with_i386(lines: &str, wish: &Request) -> String {
    let others = vec!["i386".to_owned()];
    let mut indices = stable(&lines.replace("I386", I386));
    indices[0].text = foreign::qualified(std::mem::take(&mut indices[0].text), &others);
    answer(&indices, &Request { foreign: others, ..wish.clone() })
}

#[test]
fn what_is_removed_of_one_architecture_may_be_there_for_the_other() {
    let lines = "app 1 I386 foreign;Depends: lib\nlib 1 I386 same\n\
        lib 1 Architecture: amd64;Multi-Arch: same\nuser 1 Depends: lib";
    let wish = |install: &[&str], remove: &str| Request {
        remove: vec![remove.to_owned()],
        ..request(install)
    };
    assert!(with_i386(lines, &wish(&["app:i386"], "lib")).contains("app=1 lib=1"));
    assert!(with_i386(lines, &wish(&["user"], "lib:i386")).contains("lib=1 user=1"));
    let refused = with_i386(lines, &wish(&["app:i386"], "lib:i386"));
    assert!(refused.contains("the manifest removes it"), "{refused}");
}

/// What calls itself Essential, or provides what the base needs, is nothing of the image's own.
#[test]
fn one_that_pretends_to_be_of_the_base_is_not_taken() {
    let lines = "evil 1 I386 foreign;Essential: yes;Provides: awk, libc;Conflicts: base\n\
        evil_i386 1 Architecture: amd64;Essential: yes\napp 1";
    let answer = with_i386(lines, &request(&["app"]));
    assert!(!answer.contains("evil"), "{answer}");
}
