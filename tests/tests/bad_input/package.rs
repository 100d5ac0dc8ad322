//! Packages that are not what the lock says, or not what a package may be.

use std::fs;

use insta::assert_snapshot;
use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};

use super::{build_fails, fetches};

const BASE: &str = "pool/main/base_1_all.deb";

#[test]
fn other_bytes() {
    let served = Served::default();
    let good = fs::read(served.archive.path(BASE)).unwrap();
    served.archive.write(BASE, &vec![1; good.len()]).unwrap();
    assert_snapshot!(build_fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `fetch 0` of p (amd64) failed
      because: cannot get package base 1 all
      because: http://mirror/pool/main/base_1_all.deb: expected sha256:[SHA256], found sha256:[SHA256]
      try: again later; what was fetched is kept
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    served.archive.write(BASE, &good).unwrap();
    fetches(&served);
}

#[test]
fn fewer_bytes() {
    let served = Served::default();
    let good = fs::read(served.archive.path(BASE)).unwrap();
    served.archive.write(BASE, &good[..good.len() / 2]).unwrap();
    assert_snapshot!(build_fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `fetch 0` of p (amd64) failed
      because: cannot get package base 1 all
      because: http://mirror/pool/main/base_1_all.deb: it ended after 300 of 600 bytes
      try: again later; what was fetched is kept
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    served.archive.write(BASE, &good).unwrap();
    fetches(&served);
}

#[test]
fn not_there() {
    let served = Served::default();
    let good = fs::read(served.archive.path(BASE)).unwrap();
    served.space.ok(&["lock"]);
    fs::remove_file(served.archive.path(BASE)).unwrap();
    assert_snapshot!(build_fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `fetch 0` of p (amd64) failed
      because: cannot get package base 1 all
      because: http://mirror/pool/main/base_1_all.deb: HTTP status 404
      try: `isoplug update`: the archive may have newer packages by now
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    served.archive.write(BASE, &good).unwrap();
    fetches(&served);
}

/// A package whose files would land outside of the image.
#[test]
fn a_path_that_leads_out() {
    let served = Served::default();
    let escape = served.space.path("escaped");
    let up =
        format!("{}{}", "../".repeat(20), escape.display().to_string().trim_start_matches('/'));
    let base = Package::new("base", "1").field("Essential", "yes").raw_file(&up, b"out");
    let mut packages = packages();
    packages.retain(|package| package.fields["Package"] != "base");
    packages.push(base);
    served.publish(&packages);
    let text = build_fails(&served);
    assert!(!escape.exists());
    assert_snapshot!(text, @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `base` of p (amd64) failed
      because: the sandbox cannot extract base: its file ../../../../../../../../../../../../../../../../../../../..[DIR]/escaped leads out of the image
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
}

/// The archive's packages hold no system, so the first layer is where a build must end.
#[test]
fn no_system_in_them() {
    let served = Served::default();
    assert_snapshot!(build_fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `base` of p (amd64) failed
      because: the sandbox cannot find usr/bin/dpkg in the Essential packages: none of them has it; is a suite of the base system missing?
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
}
