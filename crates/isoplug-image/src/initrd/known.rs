//! Tells whether the layer's initramfs-tools and hooks are those whose work is done in Rust here.
//!
//! A script counts as known only by its bytes: who changed one, or added one, gets the layer's own
//! mkinitramfs.

use std::collections::BTreeMap;

use isoplug_formats::tree::{Content, Kind, TreePath};

use super::draft::{Draft, Error, unknown};

/// Whose scripts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

const TOOLS: &str = "usr/share/initramfs-tools";

/// The hooks of a layer, as `hooks/NAME` and `conf-hooks.d/NAME`, and the release that each is from.
pub(super) type Hooks = BTreeMap<String, Release>;

/// Returns the hooks, or what is unknown of them or of mkinitramfs.
pub(super) fn known(draft: &Draft) -> Result<Hooks, Error> {
    let release = released("usr/sbin/mkinitramfs", "mkinitramfs", draft)?;
    let functions = format!("{TOOLS}/hook-functions");
    if released(&functions, "hook-functions", draft)? != release {
        return Err(unknown(functions, "it is of another release than mkinitramfs"));
    }
    let mut hooks = Hooks::new();
    for folder in ["hooks", "conf-hooks.d"] {
        for path in draft.below(format!("{TOOLS}/{folder}")) {
            let path = String::from_utf8_lossy(&path).into_owned();
            let name = path.rsplit('/').next().unwrap_or_default();
            let name = format!("{folder}/{name}");
            let release = released(&path, &name, draft)?;
            hooks.insert(name, release);
        }
    }
    refuse(draft)?;
    check_configuration(draft)?;
    Ok(hooks)
}

/// Returns the release that a script of the layer is from, by the name that it is known by.
pub(super) fn released(path: &str, name: &str, draft: &Draft) -> Result<Release, Error> {
    let entry = draft.layer.get(path);
    let Some(Kind::File(content)) = entry.map(|entry| &entry.kind) else {
        return Err(unknown(path, "there is no such file"));
    };
    let release = find(name, content);
    release.ok_or_else(|| {
        let has_name = |line: &str| line.split(' ').nth(1) == Some(name);
        unknown(
            path,
            match KNOWN.lines().any(has_name) {
                true => "not one of the versions that isoplug knows",
                false => "only its own mkinitramfs can run it",
            },
        )
    })
}

fn find(name: &str, content: &Content) -> Option<Release> {
    let digest: String = content.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    KNOWN.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        ["bookworm", known, of] if (known, of) == (name, &digest) => Some(Release::Bookworm),
        ["trixie", known, of] if (known, of) == (name, &digest) => Some(Release::Trixie),
        _ => None,
    })
}

/// Returns whether a script of the initrd is the known one of that name.
pub(super) fn is_known(name: &str, path: &str, draft: &Draft) -> bool {
    match draft.tree.get(path).map(|entry| &entry.kind) {
        Some(Kind::File(content)) => name == path && find(name, content).is_some(),
        _ => false,
    }
}

/// What the known scripts read if it is there, and what would then be done otherwise.
const REFUSED: [&str; 11] = [
    "etc/initramfs-tools/DSDT.aml",
    "etc/initramfs-tools/conf.d/",
    "etc/initramfs-tools/hooks/",
    "etc/live/boot.conf",
    "etc/live/boot/",
    "etc/progress-linux_version",
    "etc/fstab.d/",
    "usr/sbin/chzdev",
    "usr/share/initramfs-tools/conf.d/",
    "usr/share/initramfs-tools/modules.d/",
    "usr/share/initramfs-tools/scripts/.",
];

/// What an installed system says of swap to wake up from: there is none, as is said here anyway.
pub(super) const OWN: (&str, &str) = ("etc/initramfs-tools/conf.d/isoplug", "RESUME=none\n");

pub(super) fn refuse(draft: &Draft) -> Result<(), Error> {
    let own = draft.text(OWN.0)? == OWN.1;
    let is_other = |path: &TreePath| !own || path != OWN.0.as_bytes();
    let there = |path: &&&str| match path.strip_suffix('/') {
        Some(folder) => draft.below(folder).iter().any(is_other),
        None => draft.find(path).is_some_and(|(_, entry)| entry.kind != Kind::Directory),
    };
    if let Some(path) = REFUSED.iter().find(there) {
        return Err(unknown(path, "only its own mkinitramfs knows what it is for"));
    }
    let fstab = draft.read("etc/fstab")?.unwrap_or_default();
    let fstab = String::from_utf8_lossy(&fstab);
    let mounts = |line: &str| {
        let mut fields = line.split_whitespace();
        !line.trim_start().starts_with('#') && matches!(fields.nth(1), Some("/" | "/usr"))
    };
    match fstab.lines().any(mounts) {
        true => Err(unknown("etc/fstab", "only its own mkinitramfs knows how to check the root")),
        false => Ok(()),
    }
}

/// The values that mean what is done here. Compression is chosen by an option of the manifest.
const CONFIGURATION: [(&str, &[&str]); 8] = [
    ("MODULES", &["most"]),
    ("BUSYBOX", &["auto", "y"]),
    ("KEYMAP", &["n"]),
    ("COMPRESS", &["zstd", "gzip", "xz", "lz4"]),
    ("DEVICE", &[""]),
    ("NFSROOT", &["auto"]),
    ("RUNSIZE", &["10%"]),
    ("FSTYPE", &["auto"]),
];

const CONFIGURATION_FILE: &str = "etc/initramfs-tools/initramfs.conf";

fn check_configuration(draft: &Draft) -> Result<(), Error> {
    let text = draft.read(CONFIGURATION_FILE)?;
    let text = text.ok_or_else(|| unknown(CONFIGURATION_FILE, "there is no such file"))?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines.filter(|line| !line.starts_with('#')) {
        let set = line.split_once('=');
        let is_known = set.is_some_and(|(key, value)| {
            CONFIGURATION.iter().any(|known| known.0 == key && known.1.contains(&value))
        });
        if !is_known {
            return Err(unknown(CONFIGURATION_FILE, format!("`{line}` is not what is usual")));
        }
    }
    Ok(())
}

/// A line for each known script: its release, its name and its BLAKE3.
const KNOWN: &str = include_str!("known.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_release_a_name_and_a_digest() {
        let lines: Vec<&str> = KNOWN.lines().collect();
        assert!(lines.is_sorted());
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let [release, _, digest] = words[..] else { panic!("{line}") };
            assert!(["bookworm", "trixie"].contains(&release), "{line}");
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!(digest.len() == 64 && digest.bytes().all(is_digit), "{line}");
        }
    }
}
