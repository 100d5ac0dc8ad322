//! Bad manifests, archives, networks and machines: each ends with a clear message, the right exit
//! code and nothing half-written, and once the cause is mended everything works.
#![cfg(test)]

mod machine;
mod manifest;
mod network;
mod package;
mod trust;
mod wishes;

use isoplug_tests::served::Served;

/// Runs `lock`, which must fail and write nothing.
fn fails(served: &Served) -> String {
    let text = served.run(&["lock"]);
    assert!(!text.starts_with("exit: 0"), "{text}");
    for name in ["isoplug.lock", "isoplug.lock.new"] {
        assert!(!served.space.path(name).exists(), "{name} was written");
    }
    text
}

/// Runs `build` with a good lock; it must fail and leave no output.
fn build_fails(served: &Served) -> String {
    served.space.ok(&["lock"]);
    let text = served.run(&["build", "--quiet"]);
    assert!(!text.starts_with("exit: 0"), "{text}");
    assert!(!served.space.path("out").exists(), "something was written");
    assert_eq!(served.space.ok(&["cache", "verify"]), "", "something is damaged");
    text
}

/// The packages are fetched, and the build ends at the first layer, since they hold no system.
fn fetches(served: &Served) {
    served.space.ok(&["lock"]);
    let text = served.run(&["build", "--quiet"]);
    assert!(text.contains("stage `base` of p (amd64) failed"), "{text}");
}

const INSTALL: &str = r#"packages.install = ["app"]"#;
