//! Versions and suites that are asked for by name.

use super::{BASE, Request, answer, index, request};

/// What is asked for, and what is chosen or said.
const TABLE: [(&str, &str); 12] = [
    // The start of a version ends where a number does, and apt's order of suites holds.
    ("linux^6.12", "linux=6.12.73-1"),
    ("linux^6.1", "linux=6.1.2-1"),
    ("linux^6.19", "linux=6.19.1~bpo"),
    ("linux^6.12.9-1", "linux=6.12.9-1"),
    ("linux=6.1*", "linux=6.12.73-1"),
    ("linux=6.12.9*", "linux=6.12.9-1"),
    // A version of several suites is in each of them.
    ("linux/stable", "linux=6.12.9-1"),
    ("linux/stable-security", "linux=6.12.73-1"),
    ("linux/stable-backports", "linux=6.19.1~bpo"),
    (
        "linux^6.2",
        "no source has version 6.2 of `linux`; there is 6.12.73-1 in stable-security, \
          6.12.9-1 in stable, 6.1.2-1 in stable, 6.19.1~bpo in stable-backports, 6.12.90~bpo in \
          stable-backports",
    ),
    (
        "linux/sid",
        "no source has the suite `sid`; there is 6.12.73-1 in stable-security, \
          6.12.9-1 in stable, 6.1.2-1 in stable, 6.19.1~bpo in stable-backports, 6.12.90~bpo in \
          stable-backports",
    ),
    ("only/stable", "the suite `stable` has no package `only`; there is 1 in stable-security"),
];

#[test]
fn versions_are_asked_for_as_with_apt() {
    let mut indices = vec![
        index("stable", 500, &format!("{BASE}linux 6.12.9-1\nlinux 6.1.2-1")),
        index("stable-security", 500, "linux 6.12.9-1\nlinux 6.12.73-1\nonly 1"),
        index("stable-backports", 100, "linux 6.12.90~bpo\nlinux 6.19.1~bpo"),
    ];
    let suites = ["stable", "stable-security", "stable-backports"];
    let chosen = |wish: &str| {
        let suites = suites.map(|suite| format!("debian {suite} main 500")).to_vec();
        let text = answer(&indices, &Request { suites, ..request(&[wish]) });
        text.rsplit(" | ").next().unwrap_or_default().to_owned()
    };
    for (wish, expected) in TABLE {
        assert_eq!(chosen(wish), expected, "{wish}");
    }
    indices.truncate(1);
    assert_eq!(
        answer(&indices, &request(&["linux/stable"])),
        "base=1 libc=2 mawk=1 | linux=6.12.9-1"
    );
}
