//! `isoplug cve`: known vulnerabilities of an image and of what a lock pins.
//!
//! How each is judged is in `crates/isoplug-inspect/tests/cve.rs`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["cve", "--help"]), @r"
    Show known vulnerabilities of an image, or of what a lock pins, in Debian's words

    Uses no network: --db names the JSON of Debian's security tracker or OSV's zip of Debian, fetched
    ");
}

const TRACKER: &str = r#"{
  "linux": { "CVE-2026-0001": { "releases": { "trixie": { "status": "resolved", "fixed_version": "99-1", "urgency": "" } } } },
  "shim": { "CVE-2026-0002": { "releases": { "trixie": { "status": "open", "urgency": "" } } } },
  "htop": { "CVE-2026-0003": { "releases": { "trixie": { "status": "resolved", "fixed_version": "0", "urgency": "" } } } },
  "of-nobody": { "CVE-2026-0004": { "releases": { "trixie": { "status": "open", "urgency": "" } } } }
}"#;

#[test]
fn the_kernel_and_the_boot_loader_of_an_image_are_looked_up() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let (iso, store) = (minimal.iso().display().to_string(), minimal.store_path());
    let space = Space::new();
    space.write("db.json", TRACKER);
    let all = ["cve", &*iso, "--db", "db.json", "--store", &*store];
    let text = space.run(&[&all[..], &["--fail-on", "fixable"]].concat());
    assert!(text.starts_with("exit: 10\n"), "{text}");
    assert!(
        text.contains("CVE-2026-0001  linux") && text.contains("CVE-2026-0002  shim"),
        "{text}"
    );
    assert!(!text.contains("CVE-2026-0004") && text.contains("never affected  1"), "{text}");
    let folder = minimal.path("").display().to_string();
    let locked = ["cve", &*folder, "--db", "db.json", "--store", &*store, "--release", "trixie"];
    let text = space.run(&locked);
    assert!(text.starts_with("exit: 0\n") && text.contains("CVE-2026-0001  linux"), "{text}");
}
