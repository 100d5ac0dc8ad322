//! Which disks an installation may erase: filters that must all hold.

use serde::{Deserialize, Serialize};

use super::{Size, flexible};

/// Filters for disks; all that are given must hold. Texts may have `*` and `?`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DiskMatch {
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its world wide name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wwn: Option<String>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Where it is plugged in: a name of `/dev/disk/by-path`, with or without the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How it is connected: one of these.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "flexible::list")]
    pub transport: Vec<Transport>,
    /// It is no smaller.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "byte-size")))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_size: Option<Size>,
    /// It is no larger.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "byte-size")))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Size>,
    /// Whether the kernel says that it can be taken out. Many USB disks say no.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "flexible::boolean")]
    pub removable: Option<bool>,
    /// Whether it turns.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "flexible::boolean")]
    pub rotational: Option<bool>,
    /// What it may hold. Nothing, if nobody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
}

/// How a disk is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// NVM Express.
    Nvme,
    /// Serial ATA.
    Sata,
    /// Parallel ATA.
    Ata,
    /// SCSI, SAS and what looks like it.
    Scsi,
    /// Serial attached SCSI.
    Sas,
    /// Fibre Channel.
    Fc,
    /// iSCSI.
    Iscsi,
    /// A virtual machine's own disk.
    Virtio,
    /// SD cards and eMMC.
    Mmc,
    /// USB.
    Usb,
}

/// What a disk may hold before it is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// No partition table and no signature that blkid knows.
    #[default]
    Nothing,
    /// An earlier installation of the same image.
    ThisProduct,
    /// Whatever.
    Anything,
}

impl DiskMatch {
    /// Tells whether no filter is given. What a disk may hold is none: it says nothing about which disk is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let any = Self { holds: self.holds, ..Self::default() };
        *self == any
    }
}
