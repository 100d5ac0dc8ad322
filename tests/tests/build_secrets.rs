//! What a build says of secrets in the files that a manifest adds: where they are, never what they are.
#![cfg(test)]

use std::fs;

use isoplug_tests::real::{self, Example};
use isoplug_tests::space::Space;

/// Looks like a token of GitHub, put together so that no one takes this file for a leak.
fn token() -> String {
    format!("ghp_{}", "q7Zt3LmX9vRb2KcD8nWf5HsGy4Pj6TaEu1Bo")
}

/// The minimal example with these tables behind it.
fn example(tables: &str) -> Example {
    let minimal = real::minimal();
    let example = Example {
        space: Space::in_folder(tempfile::tempdir_in(minimal.path("").parent().unwrap()).unwrap()),
    };
    let manifest = minimal.space.read("isoplug.toml");
    example.space.write("isoplug.toml", &format!("{manifest}{tables}"));
    fs::copy(minimal.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    std::os::unix::fs::symlink(minimal.store_path(), example.path("store")).unwrap();
    example
}

const FILES: &str = r#"
[[profiles.minimal.files]]
target = "/etc/app.env"
source = "app.env"

[[profiles.minimal.files]]
target = "/etc/app.pub"
text = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAq7Zt3LmX9vRb2KcD8nWf5HsGy4Pj6TaEu1Bo\n"

[[profiles.minimal.iso.contents]]
target = "/setup.sh"
source = "app.env"
"#;

#[test]
fn secrets_are_warned_of_refused_or_allowed() {
    let _turn = real::turn();
    let token = token();
    let example = example(FILES);
    example.space.write("app.env", &format!("# for the app\nTOKEN={token}\n"));
    let said = example.space.run(&["build", "--locked"]);
    assert!(said.starts_with("exit: 0") && !said.contains(&token), "{said}");
    let drawn: Vec<&str> =
        said.lines().filter(|line| line.contains("[secret]") || line.contains(" --> ")).collect();
    let [first, _, second, _] = drawn[..] else { panic!("{said}") };
    assert_eq!(first, "warning[secret]: /etc/app.env, line 2 holds a token of GitHub");
    assert_eq!(second, "warning[secret]: /setup.sh on the medium, line 2 holds a token of GitHub");
    assert!(said.contains("| [[profiles.minimal.iso.contents]]"), "{said}");
    assert!(said.contains("`secrets.allow = [\"/etc/app.env\"]`"), "{said}");
    let iso = example.iso();
    fs::remove_file(&iso).unwrap();

    let manifest = example.space.read("isoplug.toml");
    let with = |lines: &str| {
        let line = "extends = \"isoplug:minimal\"\n";
        assert!(manifest.contains(line));
        let text = manifest.replace(line, &format!("{line}{lines}\n"));
        example.space.write("isoplug.toml", &text);
        example.space.run(&["build", "--locked"])
    };
    let said = with("secrets.policy = \"refuse\"");
    assert!(
        said.starts_with("exit: 10") && said.contains("error[secret]: /etc/app.env, line 2"),
        "{said}"
    );
    assert!(!said.contains(&token) && !iso.exists(), "{said}");
    let said = with(
        "secrets = { policy = \"refuse\", allow = [\"/etc/*.env\", \"/setup.sh\", \"/etc/none\"] }",
    );
    assert!(said.starts_with("exit: 0") && !said.contains("[secret]") && iso.exists(), "{said}");
    assert!(said.contains("`secrets.allow` has /etc/none, where no secret was found"), "{said}");
    let said = with("secrets.policy = \"ignore\"");
    assert!(said.starts_with("exit: 0") && !said.contains("[secret]"), "{said}");
}

/// Nothing of a plain image is taken for a secret, and looking costs next to nothing.
#[test]
fn a_plain_image_has_none() {
    let _turn = real::turn();
    let example = real::minimal();
    let said = example.space.run(&["build", "--locked"]);
    assert!(said.starts_with("exit: 0") && !said.contains("[secret]"), "{said}");
}
