//! Formats of packages: names, versions and suites, and the answers to what they ask.

use super::{Finding, Verdict, made_of, require};

/// Names of packages in Nixpkgs and elsewhere, and Debian's.
const PACKAGE_ALIASES: &[(&str, &str)] = &[
    ("ddrescue", "gddrescue"),
    ("docker", "docker.io"),
    ("fd", "fd-find"),
    ("firefox", "firefox-esr"),
    ("gnome-disk-utils", "gnome-disk-utility"),
    ("memtest86plus", "memtest86+"),
    ("netcat", "netcat-openbsd"),
    ("networkmanager", "network-manager"),
    ("ntfs3g", "ntfs-3g"),
    ("openssh", "openssh-server"),
    ("photorec", "testdisk"),
    ("wireless_tools", "wireless-tools"),
    ("wirelesstools", "wireless-tools"),
    ("wireshark-cli", "tshark"),
    ("wpa_supplicant", "wpasupplicant"),
];

/// Debian policy 5.6.1, with an architecture allowed behind a colon.
pub(super) fn name(text: &str) -> Verdict {
    if is_name(text) || alias(text).is_some() {
        return known(text);
    }
    let finding = bad_name(text);
    Verdict::Wrong(match Wish::split(text) {
        Some(wish) if is_name(wish.name) => {
            finding.help("the name alone, without version or suite")
        }
        _ => finding.help(CHARACTERS),
    })
}

/// A package as apt-get(8) takes it: a name, and behind it a version or a suite.
pub(super) fn wish(text: &str) -> Verdict {
    let Some(Wish { name, version, suite }) = Wish::split(text) else { return name_or_form(text) };
    let version_fits =
        version.is_none_or(|text| is_version(text.strip_suffix('*').unwrap_or(text)));
    match is_name(name) && version_fits && suite.is_none_or(is_suite) {
        true => known(name),
        false => Verdict::Wrong(bad_name(text).help(FORMS)),
    }
}

/// The name of a package, with `*` for any part of it.
pub(super) fn pattern(text: &str) -> Verdict {
    let plain = text.replace('*', "a");
    require(!text.contains(':') && is_name(&plain), || {
        bad_name(text).help(format!("{CHARACTERS}, and `*` for any part of a name"))
    })
}

/// A version, or the start of one with `*` behind it.
pub(super) fn version_pattern(text: &str) -> Verdict {
    let start = text.strip_suffix('*').unwrap_or(text);
    require(text == "*" || is_version(start), || {
        let message = format!("\"{text}\" cannot be a version or the start of one");
        Finding::new("bad-version", message)
            .help("such as `128.5-1`, or `128.*` for all that begin so")
    })
}

const CHARACTERS: &str = "small letters, digits, `+`, `-` and `.`";
const FORMS: &str = "`name`, `name=version`, `name=start*` or `name/suite`, such as `nano=8.4-1` or \
                     `cockpit/trixie-backports`";

fn name_or_form(text: &str) -> Verdict {
    if is_name(text) { known(text) } else { Verdict::Wrong(bad_name(text).help(CHARACTERS)) }
}

/// A package and what is wanted of it.
struct Wish<'w> {
    name: &'w str,
    version: Option<&'w str>,
    suite: Option<&'w str>,
}

impl<'w> Wish<'w> {
    /// Splits at the first sign of a version or suite, if there is one.
    fn split(text: &'w str) -> Option<Self> {
        let place = text.find(['=', '/'])?;
        let (name, rest) = (&text[..place], &text[place + 1..]);
        let is_version = text[place..].starts_with('=');
        let (version, suite) = if is_version { (Some(rest), None) } else { (None, Some(rest)) };
        Some(Self { name, version, suite })
    }
}

/// Names of other distributions are told what they are called here.
fn known(name: &str) -> Verdict {
    let Some(debian) = alias(name) else { return Verdict::Fine };
    let finding = Finding::new("foreign-name", format!("Debian has no package `{name}`"));
    Verdict::Doubtful(finding.help(format!("in Debian it is `{debian}`")))
}

fn alias(text: &str) -> Option<&'static str> {
    PACKAGE_ALIASES.iter().find(|(name, _)| *name == text).map(|(_, debian)| *debian)
}

fn is_name(text: &str) -> bool {
    let (name, architecture) = text.split_once(':').unwrap_or((text, "any"));
    let allowed =
        |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || "+-.".contains(each);
    let starts = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    starts && made_of(name, allowed) && made_of(architecture, allowed) || alias(text).is_some()
}

/// Debian policy 5.6.12.
fn is_version(text: &str) -> bool {
    made_of(text, |each| each.is_ascii_alphanumeric() || "+-.~:".contains(each))
}

/// The name of a folder below `dists`.
fn is_suite(text: &str) -> bool {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "+-._~".contains(each);
    text.split('/').all(|part| made_of(part, allowed))
}

fn bad_name(text: &str) -> Finding {
    let message = match text.contains(['=', '/']) {
        true => format!("\"{text}\" cannot be a package"),
        false => format!("\"{text}\" cannot be a package name"),
    };
    Finding::new("bad-name", message)
}

pub(super) fn version_start(text: &str) -> Verdict {
    require(is_version(text), || {
        let message = format!("\"{text}\" cannot be a version or the start of one");
        Finding::new("bad-version", message).help("such as `6.12`, or a whole one: `6.12.48-1`")
    })
}

/// The last part of the name of a kernel package.
pub(super) fn flavour(text: &str) -> Verdict {
    let holds = is_name(text) && !text.contains(':');
    require(holds, || bad_name(text).help("what follows `linux-image-`, such as `rt-amd64`"))
}

/// debconf-devel(7): parts with slashes between them, without blanks.
pub(super) fn question(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_graphic() && each != '#';
    require(text.contains('/') && text.split('/').all(|part| made_of(part, allowed)), || {
        let message = format!("\"{text}\" cannot be the name of a question");
        Finding::new("bad-name", message).help("such as `firmware-ivtv/license/accepted`")
    })
}

/// An answer is one line.
pub(super) fn answer(text: &str) -> Verdict {
    require(!text.contains(['\n', '\r', '\0']), || {
        Finding::new("bad-answer", "an answer of several lines cannot be given")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: [&str; 12] = [
        "nano",
        "libc6:amd64",
        "g++-14",
        "nano=8.4-1",
        "nano:amd64=8.4-1",
        "vim=2:9.1.1230-2",
        "docker-ce=5:28.0.0-1~debian.13~trixie",
        "nano=8.*",
        "cockpit-ws/trixie-backports",
        "curl/stable-security",
        "old/buster/updates",
        "netcat",
    ];

    #[test]
    fn what_apt_takes_is_taken() {
        for text in TAKEN {
            assert!(!matches!(wish(text), Verdict::Wrong(_)), "{text}");
        }
        let wrong =
            ["Nano", "", "nano=", "nano/", "=1", "/x", "nano=8.4 1", "nano>=8", "a=1/x", "n/."];
        for text in &wrong[..9] {
            assert!(matches!(wish(text), Verdict::Wrong(_)), "{text}");
        }
        for text in ["nano=8.4-1", "nano/sid", "Nano"] {
            assert!(matches!(name(text), Verdict::Wrong(_)), "{text}");
        }
    }
}
