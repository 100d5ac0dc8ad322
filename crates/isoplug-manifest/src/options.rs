//! The option tree: every setting that a profile can make, one field each.
//!
//! Schema, reference page, type checks, merging, `explain` and error messages derive from these
//! structs. A field's `format` names a check of `format.rs`. To add an option, add a field.

mod boot;
mod boot_test;
mod files;
mod firmware;
mod iso;
mod kernel;
mod localisation;
mod networking;
mod packages;
mod security;
mod services;
mod squashfs;
mod systemd;
mod users;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plugin::PluginUse;

pub use boot::{Boot, Menu, Serial};
pub use boot_test::{BootFirmware, Login, Medium, Test};
pub use files::File;
pub use firmware::{Firmware, FirmwareSet};
pub use iso::{Iso, IsoFile};
pub use kernel::{Initrd, InitrdCompression, InitrdModules, Kernel, KernelModules};
pub use localisation::Localisation;
pub use networking::{Interface, Networking, NetworkingBackend};
pub use packages::{DebconfAnswer, DebconfType, MachineState, Packages};
pub use security::{Security, SudoRules};
pub use services::{Chrony, Getty, Gpm, OpenSsh, OpenSshSettings, PermitRootLogin, Services};
pub use squashfs::{Compression, Preset, Squashfs};
pub use systemd::{Systemd, Unit};
pub use users::{Root, Sudo, User};

/// Everything that a profile says about its image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// The packages of the root filesystem.
    pub packages: Packages,
    /// The kernel and its modules.
    pub kernel: Kernel,
    /// What the initrd carries.
    pub initrd: Initrd,
    /// Firmware files for devices.
    pub firmware: Firmware,
    /// Whether to load processor microcode early in the boot (`intel-microcode`,
    /// `amd64-microcode`, both of the component `non-free-firmware`).
    pub microcode: bool,
    /// Boot loaders, boot menu and kernel parameters.
    pub boot: Boot,
    /// Host name and network set-up.
    pub networking: Networking,
    /// Language, keyboard and time zone.
    pub localisation: Localisation,
    /// The users, by name.
    #[schemars(extend("propertyNames" = { "format": "user-name" }))]
    pub users: BTreeMap<String, User>,
    /// The root user.
    pub root: Root,
    /// Who may do what.
    pub security: Security,
    /// Services with settings of their own.
    pub services: Services,
    /// Units of systemd.
    pub systemd: Systemd,
    /// Files to put into the root filesystem.
    pub files: Vec<File>,
    /// The ISO: its name, menu labels and extra files.
    pub iso: Iso,
    /// How the root filesystem is packed.
    pub squashfs: Squashfs,
    /// How the profile uses the manifest's plugins, by name.
    pub plugins: BTreeMap<String, PluginUse>,
    /// What must hold when the image has booted; more is derived from the other options.
    pub tests: Vec<Test>,
}
