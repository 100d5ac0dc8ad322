//! Boot loaders, boot menu ([`menu`]), serial line and kernel parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use isoplug_promise::Promise;

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::distribution::Distribution;
use crate::kernel_param::LINE;
use crate::option::option;
use crate::package::name_in;
use crate::part::{self, Contribution, Lint};

mod loader;
mod menu;

pub use loader::Loader;
pub use menu::{BUILT_IN_ENTRIES, Menu, OwnEntry};

/// How the image boots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Boot {
    /// Parameters for the kernel, such as `console=ttyS0,115200`. A value with blanks stands between
    /// double quotes: `dyndbg="file hub.c +p"`. GRUB can pass on no `'`, `\` or other `"`.
    #[schemars(extend("format" = "kernel-param"))]
    pub kernel_params: Vec<String>,
    /// Seconds until the menu boots its first entry, or that of `boot.menu.default`; 0 boots at once.
    #[schemars(range(max = 2_147_483_647))]
    pub timeout: u32,
    /// The boot menu.
    pub menu: Menu,
    /// The serial line, for loader, kernel and login alike.
    pub serial: Serial,
    /// Whether it boots on machines with a BIOS.
    pub bios: bool,
    /// Whether it boots on machines with UEFI.
    pub uefi: bool,
    /// Whether it boots with Secure Boot on. Needs `uefi`; without a value, it is off where that is.
    pub secure_boot: bool,
    /// What boots the system from a disk that it is installed on. A live system has none: its medium boots it.
    #[schemars(extend("x-hint" = loader::HINT))]
    pub loader: Loader,
}

impl Default for Boot {
    fn default() -> Self {
        Self {
            kernel_params: Vec::new(),
            timeout: 5,
            menu: Menu::default(),
            serial: Serial::default(),
            bios: true,
            uefi: true,
            secure_boot: true,
            loader: Loader::None,
        }
    }
}

/// The serial line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Serial {
    /// Whether loader, kernel and login use it beside the screen.
    pub enable: bool,
    /// Its number: 0 is `ttyS0`.
    #[schemars(range(max = 3))]
    pub port: u8,
    /// Its speed in baud.
    #[schemars(range(min = 300, max = 4_000_000))]
    pub speed: u32,
}

impl Default for Serial {
    fn default() -> Self {
        Self { enable: false, port: 0, speed: 115_200 }
    }
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) boot: &'a Boot,
    pub(crate) install: &'a [String],
    pub(crate) arch: &'a str,
    pub(crate) distribution: &'static Distribution,
}

/// The package of the memory test.
const MEMTEST: &str = "memtest86+";

/// What stands in the command line beside the parameters of the manifest, at its longest.
const OURS: usize = 256;

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("boot")
    }

    fn owns(&self) -> &[&str] {
        &["boot"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let mut params = out.because(option!(boot.kernel_params));
        for param in &self.boot.kernel_params {
            params.promise(Promise::KernelParam { param: param.clone() });
        }
        if !self.boot.uefi {
            out.because(option!(boot.uefi)).set(&option!(boot.secure_boot), false);
        }
        if self.install.iter().any(|wish| name_in(wish) == MEMTEST) {
            out.because(option!(packages.install)).set(&option!(boot.menu.memtest), true);
        }
        self.boot.menu.contribute(out);
        self.boot.loader.contribute(self.distribution, self.arch, out);
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Boot { bios, uefi, secure_boot, .. } = *self.boot;
        if !bios && !uefi {
            let message = "the image boots neither by BIOS nor by UEFI";
            lint.report_at(Diagnostic::error("no-loader", message), &option!(boot.uefi));
        }
        if secure_boot && !uefi {
            let message = "Secure Boot needs UEFI, which is off";
            lint.report_at(Diagnostic::error("no-loader", message), &option!(boot.secure_boot));
        }
        self.command_line(lint);
        self.boot.menu.lint(lint);
        self.boot.loader.lint(self.install, (self.distribution, self.arch), lint);
    }
}

impl Part<'_> {
    /// The kernel leaves out what is beyond the end of its command line, without a word.
    fn command_line(&self, lint: &mut Lint<'_>) {
        let length: usize = self.boot.kernel_params.iter().map(|param| param.len() + 1).sum();
        if length + OURS > LINE {
            let message = format!(
                "the kernel parameters have {length} bytes, and the kernel reads {} of them",
                LINE - OURS
            );
            let diagnostic = Diagnostic::error("long-command-line", message);
            lint.report_at(diagnostic, &option!(boot.kernel_params));
        }
    }
}
