//! What archives serve: indices, Release files, relations, packages, keyrings and signatures.

use std::io::{Cursor, Read, copy, sink};

use isoplug_formats::apt::{Release, clearsign, packages, relation, sources, version};
use isoplug_formats::deb::Deb;
use isoplug_manifest::distribution::debian::DEBIAN;
use isoplug_packages::keyring::{Keyring, When};

/// An index of packages, each with its relations and versions.
pub(super) fn index(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for package in packages::packages(text) {
        for field in [package.depends, package.pre_depends, package.provides] {
            _ = relation::parse(field);
        }
        _ = version::compare(package.version, package.name);
    }
}

/// An index of source packages.
pub(super) fn sources(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files: usize = sources::sources(text).map(|source| source.files.len()).sum();
    assert!(files <= text.lines().count());
}

/// A Release file, signed in the clear or not.
pub(super) fn release(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    _ = Release::parse(text);
    if let Ok(signed) = clearsign::split(text) {
        _ = Release::parse(&signed.text);
    }
}

/// Relations between packages: what is read is read again from how it is printed.
pub(super) fn relation(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(groups) = relation::parse(text) else { return };
    for relation in groups.iter().flatten() {
        let printed = relation.to_string();
        assert!(relation::parse_one(&printed).is_ok(), "{printed:?} of {text:?}");
    }
}

/// A package: its control file, its files, and how it is written without compression.
pub(super) fn deb(bytes: &[u8]) {
    let Ok(deb) = Deb::open(bytes) else { return };
    _ = deb.control();
    let Ok(data) = deb.data() else { return };
    // A few bytes may decompress to gigabytes; whoever lays a package down reads it as a stream.
    let is_small = copy(&mut data.take(1 << 20), &mut sink()).is_ok_and(|read| read < 1 << 20);
    if is_small {
        _ = deb.repack_uncompressed(Cursor::new(Vec::new()));
    }
}

/// A keyring in either form.
pub(super) fn keyring(bytes: &[u8]) {
    _ = Keyring::parse(bytes);
}

/// A signature, and the text that it signs behind the first empty line, by Debian's keys.
pub(super) fn signature(bytes: &[u8]) {
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let when = When { dated: 1_750_000_000, now: Some(1_760_000_000) };
    _ = Keyring::of(DEBIAN.keys).verify(&bytes[end..], &bytes[..end], when);
}
