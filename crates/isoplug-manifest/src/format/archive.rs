//! Formats of what a package source says: suites, fingerprints of keys.

use super::{Finding, Verdict, require};

/// A suite below `dists`, or the folder of a flat repository with a slash at its end.
pub(super) fn suite(text: &str) -> Verdict {
    let folder = text.strip_suffix('/').unwrap_or(text);
    let flat = folder.len() < text.len();
    let inside = |part: &str| !part.is_empty() && part != "..";
    let parts = if flat && ["", "."].contains(&folder) { "flat" } else { folder };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"?#\\\"'[]".contains(c);
    let holds = parts.split('/').all(inside) && text.chars().all(plain) && text.len() <= 200;
    require(holds, || {
        Finding::new("bad-suite", format!("\"{text}\" cannot be a suite"))
            .help("such as `trixie`, or `./` for a flat repository")
    })
}

/// The fingerprint of an OpenPGP key, in either case and with blanks as gpg prints it.
pub(super) fn fingerprint(text: &str) -> Verdict {
    let digits: String = text.chars().filter(|c| *c != ' ').collect();
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    require(hexadecimal && [40, 64].contains(&digits.len()), || {
        let finding = Finding::new("bad-fingerprint", format!("invalid fingerprint: \"{text}\""));
        finding.help("the 40 digits that `gpg --show-keys FILE` prints")
    })
}

/// A SHA-256 as hexadecimal digits.
pub(super) fn sha256(text: &str) -> Verdict {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    require(text.len() == 64 && text.bytes().all(lower), || {
        let finding = Finding::new("bad-digest", format!("invalid SHA-256: \"{text}\""));
        finding.help("the 64 digits that `sha256sum FILE` prints")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_and_flat_folders() {
        let fine =
            ["trixie", "stable", "bookworm/updates", "trixie-pgdg", "./", "/", "amd64/", "a/b/"];
        assert!(fine.into_iter().all(|text| suite(text) == Verdict::Fine));
        for text in ["", "..", "../", "a/../b/", "a b", "//", "a?b", "[arch=amd64]"] {
            assert_ne!(suite(text), Verdict::Fine, "{text}");
        }
    }

    #[test]
    fn fingerprints_are_whole() {
        let spaced = "A4A9 4068 76FC BD3C 4567  70C8 8C71 8D3B 5072 E1F5";
        assert_eq!(fingerprint(spaced), Verdict::Fine);
        assert_eq!(fingerprint(&"ab".repeat(20)), Verdict::Fine);
        assert_eq!(fingerprint(&"AB".repeat(32)), Verdict::Fine);
        for text in
            ["", "5072E1F5", "8C718D3B5072E1F5", "0x8C718D3B5072E1F58C718D3B5072E1F58C718D3B"]
        {
            assert_ne!(fingerprint(text), Verdict::Fine, "{text}");
        }
    }
}
