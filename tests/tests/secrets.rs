//! Secrets of a manifest: no line that is drawn of it, and no message, shows one.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::space::Space;

const HEAD: &str = "[image]\nname = \"x\"\n[sources.debian]\nsuite = \"trixie\"\n[profiles.p]\n";

fn check(rest: &str) -> String {
    let space = Space::with_manifest(&format!("{HEAD}{rest}\n"));
    let said = space.run(&["check", "--json"]);
    assert!(!said.contains("hunter"), "{said}");
    let said = space.run(&["check"]);
    assert!(!said.contains("hunter"), "{said}");
    said
}

#[test]
fn a_mistake_beside_a_secret_is_drawn_without_it() {
    assert_snapshot!(
        check("tests = [{ login = { user = \"me\", password = \"hunter2\", usr = 1 } }]"),
        @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-key]: there is no key `usr` here
     --> isoplug.toml:6:57
      |
    6 | tests = [{ login = { user = "me", password = "*******", usr = 1 } }]
      |                                                         ^^^
      |
      = help: did you mean `user`?
    "#
    );
    let forced = check("users.me = { hashed-password = { force = \"hunter2\" }, shel = 1 }");
    assert!(forced.contains("{ hashed-password = { force = \"*******\" }, shel = 1 }"), "{forced}");
}

#[test]
fn a_secret_that_is_the_mistake_is_not_drawn_either() {
    for rest in [
        "root.hashed-password = \"hunter2\"",
        "root.hashed-password = 'hunter2",
        "root.hashed-pasword = \"hunter2\"",
        "rot.hashed-password = \"hunter2\"",
        "root.hashed-password = [\"hunter2\"]",
        "root.hashed-password = { forc = \"hunter2\" }",
        "root = { hashed-password = \"hunter2\" ",
        "users = { me = { hashed-password = \"\"\"hunter2\nhunter3\"\"\" , x = 1 } }",
    ] {
        assert!(check(rest).starts_with("exit: 2\n"), "{rest}");
    }
}

/// An address can hold a password, too.
#[test]
fn a_password_of_a_mirror_is_not_drawn() {
    let said = check("[sources.s]\nmirrors = [\"https://me:hunter2@m.example/\"] # x\nsuite = 1");
    assert!(said.starts_with("exit: 2\n"), "{said}");
    let said = check("[sources]\ns = { suite = 1, mirrors = [\"https://me:hunter2@m.example/\"] }");
    assert!(said.contains("https://**********@m.example/"), "{said}");
}
