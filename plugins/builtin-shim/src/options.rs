//! The options of the parts, as `isoplug-manifest/src/parts/` has them.

use std::collections::BTreeMap;

use isoplug_sdk::prelude::*;

/// Host name and network set-up.
#[options]
pub struct Networking {
    /// The host name, which may hold its domain.
    #[default("localhost")]
    pub hostname: String,
    /// What configures network interfaces.
    #[default(NetworkingBackend::Networkd)]
    pub backend: NetworkingBackend,
    /// Whether every wired interface asks for an address by DHCP.
    #[default(true)]
    pub dhcp: bool,
    /// Name servers to ask beside those that DHCP names.
    #[default]
    pub nameservers: Vec<String>,
}

/// What configures network interfaces.
#[options]
#[derive(Copy, Eq)]
pub enum NetworkingBackend {
    /// Nothing of ours.
    None,
    /// systemd-networkd and systemd-resolved.
    Networkd,
    /// NetworkManager.
    Networkmanager,
}

/// Language, keyboard and time zone.
#[options]
pub struct Localisation {
    /// The locale, such as `de_DE.UTF-8`.
    #[default("C.UTF-8")]
    pub locale: String,
    /// The time zone, such as `Europe/Berlin`.
    #[default("Etc/UTC")]
    pub timezone: String,
    /// The keyboard layout, such as `us` or `de`.
    #[default("us")]
    pub keymap: String,
}

/// Kernel modules of the running system.
#[options]
pub struct KernelModules {
    /// Kernel modules to load at boot.
    #[default]
    pub load: Vec<String>,
    /// Kernel modules that must not be loaded for a device.
    #[default]
    pub blacklist: Vec<String>,
    /// The options that each kernel module gets when it is loaded.
    #[default]
    pub options: BTreeMap<String, String>,
}

/// Units of systemd.
#[options]
#[derive(Default)]
pub struct Systemd {
    /// Unit files to write, by file name; those with an `[Install]` section are enabled.
    #[default]
    pub units: BTreeMap<String, Unit>,
    /// Units to start at boot.
    #[default]
    pub enable: Vec<String>,
    /// Units that are not to be started at boot.
    #[default]
    pub disable: Vec<String>,
    /// Units that nothing may start.
    #[default]
    pub mask: Vec<String>,
    /// The target to reach at boot. Without one: what the packages make it.
    pub default_target: Option<String>,
}

/// One unit file.
#[options]
#[derive(Default)]
pub struct Unit {
    /// The text of the unit file.
    #[default]
    pub text: String,
}
