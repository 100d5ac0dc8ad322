//! What is said of packages that cannot be together.

use super::{Index, Request, answer, request, stable};

fn at_odds() -> Vec<Index> {
    stable(
        "one 1 Depends: lib (>= 2)\ntwo 1 Depends: lib (<< 2)\nlib 1\nlib 2\nsysv 1 Conflicts: systemd\n\
         systemd 1\nbroken 1 Depends: missing (>= 3)\nodd 1 Depends: a (1)",
    )
}

#[test]
fn versions_that_exclude_each_other_are_named() {
    let indices = at_odds();
    insta::assert_snapshot!(answer(&indices, &request(&["one", "two"])), @r"
    the packages cannot be installed together
    ├─ one is wanted:
    │  └─ one 1 needs
    │     └─ lib (>= 2), which is wanted:
    │        └─ lib 2
    └─ two cannot be installed:
       └─ two 1 needs
          └─ lib (<< 2), which cannot be installed:
             └─ lib 1, which conflicts with the versions reported above.
    ");
}

#[test]
fn packages_that_exclude_each_other_are_named() {
    let indices = at_odds();
    insta::assert_snapshot!(answer(&indices, &request(&["systemd", "sysv"])), @r"
    the packages cannot be installed together
    ├─ systemd is wanted:
    │  └─ systemd 1
    └─ sysv cannot be installed:
       └─ sysv 1 wants
          └─ systemd to be absent, since it conflicts with systemd, but it is wanted, see above
    ");
}

#[test]
fn relations_that_nothing_satisfies_are_named() {
    let indices = at_odds();
    insta::assert_snapshot!(answer(&indices, &request(&["broken"])), @r"
    the packages cannot be installed together
    └─ broken cannot be installed:
       └─ broken 1 is excluded because no source has its dependency missing (>= 3)
    ");
    insta::assert_snapshot!(answer(&indices, &request(&["odd"])), @r#"
    the packages cannot be installed together
    └─ odd cannot be installed:
       └─ odd 1 is excluded because the relation "a (1)" is malformed
    "#);
}

#[test]
fn what_is_removed_is_named() {
    let indices = at_odds();
    let removed = Request { remove: vec!["libc".into()], ..request(&[]) };
    insta::assert_snapshot!(answer(&indices, &removed), @r"
    the packages cannot be installed together
    └─ base cannot be installed:
       └─ base 1 needs
          └─ libc, which cannot be installed:
             └─ libc 2 is excluded because the manifest removes it
    ");
    assert!(
        answer(&indices, &Request { remove: vec!["lib".into()], ..request(&["one"]) })
            .contains("the manifest removes it")
    );
}
