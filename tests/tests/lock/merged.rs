//! Two people add profiles to one project, and git merges what they did.

use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use isoplug_tests::space::isoplug;

/// Runs git in the project as somebody; returns whether it succeeded.
fn git(served: &Served, arguments: &[&str]) -> bool {
    let git = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(served.space.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output();
    git.unwrap().status.success()
}

/// Adds a profile above or below the one that there is, locks it and commits it on a branch of its own.
fn add(served: &Served, branch: &str, at: &str, profile: &str) {
    assert!(git(served, &["checkout", "-q", "-b", branch, "main"]));
    served.change(
        at,
        &match at {
            "[profiles.p]" => format!("{profile}\n[profiles.p]"),
            _ => format!("{at}\n{profile}"),
        },
    );
    served.space.ok(&["lock"]);
    assert!(git(served, &["commit", "-q", "-a", "-m", branch]));
}

/// One lock with the profile `p`, and two branches with one profile more each.
fn two_branches(profiles: [&str; 2], attributes: &str) -> Served {
    let served = Served::default();
    served.space.write(".gitattributes", attributes);
    served.space.ok(&["lock"]);
    assert!(git(&served, &["init", "-q", "-b", "main"]));
    assert!(git(&served, &["add", "isoplug.toml", "isoplug.lock", ".gitattributes"]));
    assert!(git(&served, &["commit", "-q", "-m", "first"]));
    let profile = |name: &str, package: &str| {
        format!("[profiles.{name}]\nextends = \"p\"\npackages.install = [\"{package}\"]\n")
    };
    add(&served, "one", "[profiles.p]", &profile(profiles[0], "tool"));
    add(&served, "two", "packages.install = [\"app\"]", &profile(profiles[1], "lib"));
    served
}

#[test]
fn profiles_that_stand_apart_merge_by_themselves() {
    let served = two_branches(["a", "z"], "");
    assert!(git(&served, &["merge", "-q", "-m", "both", "one"]));
    served.space.ok(&["lock", "--locked", "--all"]);
}

/// Both stand behind `p` in the lock, where git knows no order.
#[test]
fn profiles_in_one_place_merge_with_the_driver() {
    let served = two_branches(["q", "r"], "isoplug.lock merge=isoplug\n");
    let driver = format!("'{}' lock --merge %O %A %B", isoplug().display());
    assert!(git(&served, &["config", "merge.isoplug.driver", &driver]));
    assert!(git(&served, &["merge", "-q", "-m", "both", "one"]));
    let lock = served.space.read("isoplug.lock");
    assert!(
        ["p", "q", "r"].iter().all(|name| lock.contains(&format!("[images.\"{name}.amd64\"]")))
    );
    served.space.ok(&["lock", "--locked", "--all"]);
    // Whoever locks all of it anew writes the same text.
    served.space.ok(&["lock", "--all"]);
    assert_eq!(served.space.read("isoplug.lock"), lock);
}

#[test]
fn what_both_changed_in_two_ways_is_no_merge() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let ours = served.space.read("isoplug.lock");
    served.change("[\"app\"]", "[\"app\", \"tool\"]");
    served.space.ok(&["lock"]);
    served.space.write("theirs", &served.space.read("isoplug.lock"));
    served.space.write("ours", &ours);
    served.space.write("base", "");
    assert_snapshot!(served.run(&["lock", "--merge", "base", "ours", "theirs"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: both sides changed the image `p.amd64` of the lock
      try: take the lock of one side, then `isoplug lock` adds what the other's manifest asks for
    ");
    assert_eq!(served.space.read("ours"), ours);
}
