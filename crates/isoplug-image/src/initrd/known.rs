//! Tells whether the layer's initramfs-tools and hooks are those whose work is done in Rust here.
//!
//! A script counts as known only by its bytes: who changed one, or added one, gets the layer's own
//! mkinitramfs.

use isoplug_formats::tree::{self, Kind};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Error, unknown};

/// Whose scripts they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

use Release::{Bookworm, Trixie};

const TOOLS: &str = "usr/share/initramfs-tools";

/// The hooks of a layer and the release that each is from.
pub(super) type Hooks = std::collections::BTreeMap<String, Release>;

/// Returns the hooks, or what is unknown of them or of mkinitramfs.
pub(super) fn known(draft: &Draft) -> Result<Hooks, Error> {
    let release = released("usr/sbin/mkinitramfs", "mkinitramfs", draft)?;
    let functions = format!("{TOOLS}/hook-functions");
    if released(&functions, "hook-functions", draft)? != release {
        return Err(unknown(functions, "it is of another release than mkinitramfs"));
    }
    let mut hooks = Hooks::new();
    for path in draft.below(&format!("{TOOLS}/hooks")) {
        let path = String::from_utf8_lossy(&path).into_owned();
        let name = String::from_utf8_lossy(tree::file_name(path.as_bytes())).into_owned();
        hooks.insert(name.clone(), released(&path, &name, draft)?);
    }
    for path in draft.below(&format!("{TOOLS}/conf-hooks.d")) {
        let path = String::from_utf8_lossy(&path).into_owned();
        released(&path, "conf-hooks.d/busybox", draft)?;
    }
    refuse(draft)?;
    check_configuration(draft)?;
    Ok(hooks)
}

fn released(path: &str, name: &str, draft: &Draft) -> Result<Release, Error> {
    let entry = draft.layer.get(path);
    let Some(Kind::File(content)) = entry.map(|entry| &entry.kind) else {
        return Err(unknown(path, "there is no such file"));
    };
    let digest: String = content.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let known = KNOWN.iter().find(|known| known.1 == name && known.2 == digest);
    known.map(|known| known.0).ok_or_else(|| unknown(path, "only its own mkinitramfs can run it"))
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

fn refuse(draft: &Draft) -> Result<(), Error> {
    let there = |path: &&&str| match path.strip_suffix('/') {
        Some(folder) => !draft.below(folder).is_empty(),
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

/// Release, name and BLAKE3 of the scripts.
const KNOWN: &[(Release, &str, &str)] = &[
    (Bookworm, "mkinitramfs", "d25230b3dcc777739a9e8c338171f847c9cf11fc7abc7e24d34eb092cbdb14d5"),
    (
        Bookworm,
        "conf-hooks.d/busybox",
        "ce23ba81aa76c62ed49f97e89df71d8887a50ca8b28b3686bcbc8e14f8ebbff9",
    ),
    (
        Bookworm,
        "hook-functions",
        "c6a65690ea3a17efc1d71c020e2b26e3d5716b20602567308e7386fa12dc90dc",
    ),
    (Bookworm, "btrfs", "81a3a4e46576d137470cc32cc05d40ddcace6fa7f58e170253c1f74e06d6bc3c"),
    (Bookworm, "dmsetup", "924e809b67f17de8d00c9276a61526847f8d3015155457ade39b4e1222f2bf94"),
    (Bookworm, "fsck", "6430d41d673d6d709f5776c9cd337aeb6e2ddbb8eb7a15cd790f1b21a299798e"),
    (Bookworm, "keymap", "321d952866c3604b44d5b360712ffaccdc9bc83432d2d9f86b738a88967e6e32"),
    (Bookworm, "klibc-utils", "b1b28a60c92bffef9e0b7baa402aa2028990517b7def957f1f2c461ac30ebb0b"),
    (Bookworm, "kmod", "7009bb658afb26df794a639cd3e96a36af9923de8c5bea38217da4195381af69"),
    (Bookworm, "kms", "f267fffd50eb0e1fb9bb7ae2eafa1dcb7f01b5569ffdb7f39cee70b38fb73094"),
    (Bookworm, "live", "cbc69c407b9f1ec2553712ea9f81af1f19e7166bb38f0c2d4e62ff9ae034278c"),
    (Bookworm, "lvm2", "51c2a5298927ee3dd3a376d26058ce585bcd41779d853b37f117772c1c544cbd"),
    (Bookworm, "resume", "91c5bd790aeb3a1441271511f0b84838dd882ae151d21dbfd3816bea3a57f1b9"),
    (Bookworm, "thermal", "47ce8441cedefbf0ea2644726ee55438f830ae7cb6b0475cf4a4191fbb647181"),
    (Bookworm, "udev", "2d1485f70ab0bac5a4362903db189dd2f07d5ff1d4adaa75bdef16ff7a781318"),
    (Bookworm, "zz-busybox", "2b49a7d65a53ef523e3c0aeb2e6578754f19666172b104a97921918527ec9b8b"),
    (Trixie, "mkinitramfs", "5622a8736ebe589887277f6ae6eb5581072b238bcefb10ac571f8d4c3eb7a936"),
    (
        Trixie,
        "conf-hooks.d/busybox",
        "ce23ba81aa76c62ed49f97e89df71d8887a50ca8b28b3686bcbc8e14f8ebbff9",
    ),
    (Trixie, "hook-functions", "b7814d9a2fc031b2dc9e7a2bb4e986e0ae0ba1243d314a32feb8524b606af9d0"),
    (Trixie, "btrfs", "81a3a4e46576d137470cc32cc05d40ddcace6fa7f58e170253c1f74e06d6bc3c"),
    (Trixie, "dmsetup", "d7fe0da5770065172d17db7bfb45ec306fd9906a22034779411b0678c22277a7"),
    (Trixie, "fsck", "ffba637d13b14a1f8f352307c83dbcf9ea3a58d08ecc6c47f257db8478f86604"),
    (Trixie, "keymap", "321d952866c3604b44d5b360712ffaccdc9bc83432d2d9f86b738a88967e6e32"),
    (Trixie, "klibc-utils", "ce6ced7a8d346b0c69f541173b86d3ccd226ec2fe4d62cd9ff370e167878c2ec"),
    (Trixie, "kmod", "91b8ab34769038952541bd507c1de06b2073d2bee7925789c0c8723309e7eec3"),
    (Trixie, "kms", "f267fffd50eb0e1fb9bb7ae2eafa1dcb7f01b5569ffdb7f39cee70b38fb73094"),
    (Trixie, "live", "7828bc504f9fafc3e6327fd8902ded1826a65bd8150a6ddc2b0e72fdd4e69646"),
    (Trixie, "lvm2", "6a570a4caa6f250bc327bc981b37fd281f52de6764d25bd9e2fe5ae7c6f8e8f5"),
    (Trixie, "resume", "25643e060ce66c7baf3efb9b5bb43c5c5e3201e5486a7c283c4cf2944b1c8aa1"),
    (Trixie, "thermal", "7d9c5d549d9093874902db436cc70d5925858a239aefd4ea2c60b31d1da5e7d9"),
    (Trixie, "udev", "6878b4682386c3718aa11d40f99e9dc7926463b19074017042ab501fe6a08499"),
    (Trixie, "xfs", "c85329bf3320e6032fc016a0e040980178ede37f590c604b3b58cebd3e10fa66"),
    (Trixie, "zz-busybox", "2ae72f0bcf7231c7beea2ea0d64d4f3ee6a5604e112ba0cba79a8bd87fc95075"),
];
