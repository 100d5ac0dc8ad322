//! What vulnerabilities come to: thirty rows of the tracker's shape, each judged by hand.
#![cfg(test)]

#[path = "cve/accepted.rs"]
mod accepted;

use std::fs;
use std::io::Write;

use isoplug_inspect::cve::{self, Report, Subject, Word, sarif, vex};
use isoplug_inspect::diff::vulnerabilities;
use isoplug_inspect::look::packages;
use serde_json::{Value, json};

/// Source, installed version, status, fixed version, urgency, reason why there is no advisory (`-` for none at all), and
/// what it comes to.
const ROWS: [(&str, &str, &str, &str, &str, &str, Word); 30] = [
    ("a01", "1.0-1", "resolved", "0", "not yet assigned", "-", Word::NeverAffected),
    ("a02", "1.0-1", "resolved", "1.0-1", "not yet assigned", "-", Word::Fixed),
    ("a03", "1.0-2", "resolved", "1.0-1", "not yet assigned", "-", Word::Fixed),
    ("a04", "1.0-1", "resolved", "1.0-2", "not yet assigned", "-", Word::Fixable),
    ("a05", "1:1.0-1", "resolved", "2.0-1", "not yet assigned", "-", Word::Fixed),
    ("a06", "2.0-1", "resolved", "1:1.0-1", "not yet assigned", "-", Word::Fixable),
    ("a07", "1.0~rc1-1", "resolved", "1.0-1", "not yet assigned", "-", Word::Fixable),
    ("a08", "1.0-1+deb13u1", "resolved", "1.0-1+deb13u2", "not yet assigned", "-", Word::Fixable),
    ("a09", "1.0-1+deb13u2", "resolved", "1.0-1+deb13u2", "not yet assigned", "-", Word::Fixed),
    ("a10", "1.0-10", "resolved", "1.0-9", "not yet assigned", "-", Word::Fixed),
    ("a11", "1.0-1", "open", "", "not yet assigned", "-", Word::Open),
    ("a12", "1.0-1", "open", "", "not yet assigned", "", Word::Minor),
    ("a13", "1.0-1", "open", "", "not yet assigned", "postponed", Word::Later),
    ("a14", "1.0-1", "open", "", "not yet assigned", "ignored", Word::WillNotFix),
    ("a15", "1.0-1", "open", "", "unimportant", "-", Word::Unimportant),
    ("a16", "1.0-1", "open", "", "unimportant", "ignored", Word::Unimportant),
    ("a17", "1.0-1", "open", "", "end-of-life", "-", Word::EndOfLife),
    ("a18", "1.0-1", "open", "", "end-of-life", "ignored", Word::EndOfLife),
    ("a19", "1.0-1", "undetermined", "", "not yet assigned", "-", Word::NotJudged),
    ("a20", "1.0-1", "resolved", "1.0-2", "unimportant", "-", Word::Unimportant),
    ("a21", "1.0-1", "resolved", "1.0-1", "unimportant", "-", Word::Fixed),
    ("a22", "1.0-1", "resolved", "0", "unimportant", "-", Word::NeverAffected),
    ("a23", "1.0-1", "open", "0", "not yet assigned", "-", Word::NeverAffected),
    ("a24", "1.0-1", "open", "", "low", "-", Word::Open),
    ("a25", "1.0-1", "open", "", "high", "", Word::Minor),
    ("a26", "1.0-1", "resolved", "1.0-2", "end-of-life", "-", Word::EndOfLife),
    ("a27", "1.0", "resolved", "1.0-1", "not yet assigned", "-", Word::Fixable),
    ("a28", "1.0+dfsg-1", "resolved", "1.0-5", "not yet assigned", "-", Word::Fixed),
    ("a29", "1.0-1~deb13u1", "resolved", "1.0-1", "not yet assigned", "-", Word::Fixable),
    ("a30", "0.9-1", "undetermined", "", "unimportant", "-", Word::NotJudged),
];

fn tracker() -> Value {
    let mut all = json!({});
    for (index, (source, _, status, fixed, urgency, reason, _)) in ROWS.iter().enumerate() {
        let mut release =
            json!({ "status": status, "urgency": urgency, "repositories": { "trixie": "x" } });
        if !fixed.is_empty() {
            release["fixed_version"] = json!(fixed);
        }
        if *reason != "-" {
            release["nodsa"] = json!("Minor issue");
            release["nodsa_reason"] = json!(reason);
        }
        let scope = if index % 2 == 0 { "remote" } else { "local" };
        all[source] = json!({ (number(index)): { "description": "d", "scope": scope, "releases": { "trixie": release } } });
    }
    all["of-nobody"] = json!({ "CVE-2026-9999": { "releases": { "trixie": { "status": "open", "urgency": "" } } } });
    all
}

fn number(index: usize) -> String {
    format!("CVE-2026-{:04}", index + 1)
}

fn subject(status: &str) -> Subject {
    let (name, purl, release) =
        ("a.iso".to_owned(), "pkg:generic/a".to_owned(), "trixie".to_owned());
    Subject { name, purl, release, packages: packages::parse(status), ..Subject::default() }
}

fn status() -> String {
    let stanza = |(source, version, ..): &(&str, &str, &str, &str, &str, &str, Word)| {
        format!(
            "Package: lib{source}\nStatus: install ok installed\nSource: {source}\nVersion: {version}\nArchitecture: amd64\n\n"
        )
    };
    ROWS.iter().map(stanza).collect()
}

fn report(subject: &Subject, name: &str, bytes: &[u8]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let data = cve::read(&path, &cve::sources(&subject.packages)).unwrap();
    cve::report(subject, &[data])
}

#[test]
fn thirty_rows_are_judged_as_by_hand() {
    let report = report(&subject(&status()), "tracker.json", tracker().to_string().as_bytes());
    assert_eq!((report.findings.len(), report.sources), (30, 30));
    for (index, (source, .., word)) in ROWS.iter().enumerate() {
        let finding = report.findings.iter().find(|it| it.id == number(index)).unwrap();
        assert_eq!((&*finding.source.name, finding.word), (*source, *word), "{}", finding.id);
        assert_eq!(finding.remote, index % 2 == 0);
    }
    let words: Vec<Word> = report.findings.iter().map(|it| it.word).collect();
    assert!(words.is_sorted(), "{words:?}");
}

#[test]
fn what_is_built_in_and_what_is_linked_in_is_looked_up() {
    let status = "Package: linux-image\nStatus: install ok installed\nSource: linux-signed-amd64 (6.12+1)\nVersion: 6.12-1\n\
        Built-Using: linux (= 6.12-1)\n\nPackage: tool\nStatus: install ok installed\nVersion: 1\n\
        Static-Built-Using: golang (= 1.19-1)\n";
    let one = |id: &str| json!({ (id): { "releases": { "trixie": { "status": "open", "urgency": "" } } } });
    let data = json!({ "linux": one("CVE-2026-0001"), "golang": one("CVE-2026-0002") });
    let report = report(&subject(status), "t.json", data.to_string().as_bytes());
    let found: Vec<_> =
        report.findings.iter().map(|it| (&*it.source.name, it.source.linked)).collect();
    assert_eq!(found, [("golang", true), ("linux", false)], "the kernel stands last");
}

#[test]
fn a_backport_is_judged_by_the_next_release() {
    let status = "Package: tool\nStatus: install ok installed\nVersion: 2.0-1~bpo13+1\n";
    let data = json!({ "tool": { "CVE-2026-0001": { "releases": {
        "trixie": { "status": "resolved", "fixed_version": "1.0-1", "urgency": "" },
        "forky": { "status": "resolved", "fixed_version": "2.0-3", "urgency": "" },
    } } } });
    let report = report(&subject(status), "t.json", data.to_string().as_bytes());
    let [finding] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert_eq!((finding.word, &*finding.release), (Word::Fixable, "forky"));
}

#[test]
fn foreign_packages_are_told_not_passed_over() {
    let mut foreign = subject(&status());
    foreign.foreign.insert("liba04".to_owned());
    let report = report(&foreign, "t.json", tracker().to_string().as_bytes());
    assert_eq!(report.no_data, ["liba04"]);
    assert!(
        report.page().text().contains("No data, which does not mean none"),
        "{}",
        report.page().text()
    );
    assert!(report.findings.iter().all(|it| it.source.name != "a04"));
}

#[test]
fn a_vex_takes_out_what_it_names_and_nothing_else() {
    let mut report = report(&subject(&status()), "t.json", tracker().to_string().as_bytes());
    let document = json!({ "@context": "https://openvex.dev/ns/v0.2.0", "statements": [
        { "vulnerability": { "name": "CVE-2026-0004" }, "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
          "products": [{ "@id": "pkg:generic/a", "subcomponents": [{ "@id": "pkg:deb/debian/liba04@1.0-1?arch=amd64" }] }] },
        { "vulnerability": { "name": "CVE-2026-0011" }, "status": "not_affected", "justification": "component_not_present",
          "products": [{ "@id": "pkg:deb/debian/a11@9.9-9?arch=source" }] },
    ] });
    assert_eq!(vex::apply(&mut report, &document.to_string()), Ok(1));
    let word = |id: &str| report.findings.iter().find(|it| it.id == id).unwrap().word;
    assert_eq!((word("CVE-2026-0004"), word("CVE-2026-0011")), (Word::Vex, Word::Open));
    assert!(vex::apply(&mut report, "{}").is_err());
}

#[test]
fn what_is_written_has_the_forms_that_others_read() {
    let subject = subject(&status());
    let report = report(&subject, "t.json", tracker().to_string().as_bytes());
    let document = vex::write(&report, &subject, "2026-11-30T00:00:00Z");
    let statements = document["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 30);
    for statement in statements {
        let needs = match statement["status"].as_str().unwrap() {
            "affected" => "action_statement",
            "not_affected" => "justification",
            _ => continue,
        };
        assert!(statement[needs].is_string(), "{statement}");
    }
    assert_eq!(document, vex::write(&report, &subject, "2026-11-30T00:00:00Z"));
}

#[test]
fn what_is_shown_is_in_sarif_and_fits_a_terminal() {
    let report = report(&subject(&status()), "t.json", tracker().to_string().as_bytes());
    let shown = sarif::write(&report);
    let results = shown["runs"][0]["results"].as_array().unwrap();
    let expected = ROWS.iter().filter(|row| row.6.is_shown()).count();
    assert_eq!(results.len(), expected);
    let text = report.page().text();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// Returns a zip with one stored file.
fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let (size, length) = ((bytes.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
    let mut out = Vec::new();
    out.write_all(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0").unwrap();
    out.extend([&size[..], &size, &length, &[0, 0], name.as_bytes(), bytes].concat());
    let at = (out.len() as u32).to_le_bytes();
    let record = [
        &b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0"[..],
        &size,
        &size,
        &length,
        &[0; 16],
        name.as_bytes(),
    ]
    .concat();
    let length = (record.len() as u32).to_le_bytes();
    out.extend(record);
    out.extend([&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &length, &at, &[0, 0]].concat());
    out
}

#[test]
fn the_archive_of_osv_is_read() {
    let record = json!({ "id": "DEBIAN-CVE-2026-0001", "affected": [
        { "package": { "ecosystem": "Debian:13", "name": "a04" },
          "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "1.0-2" }] }] },
        { "package": { "ecosystem": "Debian:12", "name": "a04" }, "ranges": [] },
        { "package": { "ecosystem": "Debian:13", "name": "a11" },
          "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }] },
    ] });
    let report = report(
        &subject(&status()),
        "all.zip",
        &zip("DEBIAN-CVE-2026-0001.json", record.to_string().as_bytes()),
    );
    let found: Vec<_> =
        report.findings.iter().map(|it| (&*it.id, &*it.source.name, it.word)).collect();
    assert_eq!(
        found,
        [("CVE-2026-0001", "a04", Word::Fixable), ("CVE-2026-0001", "a11", Word::Open)]
    );
    assert_eq!(report.data[0].form, "osv");
}

/// The status with one package updated and one gone.
fn newer() -> String {
    let status = status();
    let stanzas = status.split("\n\n").map(|stanza| match stanza.contains("liba04") {
        true => stanza.replace("1.0-1", "1.0-2"),
        false => stanza.to_owned(),
    });
    let kept: Vec<_> = stanzas.filter(|stanza| !stanza.contains("liba11\n")).collect();
    kept.join("\n\n")
}

/// One package is updated, one is gone; the rest stays open in both.
#[test]
fn what_is_fixed_and_what_is_new_is_told_of_two_images() {
    let data = tracker().to_string();
    let of = |status: &str| report(&subject(status), "t.json", data.as_bytes());
    let old = of(&status());
    let newer = newer();
    let found = vulnerabilities::compare(&old, &of(&newer));
    let shown = ROWS.iter().filter(|row| row.6.is_shown()).count();
    assert_eq!(found.len(), shown);
    let of_way = |way: &str| -> Vec<&str> {
        found.iter().filter(|it| it.way == way).map(|it| &*it.source).collect()
    };
    assert_eq!(of_way("fixed"), ["a04", "a11"]);
    assert_eq!((of_way("new").len(), of_way("open").len()), (0, shown - 2));
    let back = vulnerabilities::compare(&of(&newer), &old);
    let new: Vec<_> =
        back.iter().filter(|it| it.way == "new").map(|it| (&*it.source, it.word)).collect();
    assert_eq!(new, [("a04", Word::Fixable), ("a11", Word::Open)]);
}
