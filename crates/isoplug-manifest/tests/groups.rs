//! Groups of profiles: what they are, and what is drawn of one that cannot be.

#![cfg(test)]

use insta::assert_snapshot;
use isoplug_manifest::profiles;

const TWO: &str = "image.name = \"t\"\nprofiles.minimal = {}\nprofiles.rescue = {}\n";

/// Returns the groups, or the mistakes.
fn groups(lines: &str) -> String {
    let text = format!("{TWO}{lines}\n");
    match profiles("isoplug.toml", &text) {
        Ok(overview) => format!("{:?}", overview.groups),
        Err(found) => {
            let plain = found.list.iter().map(|each| each.plain(&found.texts));
            plain.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn a_group_has_its_profiles_in_their_order() {
    assert_snapshot!(groups("groups.nightly = [\"rescue\", \"minimal\"]"), @r#"{"nightly": ["rescue", "minimal"]}"#);
    assert_snapshot!(groups("groups.a = [\"rescue\"]\nimage.default-profiles = [\"a\"]"), @r#"{"a": ["rescue"]}"#);
}

#[test]
fn what_no_group_can_be_is_drawn() {
    assert_snapshot!(groups("groups.nightly = [\"rescu\", \"minimal\"]"), @r"
    isoplug.toml:4:19: error[unknown-profile]: there is no profile `rescu`
      help: did you mean `rescue`?
    ");
    assert_snapshot!(groups("groups.rescue = [\"minimal\"]"), @r"
    isoplug.toml:4:8: error[group]: the group `rescue` is called like a profile
      isoplug.toml:3:10: the profile
      help: call one of them otherwise: `--profile` takes either
    ");
    assert_snapshot!(groups("groups.nightly = []"), @r"
    isoplug.toml:4:8: error[group]: the group `nightly` has no profile
      help: name its profiles, or remove the group
    ");
    assert_snapshot!(groups("groups.a = [\"minimal\"]\ngroups.b = [\"a\"]"), @r"
    isoplug.toml:5:13: error[unknown-profile]: there is no profile `a`
      help: known: minimal, rescue
    ");
}

#[test]
fn a_group_is_a_list() {
    assert_snapshot!(groups("groups.nightly = \"rescue\""), @r#"
    isoplug.toml:4:18: error[wrong-type]: found a string, expected a list
      help: write ["rescue"]
    "#);
}
