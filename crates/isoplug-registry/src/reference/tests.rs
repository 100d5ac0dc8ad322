//! References as people write them, and any text at all.

use proptest::prelude::*;

use super::{Place, Reference};

fn read(text: &str) -> Result<Reference, String> {
    text.parse::<Reference>().map_err(|error| error.to_string())
}

#[test]
fn what_people_write() {
    let plain = |text: &str| match read(text).unwrap().place {
        Place::Registry { plain, .. } => plain,
        Place::Layout { .. } => unreachable!("{text}"),
    };
    assert!(!plain("registry.example.com/acme/hardening"));
    assert!(!plain("oci://registry.example.com:5000/acme/hardening"));
    assert!(!plain("https://127.0.0.1:5000/x"));
    assert!(plain("127.0.0.1:5000/x") && plain("localhost/x") && plain("[::1]:5000/x"));
    assert!(plain("http://registry.lan/x"));
    let tagged = read("registry.example.com:5000/acme/hardening:1.2.0").unwrap();
    assert_eq!(tagged.tag.as_deref(), Some("1.2.0"));
    assert_eq!(tagged.name().unwrap(), "registry.example.com:5000/acme/hardening");
    assert_eq!(tagged.source(), "oci://registry.example.com:5000/acme/hardening");
    let folder = read("oci-layout:/media/usb stick#ghcr.io/acme/x:1.0.0").unwrap();
    assert_eq!(folder.name().as_deref(), Some("ghcr.io/acme/x"));
    assert_eq!(folder.tag.as_deref(), Some("1.0.0"));
    assert_eq!(read("oci-layout:/home/a@b/x").unwrap().digest, None);
}

const REFUSED: [&str; 15] = [
    "",
    "/",
    ":",
    "@",
    "ghcr.io/",
    "ghcr.io//x",
    "ghcr.io/a/",
    "oci-layout:",
    "a:b:c/d",
    "ghcr.io/../x",
    "ghcr.io/a__.b",
    "-a.b/x",
    "http:///x",
    "ghcr.io/x:",
    "oci-layout:/x#y",
];

#[test]
fn what_is_refused() {
    let refused = |text: &str| read(text).unwrap_err();
    insta::assert_snapshot!(refused("hardening"), @r#""hardening" does not say where a plugin is: there is no / in it"#);
    insta::assert_snapshot!(refused("acme/hardening"), @r#""acme/hardening" does not say where a plugin is: "acme" is not the name of a registry"#);
    insta::assert_snapshot!(refused("ghcr.io/Acme/x"), @r#""ghcr.io/Acme/x" does not say where a plugin is: "Acme/x" is not the name of a repository: lower-case letters and digits, with . _ - or / between them"#);
    insta::assert_snapshot!(refused("ftp://ghcr.io/acme/x"), @r#""ftp://ghcr.io/acme/x" does not say where a plugin is: ftp:// is unknown"#);
    insta::assert_snapshot!(refused("ghcr.io/acme/x@sha256:12"), @r#""ghcr.io/acme/x@sha256:12" does not say where a plugin is: `sha256:12` is not a digest; one reads sha256:<64 hex digits>"#);
    for text in REFUSED {
        assert!(read(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[a-z0-9:/@._#-]{0,60}") {
        if let Ok(reference) = read(&text) {
            prop_assert_eq!(read(&reference.to_string()), Ok(reference));
        }
    }

    #[test]
    fn a_reference_is_read_back(
        scheme in "(http://|https://|oci://)?",
        host in "([a-z0-9]{1,5}(-[a-z]{1,3})?\\.){1,2}[a-z]{2,3}(:[1-9][0-9]{0,3})?|localhost|127\\.0\\.0\\.1:80",
        repository in "[a-z0-9]{1,5}((\\.|_|__|-|--|/)[a-z0-9]{1,5}){0,3}",
        tag in "(:[A-Za-z0-9_][A-Za-z0-9._-]{0,20})?",
        digest in "(@sha256:[0-9a-f]{64})?",
    ) {
        let text = format!("{scheme}{host}/{repository}{tag}{digest}");
        let reference = read(&text).unwrap();
        prop_assert_eq!(reference.tag.as_deref().unwrap_or(""), tag.trim_start_matches(':'));
        prop_assert_eq!(reference.digest.is_some(), !digest.is_empty());
        prop_assert_eq!(read(&reference.to_string()), Ok(reference));
    }
}
