//! What goes wrong with names of packages and answers for debconf.

use super::*;

#[test]
fn foreign_package_names() {
    let names = ["ntfs3g", "photorec", "ddrescue", "wireshark-cli", "netcat", "Vim"];
    let list = names.map(|name| format!("\"{name}\"")).join(", ");
    assert_snapshot!(messages(&format!("packages.install = [{list}]")), @r#"
    isoplug.toml:3:21: warning[foreign-name]: Debian has no package `ntfs3g`
      help: in Debian it is `ntfs-3g`
    isoplug.toml:3:31: warning[foreign-name]: Debian has no package `photorec`
      help: in Debian it is `testdisk`
    isoplug.toml:3:43: warning[foreign-name]: Debian has no package `ddrescue`
      help: in Debian it is `gddrescue`
    isoplug.toml:3:55: warning[foreign-name]: Debian has no package `wireshark-cli`
      help: in Debian it is `tshark`
    isoplug.toml:3:72: warning[foreign-name]: Debian has no package `netcat`
      help: in Debian it is `netcat-openbsd`
    isoplug.toml:3:82: error[bad-name]: "Vim" cannot be a package name
      help: small letters, digits, `+`, `-` and `.`
    "#);
}

/// As apt takes them, and the words of the message where it does not.
#[test]
fn packages_by_version_and_suite() {
    let fine = "packages.install = [\"nano=8.4-1\", \"cockpit-ws/trixie-backports\", \"vim=2:9*\"]";
    assert_eq!(messages(fine), "");
    assert_snapshot!(messages("packages.install = [\"nano>=8\", \"nano=\", \"nano/\"]"), @r#"
    isoplug.toml:3:21: error[bad-name]: "nano>=8" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    isoplug.toml:3:32: error[bad-name]: "nano=" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    isoplug.toml:3:41: error[bad-name]: "nano/" cannot be a package
      help: `name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or `cockpit/trixie-backports`
    "#);
}

/// Only what the image has and its machines run can be asked for: `check` says so, whichever list asks.
#[test]
fn packages_of_another_architecture() {
    let fine =
        "packages.install = [\"libc6:amd64\", \"vim:any=2:9*\", \"nano=2:8\", \"perl:native\"]";
    assert_eq!(messages(fine), "");
    let lists = "packages.install = [\"libc6:i386\", \"nano:arm64=8.4-1\"]\n\
        packages.from.debian = [\"zlib1g:i386\"]";
    assert_snapshot!(messages(lists), @r#"
    isoplug.toml:3:21: error[foreign-architecture]: `libc6:i386` is a package for i386, and the image has those of amd64 alone
      help: add `packages.architectures = ["i386"]`
    isoplug.toml:3:35: error[foreign-architecture]: `nano:arm64` is a package for arm64, and the image has those of amd64 alone
      help: ask for `nano` without `:arm64`, or in [profiles.p.when.arch.arm64] alone
    isoplug.toml:4:25: error[foreign-architecture]: `zlib1g:i386` is a package for i386, and the image has those of amd64 alone
      help: add `packages.architectures = ["i386"]`
    "#);
}

#[test]
fn other_architectures_that_an_image_can_have() {
    let both =
        "packages.architectures = [\"i386\"]\npackages.install = [\"libc6:i386=2*\", \"vim\"]";
    assert_eq!(messages(both), "");
    let others = "packages.architectures = [\"armhf\", \"amd64\"]\npackages.install = [\"vim\"]\n\
        packages.offline = [\"wine32:i386\"]\npackages.offline-key.env = \"KEY\"";
    assert_snapshot!(messages(others), @r"
    isoplug.toml:3:27: error[foreign-architecture]: an image for amd64 cannot have packages of armhf: its machines do not run them
      help: it can have those of i386
    isoplug.toml:3:36: error[foreign-architecture]: amd64 is the architecture of the image already
      help: it can have those of i386
    isoplug.toml:5:21: error[foreign-architecture]: `wine32:i386` is a package for i386, and what lies beside the image is of amd64 alone
      help: put it into `packages.install`, with its architecture in `packages.architectures`
    ");
}

#[test]
fn packages_to_remove() {
    assert_snapshot!(messages("packages = { install = [\"vim\"], remove = [\"nano=8.4-1\"] }"), @r#"
    isoplug.toml:3:43: error[bad-name]: "nano=8.4-1" cannot be a package
      help: the name alone, without version or suite
    "#);
    assert_snapshot!(messages("packages = { install = [\"vim=2:9.1\"], remove = [\"vim\"] }"), @r#"
    isoplug.toml:3:49: error[contradiction]: "vim" is both in `packages.install` and in `packages.remove`
      isoplug.toml:3:49: refused here
      isoplug.toml:3:25: asked for here
    "#);
    assert_snapshot!(one("kernel.version = \"6.12.x y\""), @r#"
    isoplug.toml:3:18: error[bad-version]: "6.12.x y" cannot be a version or the start of one
      help: such as `6.12`, or a whole one: `6.12.48-1`
    "#);
    assert_eq!(one("kernel.version = \"6.12\""), "");
}

/// A question of debconf.
const LICENCE: &str = "package = \"firmware-ivtv\", question = \"firmware-ivtv/license/accepted\"";

fn answers(items: &str) -> String {
    one(&format!("packages.debconf = [{items}]"))
}

#[test]
fn answers_of_debconf() {
    let item = LICENCE;
    assert_eq!(answers(&format!("{{ {item}, type = \"boolean\", value = \"true\" }}")), "");
    assert_eq!(answers(&format!("{{ {item}, type = \"password\", env = \"X\" }}")), "");
    assert_snapshot!(answers(&format!("{{ {item}, type = \"boolean\", value = \"yes\" }}")), @r#"
    isoplug.toml:3:21: error[debconf-answer]: "yes" is not the answer to a boolean question
      help: write "true" or "false"
    "#);
    assert_snapshot!(answers(&format!("{{ {item}, type = \"bool\", value = \"true\" }}")), @r#"
    isoplug.toml:3:102: error[unknown-value]: found "bool", expected one of "boolean", "select", "multiselect", "string", "password"
      help: did you mean `boolean`?
    "#);
    assert_snapshot!(answers(&format!("{{ {item}, type = \"string\" }}")), @r#"isoplug.toml:3:21: error[debconf-answer]: "firmware-ivtv/license/accepted" has neither `value` nor `env`"#);
}

#[test]
fn questions_of_debconf() {
    let item = LICENCE;
    let two = ["a", "b"].map(|v| format!("{{ {item}, type = \"string\", value = \"{v}\" }}"));
    assert_snapshot!(answers(&two.join(", ")), @r#"
    isoplug.toml:3:127: error[two-answers]: "firmware-ivtv/license/accepted" is answered twice
      isoplug.toml:3:127: here
      isoplug.toml:3:21: and here
    "#);
    assert_snapshot!(answers("{ package = \"x\", question = \"a b\", value = \"1\" }"), @r#"
    isoplug.toml:3:21: error[missing-key]: `type` is missing
    isoplug.toml:3:49: error[bad-name]: "a b" cannot be the name of a question
      help: such as `firmware-ivtv/license/accepted`
    "#);
}

#[test]
fn sources_that_nobody_has_are_told() {
    let has = |line: &str, texts: &[&str]| {
        let found = one(line);
        assert!(texts.iter().all(|text| found.contains(text)), "{found}");
    };
    let backports = ["error[unknown-source]: no source is called `backports`", "\"backports\"]`"];
    has("packages.from.backports = [\"tmux\"]", &backports);
    let sid = ["error[unknown-source]: no source is called `sid`", "add a table [sources.sid]"];
    has("packages.from.sid = [\"tmux\"]", &sid);
    assert_eq!(one("packages.from.debian = [\"tmux\"]"), "");
    assert_eq!(one("packages.from.security = [\"tmux\"]"), "");
    let both = "packages.from.security = [\"tmux\"]\npackages.from.updates = [\"tmux\"]";
    has(both, &["error[two-sources]: \"tmux\" is asked for from security and from updates"]);
    let refused = "packages.from.debian = [\"tmux\"]\npackages.remove = [\"tmux\"]";
    has(refused, &["error[contradiction]: \"tmux\" is both in `packages.from.debian`"]);
    has("packages.from.debian = [\"tmux=3\"]", &["error[bad-name]: \"tmux=3\""]);
}

#[test]
fn pins_that_mean_nothing_are_told() {
    let has = |pin: &str, text: &str| {
        let found = one(&format!("packages.pins = [{{ {pin} }}]"));
        assert!(found.contains(text), "{found}");
    };
    let sound = "packages = [\"lib*\"], from = \"security\", version = \"3.*\", priority = -1";
    assert_eq!(one(&format!("packages.pins = [{{ {sound} }}]")), "");
    has("packages = [], priority = 1", "error[empty-pin]: this pin names no packages");
    has("packages = [\"nano\"], priority = 0", "error[bad-priority]: a priority of 0");
    let from = "packages = [\"nano\"], from = \"backports\", priority = 500";
    has(from, "error[unknown-source]: no source is called `backports`");
    has("packages = [\"Na no\"], priority = 500", "error[bad-name]");
    has("packages = [\"nano\"], version = \"a b\", priority = 5", "error[bad-version]");
}
