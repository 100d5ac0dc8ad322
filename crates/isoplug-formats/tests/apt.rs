//! Versions against dpkg, and the text formats of archives.
#![cfg(test)]

use std::process::Command;

use isoplug_formats::apt::{Release, clearsign, packages, relation, stanza, version};
use isoplug_skip::skipped;
use proptest::prelude::*;

/// Asks dpkg; `None` if there is none.
fn dpkg_says(left: &str, operator: &str, right: &str) -> Option<bool> {
    let arguments = ["--compare-versions", left, operator, right];
    Some(Command::new("dpkg").args(arguments).status().ok()?.success())
}

const SORTED: [&str; 14] = [
    "0",
    "0~~",
    "1.0~rc1-1",
    "1.0-1~bpo1",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1.1",
    "1.0a",
    "1.0+dfsg",
    "1.0.1",
    "1.2-10",
    "1.10",
    "1:0.1",
    "10:0",
];

#[test]
fn known_versions_are_in_order() {
    let mut mixed = SORTED.to_vec();
    mixed[..2].swap(0, 1);
    mixed.sort_by(|a, b| version::compare(a, b));
    assert_eq!(mixed[0], "0~~");
    for pair in mixed.windows(2) {
        assert!(version::compare(pair[0], pair[1]).is_lt(), "{pair:?}");
    }
    for (left, right) in [("1.0", "1.0-0"), ("0:1", "1"), ("1.01", "1.1"), ("00:1", "0:1")] {
        assert!(version::compare(left, right).is_eq(), "{left} {right}");
    }
}

fn version_text() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-9][0-9a-c.+~]{0,6}(-[0-9a-b+.~]{1,4})?"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn versions_compare_as_dpkg_compares(left in version_text(), right in version_text()) {
        let order = version::compare(&left, &right);
        prop_assert_eq!(order.reverse(), version::compare(&right, &left));
        match dpkg_says(&left, "lt", &right) {
            None => skipped("no dpkg"),
            Some(less) => {
                prop_assert_eq!(less, order.is_lt(), "{} {}", left, right);
                prop_assert_eq!(dpkg_says(&left, "eq", &right), Some(order.is_eq()));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_safe(text in "\\PC{0,200}", lines in "[a-zA-Z:<>=()\\[\\]!,| .\n\t-]{0,300}") {
        for text in [&text, &lines] {
            let _ = (relation::parse(text), Release::parse(text), clearsign::split(text));
            let _ = packages::packages(text).count();
            let _ = version::compare(text, &lines);
        }
        let signed = format!("-----BEGIN PGP SIGNED MESSAGE-----\n{lines}");
        let _ = clearsign::split(&signed);
    }

    #[test]
    fn versions_have_one_order(a in "\\PC{0,8}", b in "\\PC{0,8}", c in "\\PC{0,8}") {
        let mut all = [a, b, c];
        all.sort_by(|a, b| version::compare(a, b));
        prop_assert!(version::compare(&all[0], &all[2]).is_le());
    }

    #[test]
    fn a_relation_prints_as_it_was_read(name in "[a-z][a-z0-9+.-]{1,8}", wanted in version_text(), sign in "<<|<=|=|>=|>>") {
        let text = format!("{name}:any ({sign} {wanted}) [amd64 !i386]");
        prop_assert_eq!(relation::parse_one(&text).unwrap().to_string(), text);
    }
}

#[test]
fn relations_follow_policy() {
    let groups = relation::parse(
        "libc6 (>= 2.38), default-mta | mail-transport-agent,python3:any ,\n awk(<1)",
    )
    .unwrap();
    let text: Vec<Vec<String>> =
        groups.iter().map(|group| group.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(
        text,
        [
            vec!["libc6 (>= 2.38)"],
            vec!["default-mta", "mail-transport-agent"],
            vec!["python3:any"],
            vec!["awk (<= 1)"],
        ]
    );
    for bad in ["a (1)", "a (>= 1", "a b", "a (>= )", "(= 1)", "a (= 1 2)", "a <x"] {
        assert!(relation::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn relations_hold_for_architectures() {
    let only = relation::parse_one("a [amd64 i386]").unwrap();
    assert!(only.applies_to("amd64") && !only.applies_to("arm64"));
    let not = relation::parse_one("a [!amd64]").unwrap();
    assert!(!not.applies_to("amd64") && not.applies_to("arm64"));
    assert!(relation::parse_one("a [linux-any] <!nocheck>").unwrap().applies_to("arm64"));
}

#[test]
fn stanzas_and_fields() {
    let text = "\n\nPackage: a\nDescription: short\n long\n\tlonger\nVersion: 1\n\n\nPackage: b\n";
    let stanzas: Vec<&str> = stanza::stanzas(text).collect();
    assert_eq!(stanzas.len(), 2);
    assert_eq!(stanza::field(stanzas[0], "description"), Some("short\n long\n\tlonger"));
    assert_eq!(stanza::field(stanzas[0], "Version"), Some("1"));
    let found: Vec<&str> = packages::packages(text).map(|package| package.name).collect();
    assert_eq!(found, ["a", "b"]);
}

#[test]
fn a_release_is_read() {
    let text = "Suite: stable\nCodename: trixie\nDate: Sat, 12 Sep 2026 07:55:41 UTC\n\
        Valid-Until: Thu, 29 Feb 2024 00:00:00 UTC\nAcquire-By-Hash: yes\nComponents: main contrib\n\
        Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\nSHA256:\n \
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  0 main/binary-amd64/Packages\n";
    let release = Release::parse(text).unwrap();
    // `date -u -d '...' +%s` says so.
    assert_eq!((release.date, release.valid_until), (Some(1_789_199_741), Some(1_709_164_800)));
    assert!(release.by_hash && !release.all_apart && !release.not_automatic);
    assert_eq!(release.files["main/binary-amd64/Packages"].size, 0);
    let message = |text: &str| Release::parse(text).unwrap_err().to_string();
    assert_eq!(message("Suite: x\n"), "it has no SHA256 hashes of its indices");
    let bare = Release::parse("Archive: old\nValid-Until:\nSHA256:\n").unwrap();
    assert_eq!((bare.suite.as_str(), bare.date, bare.valid_until), ("old", None, None));
    let below = Release::parse(&text.replace(" main/binary", " ./main/binary")).unwrap();
    assert_eq!(below.files, release.files);
    let late = text.replace("07:55", "27:55");
    assert_eq!(message(&late), "invalid date in the Date field: \"Sat, 12 Sep 2026 27:55:41 UTC\"");
    let short = text.replace("e3b0", "");
    assert!(message(&short).starts_with("the SHA256 section has the line"));
}

#[test]
fn dates_agree_with_date() {
    for text in [
        "Thu, 01 Jan 1970 00:00:00 UTC",
        "Wed, 31 Dec 2098 23:59:59 UTC",
        "Tue, 01 Mar 2044 12:00:00 UTC",
    ] {
        let release = format!("Date: {text}\nSHA256:\n");
        let Ok(output) = Command::new("date").args(["-u", "-d", text, "+%s"]).output() else {
            return skipped("no date");
        };
        let expected = String::from_utf8(output.stdout).unwrap().trim().parse::<u64>().unwrap();
        assert_eq!(Release::parse(&release).unwrap().date, Some(expected), "{text}");
    }
}

#[test]
fn signed_text_is_split_strictly() {
    let signature = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----";
    let head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n";
    let message = format!("{head}a  \n- -b\n\nc\n{signature}\n");
    let signed = clearsign::split(&message).unwrap();
    assert_eq!((signed.text.as_str(), signed.signature), ("a\n-b\n\nc", signature));
    for bad in [
        format!("x\n{message}"),
        format!("{message}Suite: evil\n"),
        format!("{head}-b\n{signature}"),
        format!("{head}a\n"),
        message.replace("Hash: SHA256", "Suite: evil"),
    ] {
        assert!(clearsign::split(&bad).is_err(), "{bad}");
    }
}
