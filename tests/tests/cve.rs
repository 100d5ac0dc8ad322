//! `isoplug cve`: known vulnerabilities of an image and of what a lock pins.
//!
//! How each is judged is in `crates/isoplug-inspect/tests/cve.rs`.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::real;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["cve", "--help"]), @r"
    Show known vulnerabilities of an image, or of what a lock pins, in Debian's words

    Uses no network: `isoplug cve update` fetches the data of Debian's security tracker into the store,
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

/// Data are fetched once, kept with their digest, and read without a network; what is no such data changes nothing.
#[test]
fn data_are_fetched_once_and_kept() {
    let served = Served::default();
    served.archive.write("data/json", TRACKER.as_bytes()).unwrap();
    served.archive.write("data/page", b"<html>busy</html>").unwrap();
    served.space.ok(&["lock"]);
    let before = served.run(&["cve", ".", "--release", "trixie"]);
    assert_snapshot!(before, @r"
    exit: 2
    --- stdout
    --- stderr
    error: there are no data of vulnerabilities
      try: `isoplug cve update` fetches those of Debian's security tracker
      try: --db FILE names the tracker's JSON, or OSV's zip of Debian
    ");
    let url = format!("{}/data/json", served.server.url());
    let printed = served.space.ok(&["cve", "update", "--url", &url]);
    let digest = isoplug_engine::Digest::of(TRACKER.as_bytes()).hex();
    assert!(printed.starts_with(&digest) && printed.ends_with("tracker.json"), "{printed}");
    let origin = printed.split("  ").nth(1).unwrap().to_owned() + ".origin.json";
    let origin = std::fs::read_to_string(origin).unwrap();
    assert!(origin.contains(&digest) && origin.contains("\"fetched\": \"20"), "{origin}");
    let asked = served.server.requests().len();
    let text = served.run(&["cve", ".", "--release", "trixie", "--offline"]);
    assert!(text.starts_with("exit: 0\n") && text.contains(&digest[..12]), "{text}");
    let page = format!("{}/data/page", served.server.url());
    assert!(served.run(&["cve", "update", "--url", &page]).starts_with("exit: 1\n"));
    assert_eq!(served.run(&["cve", ".", "--release", "trixie"]), text);
    assert_eq!(served.server.requests().len(), asked + 1);
    let said = served.run(&["cve", "update", "--offline"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("cannot fetch data"), "{said}");
}

#[test]
fn a_difference_tells_what_is_fixed() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let space = Space::new();
    let lock = std::fs::read_to_string(minimal.path("isoplug.lock")).unwrap();
    let of = |name: &str| lock.split('"').find(|word| word.starts_with(name)).unwrap().to_owned();
    let htop = of("htop ");
    let version = htop.split(' ').nth(1).unwrap();
    space.write("old.lock", &lock);
    space.write("new.lock", &lock.replace(&htop, &htop.replace(version, "9.9-1")));
    space.write(
        "db.json",
        r#"{ "htop": { "CVE-2026-0003": { "releases": { "trixie": {
        "status": "resolved", "fixed_version": "9.9-1", "urgency": "" } } } } }"#,
    );
    let iso = minimal.iso().display().to_string();
    let text = space.ok(&["diff", &iso, "new.lock", "--cve", "db.json"]);
    assert!(text.contains("fixed  CVE-2026-0003") && text.contains("htop "), "{text}");
    let text = space.ok(&["diff", "new.lock", &iso, "--cve", "db.json"]);
    assert!(text.contains("new  ") && text.contains("(fixable)"), "{text}");
}

/// A project accepts for a while, of its lock and of its image; what is wrong with it is drawn.
#[test]
fn a_project_accepts_vulnerabilities_until_a_day() {
    let _turn = real::turn();
    let minimal = real::minimal();
    let (iso, store) = (minimal.iso().display().to_string(), minimal.store_path());
    let space = Space::new();
    space.write("db.json", TRACKER);
    space.write("isoplug.lock", &minimal.space.read("isoplug.lock"));
    let line = "extends = \"isoplug:minimal\"\n";
    let accept = |until: &str| {
        let accepted = format!(
            "vulnerabilities.accept = [{{ id = \"CVE-2026-0001\", package = \"linux\", reason = \"no users\", until = \"{until}\" }}]\n"
        );
        let manifest = minimal.space.read("isoplug.toml");
        space.write("isoplug.toml", &manifest.replace(line, &format!("{line}{accepted}")));
    };
    let of_lock = [
        "cve",
        ".",
        "--db",
        "db.json",
        "--store",
        &*store,
        "--release",
        "trixie",
        "--fail-on",
        "fixable",
    ];
    let of_iso = ["cve", &*iso, "--db", "db.json", "--store", &*store, "--fail-on", "fixable"];
    accept("9999-12-31");
    let row = "CVE-2026-0001  linux    until 9999-12-31  no users";
    for (arguments, code) in [
        (of_lock.to_vec(), 0),
        (of_iso.to_vec(), 10),
        ([&of_iso[..], &["--from", "."]].concat(), 0),
    ] {
        let said = space.run(&arguments);
        assert!(said.starts_with(&format!("exit: {code}\n")), "{said}");
        assert_eq!(said.contains(row), code == 0, "{said}");
    }
    accept("2020-01-31");
    let said = space.run(&of_lock);
    assert!(said.starts_with("exit: 10\n"), "{said}");
    assert!(said.contains("no longer, since 2020-01-31"), "{said}");
    accept("2020-02-31");
    let said = space.run(&["check"]);
    assert!(said.starts_with("exit: 2\n") && said.contains("`2020-02-31` is not a day"), "{said}");
}
