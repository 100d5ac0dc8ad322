//! The fields by which a package is known, checked where they come in: from a lock or an index.
//!
//! What passes here is safe as a part of a path, a command line or a message. The rules are those of
//! Debian policy 5.6, as wide as dpkg takes them. Knows no archive.

use std::fmt;
use std::ops::Deref;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name, version or architecture: a file may be called by all three.
const LONGEST: usize = 120;
/// The longest path below an archive's root.
const LONGEST_PATH: usize = 1024;

/// A field that does not follow its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {text:?}")]
pub struct BadField {
    /// What it was to be: `package name`.
    pub field: &'static str,
    /// The beginning of what it is.
    pub text: String,
}

/// Defines a text that holds to a rule once it exists.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks a text and takes it.
            ///
            /// # Errors
            ///
            /// When it does not follow the rule.
            pub fn new(text: &str) -> Result<Self, BadField> {
                match Self::holds(text) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(bad($field, text)),
                }
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Tells whether a text follows the rule.
            #[must_use]
            pub fn holds(text: &str) -> bool {
                let rule: fn(&str) -> bool = $rule;
                rule(text)
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }

        impl From<$name> for String {
            fn from(checked: $name) -> Self {
                checked.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

/// Returns the version of the kernel that a package of this name brings, as `uname -r` tells it; `None` for one that
/// brings none, such as `linux-image-amd64`, which leads to the newest.
#[must_use]
pub fn kernel_version(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("linux-image-")?;
    // What nobody signed is called so by Ubuntu, and by Debian.
    let rest = rest.strip_prefix("unsigned-").unwrap_or(rest);
    let rest = rest.strip_suffix("-unsigned").unwrap_or(rest);
    let is_version = rest.starts_with(|each: char| each.is_ascii_digit());
    (is_version && !rest.ends_with("-dbg") && !rest.ends_with("-dbgsym")).then_some(rest)
}

checked! {
    /// The name of a package (policy 5.6.1; dpkg takes capital letters and `_` too).
    PackageName, "package name", |text| is_word(text, b"+-._")
}

checked! {
    /// A version (policy 5.6.12; dpkg takes `_` too).
    Version, "version", |text| is_word(text, b"+-._:~")
}

checked! {
    /// An architecture, or `all` (policy 5.6.8).
    Arch, "architecture", |text| is_word(text, b"-")
}

checked! {
    /// The path of a package's file below an archive's root: it stays inside.
    ArchivePath, "path in an archive", is_inside
}

/// Returns the name in what asks for a package: `name:architecture`, `name=version`, `name/suite`, `name@source`.
#[must_use]
pub fn name_in(wish: &str) -> &str {
    wish.split([':', '=', '/', '@']).next().unwrap_or(wish)
}

/// Returns name and architecture of a wish that asks for another architecture than the image's.
#[must_use]
pub fn other_in<'w>(wish: &'w str, arch: &str) -> Option<(&'w str, &'w str)> {
    let name = name_in(wish);
    let wanted = wish[name.len()..].strip_prefix(':')?.split(['=', '/', '@']).next()?;
    (![arch, "all", "any", "native"].contains(&wanted)).then_some((name, wanted))
}

/// Returns the name, with its architecture if that is another one than the image's: `libc6:i386`.
#[must_use]
pub fn named_in<'w>(wish: &'w str, arch: &str) -> &'w str {
    match other_in(wish, arch) {
        Some((name, other)) => &wish[..=name.len() + other.len()],
        None => name_in(wish),
    }
}

/// Returns the wish for a package from one source.
#[must_use]
pub fn from_source(wish: &str, source: &str) -> String {
    format!("{wish}@{source}")
}

fn is_word(text: &str, more: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
    text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(allowed)
}

fn is_inside(path: &str) -> bool {
    let plain = |part: &str| !["", ".", ".."].contains(&part);
    path.len() <= LONGEST_PATH
        && path.split('/').all(plain)
        && !path.contains(|c: char| c == '\\' || c.is_control())
}

/// Quotes no more of a text than a line holds.
fn bad(field: &'static str, text: &str) -> BadField {
    BadField { field, text: text.chars().take(LONGEST).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dpkg_takes_is_taken() {
        let names =
            ["a", "libc6", "g++-14", "0ad", "python3.13", "MyApp_2", "linux-image-6.12+deb13"];
        assert!(names.into_iter().all(PackageName::holds));
        let versions = ["1", "1:2.0~rc1+git1-1", "20250815~deb13u1", "0.9_beta", "10:1:2-3"];
        assert!(versions.into_iter().all(Version::holds));
        assert!(["amd64", "all", "musl-linux-arm64"].into_iter().all(Arch::holds));
        let paths = ["pool/main/a/a b/a_1%3a2_all.deb", "a.deb", "./a.deb"];
        assert_eq!(paths.map(ArchivePath::holds), [true, true, false]);
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        let evil =
            ["", "../../tmp/pwn", "a/b", "-a", ".a", "a b", "a\n", "a\0", "a;b", "ä", "a\u{1b}[2K"];
        for text in evil {
            assert!(!PackageName::holds(text) && !Version::holds(text), "{text:?}");
            assert!(!Arch::holds(text), "{text:?}");
        }
        let key = "ssh-ed25519 AAAAC3Nza";
        assert!(!Version::holds(key));
        assert!(!PackageName::holds(&"a".repeat(121)));
        for path in ["", "/etc/passwd", "pool/../../a", "pool//a", "a\\b", "a\tb", "pool/"] {
            assert!(!ArchivePath::holds(path), "{path:?}");
        }
    }

    #[test]
    fn a_refusal_quotes_a_beginning() {
        let error = PackageName::new("../pwn").unwrap_err();
        assert_eq!(error.to_string(), r#"invalid package name: "../pwn""#);
        assert_eq!(Version::new(&"é".repeat(500)).unwrap_err().text.chars().count(), 120);
    }
}
