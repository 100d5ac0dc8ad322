//! How a disk is laid out: the partitions, their file systems, and the definitions by which systemd-repart makes them.
//!
//! Every layout takes a whole disk. Knows no disk.

mod draft;

use isoplug_install_plan::{Encryption, Partition, Partitioning};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format::byte_size;
use draft::Draft;

/// A layout of a disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Layout {
    /// Whether all but the boot partitions is encrypted (LUKS2). The target then needs `cryptsetup-initramfs`.
    pub encryption: Encryption,
    /// The root file system. It gets what others leave.
    pub root: RootVolume,
    /// A partition for `/home`, if it is to have one.
    pub home: Option<Volume>,
    /// The size of a partition for swap; `0` for none.
    #[schemars(extend("format" = "byte-size"))]
    pub swap: Option<String>,
    /// Further partitions.
    pub partitions: Vec<OwnPartition>,
}

/// The root file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct RootVolume {
    /// Its kind.
    pub format: RootFormat,
    /// Its least size.
    #[schemars(extend("format" = "byte-size"))]
    pub min: String,
    /// How much of what is free it gets, compared with others.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: u32,
    /// Folders that get a subvolume of their own, such as `/home`; on btrfs alone. The root is in `@`, they are in
    /// `@home` and the like.
    #[schemars(extend("format" = "target-path"))]
    pub subvolumes: Vec<String>,
}

/// A partition for a folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Volume {
    /// The kind of its file system.
    pub format: VolumeFormat,
    /// Its least size.
    #[schemars(extend("format" = "byte-size"))]
    pub min: String,
    /// How much of what is free it gets, compared with others; 0: nothing beyond its least size.
    #[schemars(range(max = 1000))]
    pub weight: u32,
}

/// A further partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnPartition {
    /// The folder that it is mounted at.
    #[schemars(extend("format" = "target-path"))]
    pub mount: String,
    /// The kind of its file system.
    #[serde(default)]
    pub format: VolumeFormat,
    /// Its least size.
    #[schemars(extend("format" = "byte-size"))]
    pub min: String,
    /// How much of what is free it gets, compared with others; 0: nothing beyond its least size.
    #[serde(default = "one")]
    #[schemars(range(max = 1000))]
    pub weight: u32,
}

macro_rules! formats {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            /// The usual one.
            #[default]
            Ext4,
            /// With checksums, snapshots and subvolumes.
            Btrfs,
            /// For large files and disks.
            Xfs,
        }

        impl $name {
            /// Returns its name in fstab.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    Self::Ext4 => "ext4",
                    Self::Btrfs => "btrfs",
                    Self::Xfs => "xfs",
                }
            }
        }
    };
}

formats! {
    /// The kind of a root file system.
    RootFormat
}
formats! {
    /// The kind of another file system.
    VolumeFormat
}

fn one() -> u32 {
    1
}

impl RootVolume {
    /// Returns its least size in bytes.
    pub(crate) fn least(&self) -> u64 {
        byte_size(&self.min).unwrap_or_default()
    }
}

impl OwnPartition {
    /// Returns its least size in bytes.
    pub(crate) fn least(&self) -> u64 {
        byte_size(&self.min).unwrap_or_default()
    }
}

impl Default for RootVolume {
    fn default() -> Self {
        let (format, min) = (RootFormat::Ext4, "4GiB".to_owned());
        Self { format, min, weight: 1, subvolumes: Vec::new() }
    }
}

impl Default for Volume {
    fn default() -> Self {
        Self { format: VolumeFormat::Ext4, min: "1GiB".to_owned(), weight: 1 }
    }
}

/// Returns the package that makes and checks a kind of file system, beside those that every system has.
pub(crate) fn package(format: &str) -> Option<&'static str> {
    match format {
        "btrfs" => Some("btrfs-progs"),
        "xfs" => Some("xfsprogs"),
        _ => None,
    }
}

/// What a layout must know of the machines.
#[derive(Debug, Clone, Copy)]
pub struct Machines<'a> {
    /// The architecture, in Debian's words.
    pub arch: &'a str,
    /// Whether they may have a BIOS.
    pub bios: bool,
}

/// GRUB's own partition where a BIOS boots from a GPT.
const BIOS_BOOT: &str = "21686148-6449-6e6f-744e-656564454649";
const MIB: u64 = 1 << 20;
/// Large enough for FAT32 on disks with sectors of 4 KiB.
const ESP: u64 = 512 * MIB;
/// A few kernels, each with its initrd. GRUB opens no LUKS as systemd-repart makes it.
const BOOT: u64 = 1024 * MIB;

impl Layout {
    /// Returns the names of its kinds of file systems.
    pub(crate) fn formats(&self) -> impl Iterator<Item = &'static str> {
        let home = self.home.iter().map(|home| home.format);
        let others = self.partitions.iter().map(|own| own.format).chain(home);
        [self.root.format.word()].into_iter().chain(others.map(VolumeFormat::word))
    }

    /// Returns what systemd-repart makes of it and what becomes of that, encrypted or not.
    #[must_use]
    pub fn partitioning(&self, machines: Machines, encrypted: bool) -> Partitioning {
        let mut made = Draft::new(encrypted);
        let pc = isoplug_arch::is_pc(machines.arch);
        if pc && machines.bios {
            made.boot("10-bios.conf", BIOS_BOOT, MIB, None);
        }
        made.boot("20-esp.conf", "esp", ESP, Some(("vfat", "/boot/efi", "umask=0077")));
        if encrypted {
            made.boot("30-boot.conf", "xbootldr", BOOT, Some(("ext4", "/boot", "")));
        }
        self.root(if pc { "root-x86-64" } else { "root-arm64" }, &mut made);
        if let Some(Volume { format, min, weight }) = &self.home {
            made.volume("50-home.conf", ("home", format.word()), (min, *weight), "/home");
        }
        for (index, own) in self.partitions.iter().enumerate() {
            let name = format!("{}-{}.conf", 60 + index, plain(&own.mount));
            let kind = ("linux-generic", own.format.word());
            made.volume(&name, kind, (&own.min, own.weight), &own.mount);
        }
        self.swap(&mut made);
        made.finish()
    }

    fn root(&self, kind: &str, made: &mut Draft) {
        let RootVolume { format, min, weight, subvolumes } = &self.root;
        let name = "40-root.conf";
        made.volume(name, (kind, format.word()), (min, *weight), "/");
        let options = match format {
            RootFormat::Btrfs => "subvol=@",
            RootFormat::Ext4 => "errors=remount-ro",
            RootFormat::Xfs => "",
        };
        made.options(options);
        if *format != RootFormat::Btrfs {
            return;
        }
        let names = subvolumes.iter().map(|path| (format!("@{}", plain(path)), path));
        let mut text = "MakeDirectories=/@\nSubvolumes=/@\n".to_owned();
        for (subvolume, mount) in names {
            text += &format!("MakeDirectories=/{subvolume}\nSubvolumes=/{subvolume}\n");
            made.mounted(name, "btrfs", mount, "root");
            made.options(&format!("subvol={subvolume}"));
        }
        made.add(name, &text);
    }

    fn swap(&self, made: &mut Draft) {
        let size = self.swap.as_deref().and_then(byte_size).filter(|size| *size > 0);
        let Some(size) = size else { return };
        made.define("90-swap.conf", "swap", "swap", (size, Some(size), 0), made.encrypted);
        let luks = made.encrypted.then(|| "swap".to_owned());
        let (definition, format) = ("90-swap.conf".to_owned(), "swap".to_owned());
        let options = String::new();
        made.partitions.push(Partition { definition, mount: None, format, options, luks });
    }
}

/// Returns the letters and digits of a path, with `-` between its parts.
fn plain(path: &str) -> String {
    let part = |part: &str| part.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    path.split('/').filter(|part| !part.is_empty()).map(part).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
