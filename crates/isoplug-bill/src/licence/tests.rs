//! What copyright files become.

use super::*;

fn expression(synopsis: &str) -> String {
    expression::parse(synopsis).map(|expression| expression.to_string()).unwrap_or_default()
}

#[test]
fn names_of_the_table_become_identifiers() {
    for (synopsis, expected) in [
        ("GPL-2+", "GPL-2.0-or-later"),
        ("gpl-2.0+", "GPL-2.0-or-later"),
        ("LGPL-2.1", "LGPL-2.1-only"),
        ("LGPL-2.0-or-later", "LGPL-2.0-or-later"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("Expat", "MIT"),
        ("BSD-3-Clause", "BSD-3-Clause"),
        ("Apache-2", "Apache-2.0"),
        ("Perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
    ] {
        assert_eq!(expression(synopsis), expected, "{synopsis}");
    }
}

/// BSL is the Boost licence in one package and the Business Source licence in another.
#[test]
fn other_names_stay_words() {
    for (synopsis, expected) in [
        ("public-domain", "LicenseRef-Debian-public-domain"),
        ("BSL-1.0", "LicenseRef-Debian-BSL-1.0"),
        ("GPL", "LicenseRef-Debian-GPL"),
        ("MIT/X11", "LicenseRef-Debian-MIT-X11"),
        ("GPL-2+-with-link-exception", "LicenseRef-Debian-GPL-2plus-with-link-exception"),
        ("GPL-9+", "LicenseRef-Debian-GPL-9plus"),
        ("GPL-3+ with Autoconf exception", "LicenseRef-Debian-GPL-3plus-with-Autoconf-exception"),
        ("Expat with Bison exception", "LicenseRef-Debian-Expat-with-Bison-exception"),
    ] {
        assert_eq!(expression(synopsis), expected, "{synopsis}");
    }
}

#[test]
fn a_comma_makes_what_follows_bind_least() {
    for (synopsis, expected) in [
        ("GPL-1+ or Artistic-2", "Artistic-2.0 OR GPL-1.0-or-later"),
        ("ISC and GPL-2 or Expat", "MIT OR (GPL-2.0-only AND ISC)"),
        ("GPL-2+ or AFL-2.1, and Expat", "MIT AND (AFL-2.1 OR GPL-2.0-or-later)"),
        ("Expat, ISC", "ISC AND MIT"),
        ("ISC and ISC", "ISC"),
        ("", ""),
    ] {
        assert_eq!(expression(synopsis), expected, "{synopsis}");
    }
}

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Source: https://example.org

Files: *
Copyright: 2020 Ann
License: GPL-2+ or own

Files: a/*
Copyright: 2020 Bob
License: Expat
 Permission is hereby granted.

License: own
 Do what
 .
  you want.
 
License: GPL-2+
 As on Debian systems.
";

#[test]
fn a_whole_file_is_all_that_its_files_are_under() {
    let licence = read(COPYRIGHT.as_bytes());
    assert_eq!(
        licence.expression.as_deref(),
        Some("MIT AND (GPL-2.0-or-later OR LicenseRef-Debian-own)")
    );
    assert_eq!(licence.words, ["GPL-2.0-or-later", "LicenseRef-Debian-own", "MIT"]);
    let texts: Vec<_> = licence.texts.iter().map(|(id, text)| (&**id, &**text)).collect();
    assert_eq!(texts, [("LicenseRef-Debian-own", "Do what\n\n you want.")]);
}

#[test]
fn a_file_of_another_form_says_nothing_but_its_digest() {
    let licence = read(b"This is free software.\n");
    assert_eq!((licence.expression, licence.words.len(), licence.sha256.len()), (None, 0, 64));
}

#[test]
fn what_is_written_is_read_again() {
    for text in [
        "MIT",
        "GPL-3.0-or-later WITH Bison-exception-2.2",
        "ISC AND (GPL-2.0-only OR MIT)",
        "MIT OR (GPL-2.0-only AND ISC)",
    ] {
        assert_eq!(Expression::read(text).unwrap().to_string(), text);
    }
    for text in ["", "(MIT", "MIT AND", "MIT ISC", "OR"] {
        let read = Expression::read(text);
        assert!(text == "OR" || read.is_none(), "{text}: {read:?}");
    }
}
