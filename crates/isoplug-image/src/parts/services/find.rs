//! Finds unit files in the image, under the names that people use for them.

use isoplug_formats::tree::Kind;

use super::super::nearest::nearest;
use super::super::{ContributeError, Rootfs};
use super::unit::Name;

/// Where unit files are, what is in the first hiding what is in the next (systemd.unit(5)).
const FOLDERS: [&str; 4] =
    [CONFIGURED, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Where the administrator's units and links are.
pub(super) const CONFIGURED: &str = "/etc/systemd/system";

/// Names of services elsewhere, and what their units are called in Debian.
const ALIASES: [(&str, &str); 8] = [
    ("sshd", "ssh"),
    ("openssh", "ssh"),
    ("networkmanager", "NetworkManager"),
    ("network-manager", "NetworkManager"),
    ("crond", "cron"),
    ("httpd", "apache2"),
    ("chronyd", "chrony"),
    ("ntpd", "ntpsec"),
];

/// A unit of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The unit's name with its type, and with its instance if one was named.
    pub(super) name: String,
    /// The path of its file.
    pub(super) path: String,
}

/// Finds the unit of a name, which may lack `.service` or be one of another distribution.
pub(super) fn find(rootfs: &dyn Rootfs, asked: &str) -> Result<Found, ContributeError> {
    let name = full_name(asked);
    let Some(parsed) = Name::parse(&name) else {
        return Err(ContributeError::refused(
            format!("unit `{asked}`"),
            "it is not the name of a unit",
        ));
    };
    if let Some(found) = exact(rootfs, &name, 0) {
        return Ok(found);
    }
    let ours = ALIASES.iter().find(|(other, _)| *other == parsed.prefix.to_lowercase());
    let renamed = ours.and_then(|(_, ours)| exact(rootfs, &format!("{ours}.{}", parsed.suffix), 0));
    renamed.ok_or_else(|| unknown(rootfs, asked, &name))
}

/// Returns a name with its type, which is `.service` if it has none.
pub(super) fn full_name(asked: &str) -> String {
    match Name::parse(asked) {
        Some(_) => asked.to_owned(),
        None => format!("{asked}.service"),
    }
}

/// Finds the file of a unit, following the links by which a unit has another name.
fn exact(rootfs: &dyn Rootfs, name: &str, links: usize) -> Option<Found> {
    let parsed = Name::parse(name)?;
    let files = [name.to_owned(), parsed.file()];
    let paths = files.iter().flat_map(|file| FOLDERS.iter().map(move |f| format!("{f}/{file}")));
    let (path, entry) =
        paths.into_iter().find_map(|path| rootfs.entry(&path).map(|entry| (path, entry)))?;
    match entry.kind {
        Kind::Symlink(target) if target != b"/dev/null" && links < 8 => {
            let target = String::from_utf8(target).ok()?;
            let real = target.rsplit('/').next()?;
            let instance = parsed.instance.filter(|instance| !instance.is_empty());
            let real = match (Name::parse(real), instance) {
                (Some(real), Some(instance)) if real.is_template() => real.with_instance(instance),
                _ => real.to_owned(),
            };
            if real == name { None } else { exact(rootfs, &real, links + 1) }
        }
        _ => Some(Found { name: name.to_owned(), path }),
    }
}

fn unknown(rootfs: &dyn Rootfs, asked: &str, name: &str) -> ContributeError {
    let stem = name.strip_suffix(".service").unwrap_or(name);
    if rootfs.stat(&format!("/etc/init.d/{stem}")).is_some() {
        let reason = "it is not a unit but a script in /etc/init.d, which is started if its package \
                      says so; it cannot be changed here";
        return ContributeError::refused(format!("unit `{asked}`"), reason);
    }
    let units = all(rootfs);
    let wanted = if asked.contains('.') { name } else { stem };
    let names = units.iter().map(|unit| match asked.contains('.') {
        true => &unit[..],
        false => unit.strip_suffix(".service").unwrap_or(unit),
    });
    let nearest = nearest(wanted, names);
    ContributeError::Unknown { kind: "unit", name: asked.to_owned(), nearest }
}

/// Returns the file names of all units of the image.
fn all(rootfs: &dyn Rootfs) -> Vec<String> {
    let mut names: Vec<String> = FOLDERS.iter().flat_map(|folder| rootfs.list(folder)).collect();
    names.retain(|name| Name::parse(name).is_some());
    names.sort();
    names.dedup();
    names
}
