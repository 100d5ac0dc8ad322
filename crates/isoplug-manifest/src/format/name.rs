//! Formats of names: units, hosts, kernel modules and parameters, labels.

use isoplug_install_plan::Confirm;

use super::{Finding, Verdict, made_of, require};
use crate::kernel_param::{self, Unpassable};

/// Names of services elsewhere, and Debian's.
const UNIT_ALIASES: &[(&str, &str)] = &[("chronyd", "chrony"), ("crond", "cron"), ("sshd", "ssh")];

/// What people write for `acpi=off` and the like, which the kernel ignores.
const PARAM_ALIASES: &[(&str, &str)] = &[("noacpi", "acpi=off"), ("nomodset", "nomodeset")];

pub(super) fn unit(text: &str) -> Verdict {
    let (stem, ending) = match text.strip_suffix(".service") {
        Some(stem) => (stem, ".service"),
        None => (text, ""),
    };
    if let Some((_, debian)) = UNIT_ALIASES.iter().find(|(name, _)| *name == stem) {
        let debian = format!("{debian}{ending}");
        let message = format!("in Debian, `{text}` is only an alias; taken as `{debian}`");
        let finding = Finding::new("alias", message).help(format!("write `{debian}`"));
        return Verdict::Alias(debian, finding);
    }
    require(is_unit(text), || bad_unit(text))
}

/// A unit's file name has a type behind its last dot: systemd.unit(5).
pub(super) fn unit_file(text: &str) -> Verdict {
    const TYPES: &[&str] = &[
        "automount",
        "device",
        "mount",
        "path",
        "scope",
        "service",
        "slice",
        "socket",
        "swap",
        "target",
        "timer",
    ];
    let kind = text.rsplit_once('.').map_or("", |(_, kind)| kind);
    require(is_unit(text) && TYPES.contains(&kind), || {
        bad_unit(text).help("a name and a type, such as `hello.service`")
    })
}

fn is_unit(text: &str) -> bool {
    text.len() < 256
        && made_of(text, |each| each.is_ascii_alphanumeric() || ":-_.\\@".contains(each))
}

fn bad_unit(text: &str) -> Finding {
    Finding::new("bad-name", format!("\"{text}\" cannot be a unit name"))
}

/// hostname(7): labels of letters, digits and hyphens, 63 each, 64 in all (Linux).
pub(super) fn hostname(text: &str) -> Verdict {
    let label = |label: &str| {
        label.len() <= 63
            && made_of(label, |each| each.is_ascii_alphanumeric() || each == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    require(text.len() <= 64 && text.split('.').all(label), || {
        let message = format!("\"{text}\" cannot be a host name");
        Finding::new("bad-hostname", message)
            .help("letters, digits and inner hyphens, at most 64 of them")
    })
}

/// It becomes part of file names.
pub(super) fn image_name(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "+-._~".contains(each);
    require(made_of(text, allowed) && !text.starts_with(['.', '-']), || {
        let message = format!("\"{text}\" cannot be part of a file name");
        Finding::new("bad-name", message).help("letters, digits, `+`, `-`, `.`, `_` and `~`")
    })
}

pub(super) fn architecture(text: &str) -> Verdict {
    require(made_of(text, |each| each.is_ascii_lowercase() || each.is_ascii_digit()), || {
        Finding::new("bad-name", format!("\"{text}\" cannot be an architecture"))
            .help("Debian's names, such as `amd64` or `arm64`")
    })
}

pub(super) fn kernel_module(text: &str) -> Verdict {
    require(made_of(text, |each| each.is_ascii_alphanumeric() || "_-".contains(each)), || {
        let message = format!("\"{text}\" cannot be the name of a kernel module");
        Finding::new("bad-name", message).help("the name alone, without `.ko` or parameters")
    })
}

pub(super) fn kernel_param(text: &str) -> Verdict {
    if let Some((_, right)) = PARAM_ALIASES.iter().find(|(name, _)| *name == text) {
        let message = format!("the kernel knows no parameter `{text}` and ignores it");
        let finding = Finding::new("unknown-parameter", message);
        return Verdict::Doubtful(finding.help(format!("write `{right}`")));
    }
    let (message, help) = match kernel_param::word(text) {
        Ok(_) => return Verdict::Fine,
        Err(Unpassable::NotOne) => (
            format!("\"{text}\" is not one kernel parameter"),
            "one parameter in each item of the list; blanks stand between double quotes: \
             'name=\"a value\"'",
        ),
        Err(escaped @ Unpassable::Escaped(_)) => (
            format!("the kernel cannot be given `{text}`: {escaped}"),
            "double quotes can stand around the whole value alone",
        ),
    };
    Verdict::Wrong(Finding::new("bad-parameter", message).help(help))
}

/// ECMA-119 8.4.8 (32 d-characters). Small letters are read back unchanged by Linux, so they only
/// draw a warning.
pub(super) fn volume_id(text: &str) -> Verdict {
    let help = "at most 32 of `A-Z`, `0-9` and `_`";
    if text.len() > 32 {
        let message = format!("the volume id has {} characters, 32 fit", text.len());
        return Verdict::Wrong(Finding::new("volume-id", message).help(help));
    }
    let strict = |each: char| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_';
    let loose = |each: char| each.is_ascii_alphanumeric() || "_-.".contains(each);
    if made_of(text, strict) {
        return Verdict::Fine;
    }
    let message = format!("\"{text}\" has characters that ISO 9660 does not allow in a volume id");
    let finding = Finding::new("volume-id", message).help(help);
    if made_of(text, loose) { Verdict::Doubtful(finding) } else { Verdict::Wrong(finding) }
}

/// The name of an entry of the boot menu; GRUB reads other characters in it than these as its own words.
pub(super) fn menu_entry(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "-_".contains(each);
    require(made_of(text, allowed), || {
        let message = format!("\"{text}\" cannot be the name of a menu entry");
        Finding::new("bad-name", message).help("letters, digits, `-` and `_`")
    })
}

/// What a script is called by; a shell would take other characters apart, or for its own.
pub(super) fn program(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "+-._".contains(each);
    require(made_of(text, allowed) && !text.starts_with(['.', '-']) && text.len() < 256, || {
        let message = format!("\"{text}\" cannot be the name of a script");
        Finding::new("bad-name", message).help("letters, digits, `+`, `-`, `.` and `_`")
    })
}

/// A program by its name or path. The kernel reads 255 characters of a first line, and passes what stands behind the path
/// on as one argument (binfmt_script.c).
pub(super) fn interpreter(text: &str) -> Verdict {
    let program = |each: char| each.is_ascii_graphic();
    let path = text.split(' ').next().unwrap_or_default();
    let is_path = path.starts_with('/') && made_of(path, program);
    let has_argument = text.bytes().filter(|&byte| byte == b' ').count() <= 1;
    let is_name = made_of(text, |each| each.is_ascii_alphanumeric() || "+-.".contains(each));
    let is_right = is_name || is_path && has_argument && text.bytes().all(|b| b >= b' ');
    require(is_right && text.len() < 253, || {
        let message = format!("\"{text}\" cannot be an interpreter");
        Finding::new("bad-name", message)
            .help("a name such as `python3`, or a path and at most one argument: `/usr/bin/awk -f`")
    })
}

/// The name of a partition and of the file system on it.
pub(super) fn persistence_label(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "-_".contains(each);
    require(made_of(text, allowed) && text.len() <= 16, || {
        let message = format!("\"{text}\" cannot be the name of a partition");
        Finding::new("bad-name", message).help("1 to 16 letters, digits, `-` and `_`")
    })
}

pub(super) fn url(text: &str) -> Verdict {
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let holds = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        && !text.contains(char::is_whitespace);
    require(holds, || {
        Finding::new("bad-url", format!("\"{text}\" is not the address of a mirror"))
            .help("`https://HOST/PATH` or `http://HOST/PATH`")
    })
}

/// The time stamps of snapshot.debian.org.
pub(super) fn snapshot(text: &str) -> Verdict {
    let fits = text.len() == 16
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    require(fits, || {
        Finding::new("bad-snapshot", format!("\"{text}\" is not the time stamp of a snapshot"))
            .help("such as `20261120T000000Z`")
    })
}

/// A name of sysctl.d(5): parts with dots or slashes between them.
pub(super) fn sysctl(text: &str) -> Verdict {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "-_*".contains(each);
    let parts = text.split(['.', '/']);
    require(parts.clone().count() > 1 && { parts }.all(|part| made_of(part, allowed)), || {
        let message = format!("\"{text}\" cannot be the name of a kernel setting");
        Finding::new("bad-name", message).help("such as \"net.ipv4.ip_forward\", in quotes")
    })
}

/// How people are told before a disk is erased without questions.
pub(super) fn install_confirm(text: &str) -> Verdict {
    require(confirm(text).is_some(), || {
        let message =
            format!("\"{text}\" does not say how people are told before a disk is erased");
        Finding::new("bad-confirm", message)
            .help("write `countdown:30` with the seconds, `type-name` or `none`")
    })
}

/// Reads how people are told.
pub(crate) fn confirm(text: &str) -> Option<Confirm> {
    match text {
        "none" => Some(Confirm::None),
        "type-name" => Some(Confirm::TypeName),
        _ => text.strip_prefix("countdown:")?.parse().ok().map(Confirm::Countdown),
    }
}
