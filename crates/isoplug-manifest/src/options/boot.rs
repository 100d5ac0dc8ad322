//! Options for boot loaders, boot menu and kernel parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the image boots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Boot {
    /// Parameters for the kernel, such as `console=ttyS0,115200`. A value with blanks stands between
    /// double quotes: `dyndbg="file hub.c +p"`. GRUB can pass on no `'`, `\` or other `"`.
    #[schemars(extend("format" = "kernel-param"))]
    pub kernel_params: Vec<String>,
    /// Seconds until the menu boots its first entry; 0 boots at once.
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
    /// Whether it boots with Secure Boot on. Needs `uefi`.
    pub secure_boot: bool,
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
        }
    }
}

/// The boot menu.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Menu {
    /// Whether to draw the menu in text mode, without graphics.
    pub text_mode: bool,
    /// Whether to offer an entry for machines whose graphics fail (`nomodeset`).
    pub safe_graphics: bool,
    /// Whether to offer an entry that copies the system to memory, so that the medium can be removed.
    pub copy_to_ram: bool,
    /// Whether to offer a test of the memory (`memtest86+`, on amd64 only). It is offered too if
    /// `packages.install` has `memtest86+`.
    pub memtest: bool,
}

impl Default for Menu {
    fn default() -> Self {
        Self { text_mode: false, safe_graphics: true, copy_to_ram: false, memtest: false }
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
