//! The kernel, its modules and settings, and the initrd.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::{BootCheck, Promise};

use super::packages::contradiction;
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::distribution::Distribution;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// Which kernel the image boots.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kernel {
    /// The flavour of the kernel package, which is `linux-image-` and the flavour: of Debian `amd64`, `cloud-amd64` or
    /// `rt-amd64`, of Ubuntu `generic`, `lowlatency` or `virtual`. Without one, Debian's of the image's
    /// architecture, and Ubuntu's `generic`.
    #[schemars(extend("format" = "flavour"))]
    pub flavour: Option<String>,
    /// The version of the kernel package, or the start of it, such as `6.12`: the newest of those.
    /// Without one, the newest of the sources. As with apt, suites that are not automatic, such as
    /// backports, count only where no other has it.
    #[schemars(extend("format" = "version-start"))]
    pub version: Option<String>,
    /// Kernel modules of the running system.
    pub modules: KernelModules,
    /// Settings of the running kernel by their name in sysctl.d(5), such as
    /// `"net.ipv4.ip_forward" = "1"`.
    #[schemars(extend("propertyNames" = { "format": "sysctl" }))]
    pub sysctl: BTreeMap<String, String>,
}

/// Kernel modules of the running system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct KernelModules {
    /// Kernel modules to load at boot.
    #[schemars(extend("format" = "kernel-module"))]
    pub load: Vec<String>,
    /// Kernel modules that must not be loaded for a device.
    #[schemars(extend("format" = "kernel-module"))]
    pub blacklist: Vec<String>,
    /// Options of kernel modules by the module's name, as modprobe.d(5) has them: `nvidia-drm = "modeset=1"`.
    #[schemars(extend("propertyNames" = { "format": "kernel-module" }))]
    pub options: BTreeMap<String, String>,
}

impl Kernel {
    /// Returns the name of the package of a distribution to install on an architecture.
    #[must_use]
    pub fn package(&self, distribution: &Distribution, arch: &str) -> String {
        (distribution.kernel)(self.flavour.as_deref(), arch)
    }
}

/// What the initrd carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Initrd {
    /// Kernel modules of the initrd.
    pub modules: InitrdModules,
    /// How the initrd is compressed.
    pub compression: InitrdCompression,
    /// Whether it has the drivers of network cards, with the firmware that they ask for. Without a
    /// value, only if the root filesystem may come over the network: a kernel parameter says so
    /// (`fetch=`, `httpfs=`, `ftpfs=`, `netboot`, `nfsroot=`, `iscsi=`, `ip=` …), or a plugin puts
    /// files for it beside the ISO.
    pub network: Option<bool>,
    /// Whether it has the drivers of graphics cards, with the firmware that they ask for. Without a
    /// value, only if `plymouth` is installed, which draws with them before the root filesystem is
    /// found.
    pub graphics: Option<bool>,
}

/// Kernel modules of the initrd.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct InitrdModules {
    /// Kernel modules to load before the root filesystem is looked for.
    #[schemars(extend("format" = "kernel-module"))]
    pub load: Vec<String>,
    /// Kernel modules to carry, and to load where a device asks for them.
    #[schemars(extend("format" = "kernel-module"))]
    pub available: Vec<String>,
}

/// A compression that every supported kernel can read.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum InitrdCompression {
    /// Small and fast.
    #[default]
    Zstd,
    /// Smaller, slower to boot.
    Xz,
    /// For kernels before 5.9.
    Gzip,
    /// Largest, fastest.
    Lz4,
    /// Not compressed.
    None,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) arch: &'a str,
    pub(crate) distribution: &'static Distribution,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("kernel")
    }

    fn owns(&self) -> &[&str] {
        &["kernel", "initrd"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Kernel { flavour: _, version: _, modules, sysctl } = self.kernel;
        out.because(option!(kernel.flavour))
            .package(&self.kernel.package(self.distribution, self.arch));
        for (name, value) in &modules.options {
            let plain = |c: char| c.is_ascii_alphanumeric() || " .,:=-_".contains(c);
            if value.chars().all(plain) && value.trim() == value && !value.contains("  ") {
                out.because(option!(kernel.modules.options).below(name))
                    .check(module_options(name, value));
            }
        }
        for (name, value) in sysctl {
            if is_askable(name, value) {
                out.because(option!(kernel.sysctl).below(name)).check(setting(name, value));
            }
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let KernelModules { load, blacklist, options } = &self.kernel.modules;
        for (name, value) in options {
            if value.trim().is_empty() || value.contains(['\n', '\0']) {
                let message = format!("the options of `{name}` are not one line such as `debug=1`");
                let error = Diagnostic::error("module-options", message);
                lint.report_at(error, &option!(kernel.modules.options).below(name));
            }
        }
        let [yes, no] = [option!(kernel.modules.load), option!(kernel.modules.blacklist)];
        contradiction(lint, (load, &yes), (blacklist, &no));
    }
}

/// Tells whether a setting of the running kernel can be asked for as it was written.
fn is_askable(name: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_".contains(c);
    !name.contains('*') && value.chars().all(plain)
}

fn module_options(name: &str, value: &str) -> BootCheck {
    // modprobe(8) writes names with `_`.
    let line = format!("options {} {value}", name.replace('-', "_"));
    let run = format!("modprobe -c | grep -qxF \"{line}\"");
    BootCheck {
        title: Some(format!("the kernel module {name} has its options")),
        ..BootCheck::from(Promise::Command { run, exit: 0, contains: None })
    }
}

fn setting(name: &str, value: &str) -> BootCheck {
    let run = format!("test \"$(sysctl -n {name} | tr '\\t' ' ')\" = \"{value}\"");
    BootCheck {
        title: Some(format!("sysctl {name} is {value}")),
        ..BootCheck::from(Promise::Command { run, exit: 0, contains: None })
    }
}
