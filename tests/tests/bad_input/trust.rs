//! Archives that are not signed as they should be, or not with these bytes.

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use isoplug_tests::archive::{Archive, Key};
use isoplug_tests::require;
use isoplug_tests::served::{Served, packages};

use super::fails;

#[test]
fn a_changed_release() {
    let served = Served::default();
    let path = served.archive.path("dists/stable/InRelease");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("Origin: Test", "Origin: Tost")).unwrap();
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: suite stable of tiny: its Release file is not trusted
      because: bad signature of [KEY]: the text is not what was signed
      try: another mirror; this one, or somebody on the way, changed the file
    ");
    fs::write(&path, good).unwrap();
    served.space.ok(&["lock"]);
}

#[test]
fn no_signature_at_all() {
    let served = Served::default();
    let path = served.archive.path("dists/stable/InRelease");
    fs::write(&path, "<html>Log in to this network</html>\n").unwrap();
    assert_snapshot!(fails(&served), @r#"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: suite stable of tiny: its Release file is not trusted
      because: it is not signed in the clear
      because: it does not begin with "-----BEGIN PGP SIGNED MESSAGE-----"
      try: again later; what came is not a signed Release file, perhaps a login page of the network
    "#);
}

#[test]
fn the_key_of_another() {
    let served = Served::default();
    let other = Key::generate().unwrap();
    served.space.write("archive.asc", &other.public().unwrap());
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: suite stable of tiny: its Release file is not trusted
      because: it is signed by [KEY], which the keyring does not have
      try: a `keyring` with the key that signs it, if you trust it
    ");
    served.space.write("archive.asc", &served.archive.key.public().unwrap());
    served.space.ok(&["lock"]);
}

#[test]
fn an_expired_key() {
    let served = Served::default();
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(home.path());
        command.args(["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback"]);
        command.args(["--passphrase", "", "--faked-system-time", "20260101T000000"]);
        command.args(arguments).output()
    };
    require!(gpg(&["--version"]).is_ok(), "no gpg");
    gpg(&["--quick-generate-key", "short <s@x>", "ed25519", "sign", "60d"]).unwrap();
    let path = served.archive.path("dists/stable/InRelease");
    let signed = fs::read_to_string(&path).unwrap();
    let text = signed.split("\n\n").nth(1).unwrap().split("\n-----BEGIN").next().unwrap();
    fs::write(home.path().join("text"), format!("{text}\n")).unwrap();
    let input = home.path().join("text").display().to_string();
    let signed = gpg(&["-u", "s@x", "--clearsign", "-o", "-", &input]).unwrap().stdout;
    fs::write(&path, signed).unwrap();
    let key = gpg(&["--armor", "--export", "s@x"]).unwrap().stdout;
    served.space.write("archive.asc", &String::from_utf8(key).unwrap());
    let text = fails(&served);
    let key = text.split_whitespace().find(|word| word.len() == 40).unwrap_or("none").to_owned();
    assert_snapshot!(text.replace(&key, "[KEY]"), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: suite stable of tiny: its Release file is not trusted
      because: the key [KEY] expired on 2026-03-02
      try: a newer `keyring` of the archive
    ");
}

#[test]
fn a_release_that_has_expired() {
    let mut archive = Archive::new().unwrap();
    archive.release.insert("Date".into(), "Sat, 21 Nov 2020 02:10:46 UTC".into());
    archive.release.insert("Valid-Until".into(), "Sat, 28 Nov 2020 02:10:46 UTC".into());
    archive.publish("stable", "main", "amd64", &packages()).unwrap();
    let served = Served::of(archive);
    let text = fails(&served);
    let days = text.split("expired ").nth(1).and_then(|rest| rest.split(' ').next());
    assert_snapshot!(text.replace(days.unwrap_or("none"), "[DAYS]"), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: suite stable of tiny expired [DAYS] d ago: the mirror is stale, or the clock is wrong; `check-valid-until = false` accepts it
    ");
    served.change("suite = \"stable\"", "suite = \"stable\"\ncheck-valid-until = false");
    served.space.ok(&["lock"]);
}

#[test]
fn an_index_with_other_bytes() {
    let served = Served::default();
    let folder = "dists/stable/main/binary-amd64";
    let good = fs::read(served.archive.path(&format!("{folder}/Packages.xz"))).unwrap();
    let hash = isoplug_tests::archive::hex(&good);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    for name in ["Packages.xz", &format!("by-hash/SHA256/{hash}")] {
        served.archive.write(&format!("{folder}/{name}"), &bad).unwrap();
    }
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: http://mirror/dists/stable/main/binary-amd64/by-hash/SHA256/[SHA256]: expected sha256:[SHA256], found sha256:[SHA256]
      try: again later, or name another mirror in `mirrors` of the source
    ");
    for name in ["Packages.xz", &format!("by-hash/SHA256/{hash}")] {
        served.archive.write(&format!("{folder}/{name}"), &good).unwrap();
    }
    served.space.ok(&["lock"]);
}
