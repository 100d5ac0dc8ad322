//! `isoplug plan`: the stages and what a build would do with each.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

fn locked() -> Served {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["plan", "--help"]), @r"
    Show the stages and what a build would do with each

    Usage: isoplug plan [OPTIONS] [FOLDER]
    ");
}

#[test]
fn the_stages_as_a_tree() {
    let served = locked();
    let asked = served.server.requests().len();
    assert_snapshot!(served.run(&["plan", "--locked"]), @r"
    exit: 0
    --- stdout
    papers (depends)
    ├─ kernel (depends)
    │  └─ settled (depends)
    │     └─ packages 1 (depends)
    │        ├─ fetch 1 (to run)
    │        └─ base (depends)
    │           └─ fetch 0 (to run)
    ├─ initrd (depends)
    │  └─ initrd files (depends)
    │     ├─ settled (depends, see above)
    │     ├─ kernel (depends, see above)
    │     └─ initrd inputs (depends)
    │        ├─ localisation (depends)
    │        │  └─ settled (depends, see above)
    │        ├─ kernel-modules (depends)
    │        │  ├─ settled (depends, see above)
    │        │  └─ localisation (depends, see above)
    │        ├─ network (depends)
    │        │  ├─ settled (depends, see above)
    │        │  ├─ localisation (depends, see above)
    │        │  └─ kernel-modules (depends, see above)
    │        ├─ users (depends)
    │        │  ├─ settled (depends, see above)
    │        │  ├─ localisation (depends, see above)
    │        │  ├─ kernel-modules (depends, see above)
    │        │  └─ network (depends, see above)
    │        ├─ first-boot (depends)
    │        │  ├─ settled (depends, see above)
    │        │  ├─ localisation (depends, see above)
    │        │  ├─ kernel-modules (depends, see above)
    │        │  ├─ network (depends, see above)
    │        │  └─ users (depends, see above)
    │        ├─ services (depends)
    │        │  ├─ settled (depends, see above)
    │        │  ├─ localisation (depends, see above)
    │        │  ├─ kernel-modules (depends, see above)
    │        │  ├─ network (depends, see above)
    │        │  ├─ users (depends, see above)
    │        │  └─ first-boot (depends, see above)
    │        ├─ files (depends)
    │        │  ├─ settled (depends, see above)
    │        │  ├─ localisation (depends, see above)
    │        │  ├─ kernel-modules (depends, see above)
    │        │  ├─ network (depends, see above)
    │        │  ├─ users (depends, see above)
    │        │  ├─ first-boot (depends, see above)
    │        │  └─ services (depends, see above)
    │        └─ live (depends)
    │           ├─ settled (depends, see above)
    │           ├─ localisation (depends, see above)
    │           ├─ kernel-modules (depends, see above)
    │           ├─ network (depends, see above)
    │           ├─ users (depends, see above)
    │           ├─ first-boot (depends, see above)
    │           ├─ services (depends, see above)
    │           └─ files (depends, see above)
    ├─ squashfs (depends)
    │  └─ rootfs (depends)
    │     ├─ settled (depends, see above)
    │     ├─ localisation (depends, see above)
    │     ├─ kernel-modules (depends, see above)
    │     ├─ network (depends, see above)
    │     ├─ users (depends, see above)
    │     ├─ first-boot (depends, see above)
    │     ├─ services (depends, see above)
    │     ├─ files (depends, see above)
    │     └─ live (depends, see above)
    ├─ iso (depends)
    │  ├─ kernel (depends, see above)
    │  ├─ initrd (depends, see above)
    │  ├─ squashfs (depends, see above)
    │  ├─ loaders (depends)
    │  │  └─ fetch boot (to run)
    │  └─ boot (depends)
    │     ├─ kernel (depends, see above)
    │     ├─ initrd (depends, see above)
    │     ├─ squashfs (depends, see above)
    │     └─ loaders (depends, see above)
    └─ inventory (depends)
       ├─ fetch boot (to run)
       ├─ localisation (depends, see above)
       ├─ kernel-modules (depends, see above)
       ├─ network (depends, see above)
       ├─ users (depends, see above)
       ├─ first-boot (depends, see above)
       ├─ services (depends, see above)
       ├─ files (depends, see above)
       ├─ live (depends, see above)
       ├─ rootfs (depends, see above)
       ├─ sha512 0 (depends)
       │  └─ fetch 0 (to run)
       ├─ sha512 1 (depends)
       │  └─ fetch 1 (to run)
       └─ sha512 boot (depends)
          └─ fetch boot (to run)
    secrets (depends)
    ├─ localisation (depends, see above)
    ├─ kernel-modules (depends, see above)
    ├─ network (depends, see above)
    ├─ users (depends, see above)
    ├─ first-boot (depends, see above)
    ├─ services (depends, see above)
    ├─ files (depends, see above)
    └─ live (depends, see above)
    --- stderr
    ");
    assert_eq!(served.server.requests().len(), asked, "a plan fetches nothing");
    assert!(!served.space.path("out").exists());
    // What a build made of it is in the next plan.
    served.space.run(&["build"]);
    let after = served.run(&["plan"]);
    let fetches: Vec<&str> = after.lines().filter(|line| line.contains("fetch 0")).collect();
    assert_snapshot!(fetches.join("\n"), @r"
    │           └─ fetch 0 (cached)
       │  └─ fetch 0 (cached)
    ");
}

#[test]
fn other_forms() {
    let served = locked();
    let json: serde_json::Value =
        serde_json::from_str(&served.space.ok(&["plan", "--format", "json"])).unwrap();
    let stages = json["stages"].as_array().unwrap();
    assert!(stages.iter().any(|stage| stage["title"] == "squashfs"), "{json}");
    let dot = served.space.ok(&["plan", "--format", "dot"]);
    assert!(dot.starts_with("digraph plan {") && dot.ends_with('}'), "{dot}");
    assert!(dot.contains("\"rootfs\" -> \"squashfs\""), "{dot}");
    assert_snapshot!(served.run(&["plan", "--format", "svg"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'svg' for '--format <FORMAT>'
      [possible values: tree, dot, json]

    For more information, try '--help'.
    ");
}

#[test]
fn several_images_are_told_apart() {
    let served = locked();
    let manifest = served.space.read("isoplug.toml");
    served.write(&format!("{manifest}\n[profiles.q]\nextends = \"p\"\n"));
    served.space.ok(&["lock", "--all"]);
    let text = served.space.ok(&["plan", "--all"]);
    let heads: Vec<&str> = text.lines().filter(|line| line.ends_with("(amd64)")).collect();
    assert_eq!(heads, ["p (amd64)", "q (amd64)"]);
    let json: serde_json::Value =
        serde_json::from_str(&served.space.ok(&["plan", "--all", "--format", "json"])).unwrap();
    let profiles = json["images"].as_array().unwrap().iter().map(|image| &image["profile"]);
    assert_eq!(profiles.collect::<Vec<_>>(), ["p", "q"]);
    assert!(json["images"][1]["plan"]["stages"].as_array().unwrap().len() > 5, "{json}");
}

#[test]
fn no_lock_is_made_for_it() {
    let served = Served::default();
    assert_snapshot!(served.run(&["plan", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: there is no isoplug.lock, and `isoplug plan` does not use the network to make one
      try: `isoplug lock`, and commit what it writes
    ");
    served.run(&["plan"]);
    assert!(!served.space.path("isoplug.lock").exists());
}
