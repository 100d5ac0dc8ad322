//! The options, and the parts that they belong to: every setting that a profile can make, one field each.
//!
//! Schema, reference page, type checks, merging, `explain` and error messages derive from these
//! structs. A field's `format` names a check of `format.rs`. To add a part: its file, its field in
//! [`Options`], its line in [`parts`]; the compiler asks for the line when it has the field.

pub(crate) mod boot;
pub(crate) mod chrony;
pub(crate) mod desktop;
pub(crate) mod docker;
pub(crate) mod drivers;
pub(crate) mod files;
pub(crate) mod firmware;
pub(crate) mod getty;
mod given;
pub(crate) mod gpm;
pub(crate) mod install;
pub(crate) mod iso;
pub(crate) mod kernel;
pub(crate) mod kiosk;
pub(crate) mod licences;
pub(crate) mod live;
pub(crate) mod localisation;
mod logins;
pub(crate) mod networking;
pub(crate) mod openssh;
pub(crate) mod packages;
mod plugins;
pub(crate) mod scripts;
pub(crate) mod secrets;
pub(crate) mod squashfs;
pub(crate) mod systemd;
pub(crate) mod tests;
pub(crate) mod users;
pub(crate) mod vulnerabilities;
pub(crate) mod wifi;
pub(crate) mod wired;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::distribution::Distribution;
use crate::manifest::Source;
use crate::part::Part;
use crate::plugin::PluginUse;
use crate::shape::Shape;

pub use boot::{BUILT_IN_ENTRIES, Boot, Loader, Menu, OwnEntry, Serial};
pub use chrony::Chrony;
pub use desktop::{Desktop, Environment};
pub use docker::Docker;
pub use drivers::{Drivers, NvidiaDriver};
pub use files::File;
pub use firmware::{Firmware, FirmwareSet};
pub use getty::Getty;
pub use gpm::Gpm;
pub use install::{
    Dialogue, Install, InstallFile, InstallHook, InstallHooks, InstallTemplate, Layout, Machines,
    OwnPartition, RootFormat, RootVolume, Unattended, Volume, VolumeFormat,
};
pub use iso::{Iso, IsoFile};
pub use kernel::{Initrd, InitrdCompression, InitrdModules, Kernel, KernelModules};
pub use kiosk::Kiosk;
pub use licences::Licences;
pub use live::{Live, Persistence};
pub use localisation::Localisation;
pub use networking::{Networking, NetworkingBackend};
pub use openssh::{OpenSsh, SshdMatch, SshdMatchSettings, SshdSettings};
pub use packages::{DebconfAnswer, DebconfType, MachineState, Packages, Pin};
pub use scripts::Script;
pub use secrets::{SecretPolicy, Secrets};
pub use squashfs::{Compression, Preset, Squashfs};
pub use systemd::{Systemd, Unit};
pub use tests::{Login, Test, Tested};
pub use users::{Root, Security, Sudo, SudoRules, User, wrong_hash};
pub use vulnerabilities::{Accepted, Justification, Vulnerabilities};
pub use wifi::{Eap, EapMethod, Phase2, Wifi, WifiSecurity, wrong_psk};
pub use wired::{Bond, BondMode, Bridge, Interface, InterfaceMatch, Route, Vlan, Which};

/// Everything that a profile says about its image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Options {
    /// The packages of the root filesystem.
    pub packages: Packages,
    /// The kernel and its modules.
    pub kernel: Kernel,
    /// Drivers that no kernel package has: they are compiled for the kernels of the image while it is built.
    pub drivers: Drivers,
    /// What the initrd carries.
    pub initrd: Initrd,
    /// Firmware files for devices.
    pub firmware: Firmware,
    /// Whether to load processor microcode early in the boot (`intel-microcode`,
    /// `amd64-microcode`, both of the component `non-free-firmware`).
    pub microcode: bool,
    /// Boot loaders, boot menu and kernel parameters.
    pub boot: Boot,
    /// A desktop.
    pub desktop: Desktop,
    /// A machine that shows one program on the whole screen, to whoever stands before it.
    pub kiosk: Kiosk,
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
    /// Scripts to put into `/usr/local/bin`, by the name that they are called by.
    #[schemars(extend("propertyNames" = { "format": "program-name" }))]
    pub scripts: BTreeMap<String, Script>,
    /// The ISO: its name, menu labels and extra files.
    pub iso: Iso,
    /// Which licences and components the image may have.
    pub licences: Licences,
    /// Known vulnerabilities that are accepted for a while.
    pub vulnerabilities: Vulnerabilities,
    /// What becomes of secrets that a build finds in what the user and plugins add.
    pub secrets: Secrets,
    /// What a live system does with its medium and the machine's disks.
    pub live: Live,
    /// What the medium installs onto disks.
    pub install: Install,
    /// How the root filesystem is packed.
    pub squashfs: Squashfs,
    /// How the profile uses the manifest's plugins, by name.
    pub plugins: BTreeMap<String, PluginUse>,
    /// What must hold when the image has booted; more is derived from the other options.
    pub tests: Vec<Test>,
}

/// Services with settings of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Services {
    /// The SSH server.
    pub openssh: OpenSsh,
    /// The console.
    pub getty: Getty,
    /// Clock synchronisation by chrony.
    pub chrony: Chrony,
    /// A mouse on the text console.
    pub gpm: Gpm,
    /// Docker.
    pub docker: Docker,
}

impl Options {
    /// Returns their shape, which is read from the types once.
    #[must_use]
    pub fn shape() -> &'static Shape {
        static SHAPE: OnceLock<Shape> = OnceLock::new();
        SHAPE.get_or_init(Shape::of::<Self>)
    }
}

/// What an image is for, beside its options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// The image's name.
    pub(crate) image: &'a str,
    /// The image's version.
    pub(crate) version: Option<&'a str>,
    /// The profile's name.
    pub(crate) profile: &'a str,
    /// The architecture, in Debian's words.
    pub(crate) arch: &'a str,
    /// What the base system is made of.
    pub(crate) distribution: &'static Distribution,
    /// Where packages come from.
    pub(crate) sources: &'a BTreeMap<String, Source>,
}

/// Wires the parts. Each line names all that its part reads.
#[expect(clippy::too_many_lines, reason = "a table: who reads what")]
pub(crate) fn parts<'a>(options: &'a Options, about: About<'a>) -> Vec<Box<dyn Part + 'a>> {
    let Options {
        packages,
        kernel,
        drivers,
        initrd: _,
        firmware,
        microcode,
        boot,
        desktop,
        kiosk,
        networking,
        localisation,
        users,
        root,
        security,
        services,
        systemd,
        files,
        scripts,
        iso,
        licences: _,
        vulnerabilities,
        secrets: _,
        live,
        install: installs,
        squashfs,
        plugins,
        tests,
    } = options;
    let Services { openssh, getty, chrony, gpm, docker } = services;
    let About { image, version, profile, arch, distribution, sources } = about;
    let (install, units) = (&packages.install, &systemd.units);
    let is_installed = boot.loader != boot::Loader::None;
    vec![
        Box::new(networking::Part { networking, install }),
        Box::new(wired::Part { networking }),
        Box::new(wifi::Part { networking, firmware }),
        Box::new(boot::Part { boot, install, arch, distribution }),
        Box::new(desktop::Part { desktop, users, security }),
        Box::new(kiosk::Part { kiosk, users }),
        Box::new(users::Part { users, root, security }),
        Box::new(logins::Part {
            profile,
            install,
            users,
            root,
            openssh,
            getty,
            desktop,
            kiosk,
            files,
            plugins,
            tests,
        }),
        Box::new(systemd::Part { systemd }),
        Box::new(chrony::Part { chrony }),
        Box::new(gpm::Part { gpm }),
        Box::new(docker::Part { docker }),
        Box::new(getty::Part { getty, users }),
        Box::new(openssh::Part { openssh, users, root }),
        Box::new(localisation::Part { localisation }),
        Box::new(files::Part { files, units, users, root, scripts, version }),
        Box::new(scripts::Part { scripts }),
        Box::new(iso::Part { iso, version }),
        Box::new(licences::Part),
        Box::new(vulnerabilities::Part { vulnerabilities }),
        Box::new(secrets::Part),
        Box::new(live::Part { live, image }),
        Box::new(squashfs::Part { squashfs }),
        Box::new(kernel::Part { kernel, arch, distribution }),
        Box::new(drivers::Part { drivers, kernel, boot, arch, distribution }),
        Box::new(firmware::Part { firmware, microcode: *microcode, arch, distribution }),
        Box::new(packages::Part { packages, profile, arch, sources, is_installed }),
        Box::new(tests::Part { tests, boot, users, install: installs }),
        Box::new(plugins::Part),
        // Its entry of the boot menu is the last.
        Box::new(install::Part {
            install: installs,
            loader: boot.loader,
            machines: install::Machines { arch, bios: boot.bios },
            default: &boot.menu.default,
            profile,
        }),
    ]
}

#[cfg(test)]
mod owners;
