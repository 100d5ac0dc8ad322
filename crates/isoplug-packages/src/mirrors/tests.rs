//! Mirrors in the order in which they are tried.

use super::*;

fn host(name: &str, text: &str) -> Mirrors {
    Mirrors::default().with_host_text(&[(name.to_owned(), text.to_owned())])
}

#[test]
fn named_mirrors_are_used_alone() {
    let mirrors = Mirrors::new(Some("http://a.example/debian/ http://b.example/debian".into()));
    let mirrors =
        mirrors.with_host_text(&[("x.list".into(), "deb http://h/debian trixie main".into())]);
    assert_eq!(mirrors.of("debian", &[]), ["http://a.example/debian", "http://b.example/debian"]);
    assert_eq!(
        mirrors.of("debian-security", &["http://m/debian".into()]),
        [
            "http://m/debian-security",
            "http://a.example/debian-security",
            "http://b.example/debian-security"
        ]
    );
    assert_eq!(
        mirrors.of("acme", &["http://acme.example/apt/".into()]),
        ["http://acme.example/apt"]
    );
    assert!(mirrors.of("acme", &[]).is_empty());
}

#[test]
fn the_host_comes_before_the_public_ones() {
    let text = "# deb http://off/debian x main\n\
        deb [arch=amd64 signed-by=/k.gpg] http://h/debian trixie main # fast\n\
        deb-src http://src/debian trixie main\n\
        deb cdrom:[x]/ trixie main\n\
        deb http://h/debian-security trixie-security main\n\
        deb http://other/ubuntu noble main\n";
    let mirrors = host("/etc/apt/sources.list", text);
    assert_eq!(mirrors.of("debian", &[])[..2], ["http://h/debian", "http://deb.debian.org/debian"]);
    assert_eq!(mirrors.of("debian-security", &[])[0], "http://h/debian-security");
    assert_eq!(
        host("/etc/apt/odd.save", text).of("debian", &[])[0],
        "http://deb.debian.org/debian"
    );
}

#[test]
fn deb822_is_understood() {
    let text = "Types: deb deb-src\nURIs: https://h/debian/\n https://i/debian\nSuites: trixie trixie-updates\n\
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
        Types: deb\nURIs: https://h/deb-sec\nSuites: trixie-security\n\
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
        Enabled: no\nTypes: deb\nURIs: https://off/debian\nSuites: trixie\n";
    let mirrors = host("/etc/apt/sources.list.d/debian.sources", text);
    assert_eq!(mirrors.of("debian", &[])[..2], ["https://h/debian", "https://i/debian"]);
    assert_eq!(mirrors.of("debian-security", &[])[0], "https://h/deb-sec");
    assert!(!mirrors.of("debian", &[]).iter().any(|url| url.contains("off")));
}
