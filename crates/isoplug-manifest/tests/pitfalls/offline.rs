//! What goes wrong with packages on the medium, and what is promised of them.

use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, evaluate};

use super::*;

#[test]
fn packages_for_later_need_a_key() {
    let found = one("packages.offline = [\"jq\"]");
    assert!(
        found.starts_with(
            "isoplug.toml:3:20: error[no-key]: nothing signs the archive of the packages"
        ),
        "{found}"
    );
    for help in [
        "openssl genpkey -algorithm ed25519",
        "out of the repository",
        "`packages.offline-key.file",
    ] {
        assert!(found.contains(help), "{found}");
    }
}

fn with(rest: &str) -> String {
    one(&format!("packages.offline-key.env = \"KEY\"\n{rest}"))
}

#[test]
fn packages_on_the_medium_are_wishes_like_others() {
    assert_eq!(with("packages.offline = [\"jq\", \"tree=2.2*\"]"), "");
    assert!(with("").contains("warning[idle-option]: the key signs nothing"));
    let removed = with("packages.offline = [\"jq\"]\npackages.remove = [\"jq\"]");
    assert!(
        removed.contains(
            "error[contradiction]: \"jq\" is both in `packages.offline` and in `packages.remove`"
        ),
        "{removed}"
    );
}

#[test]
fn what_does_not_belong_to_packages_on_the_medium_is_told() {
    let disk = with("packages.offline = [\"jq\"]\nboot.loader = \"grub\"");
    assert!(!disk.contains("error"), "an installed system has them itself: {disk}");
    let plain = one("packages.offline = [\"jq\"]\npackages.offline-key.plain = \"x\"");
    assert!(
        plain.contains("warning[published-secret]: the key stands here for everybody"),
        "{plain}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a manifest, and what it asks for")]
fn apt_of_the_image_is_asked_for_the_packages_on_the_medium() {
    let of = |line: &str| {
        let text = format!("image.name = \"x\"\n[profiles.x]\n{line}\n");
        let mut load = |path: &str| Err(format!("there is no {path}"));
        let (load, plugins) = (&mut load as isoplug_manifest::Load<'_>, &mut NoPlugins);
        let name = "isoplug.toml";
        let input = Input {
            name,
            text: &text,
            profile: "x",
            arch: "amd64",
            vars: &Default::default(),
            load,
            plugins,
        };
        let checks = evaluate(input).unwrap().needs.checks;
        let is_ours = |title: &String| title == "apt can install the packages on the medium";
        let ours = checks.into_iter().filter(|one| one.what.title.as_ref().is_some_and(is_ours));
        ours.map(|one| format!("{:?}", one.what.promise)).collect::<String>()
    };
    let check = of("packages = { offline = [\"jq\", \"tree=2.2*\"], offline-key.env = \"KEY\" }");
    assert!(check.contains("pool --simulate install jq tree\""), "{check}");
    assert_eq!(of(""), "");
}
