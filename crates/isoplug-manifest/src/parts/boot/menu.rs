//! The boot menu: what it offers beside the live system, which entry boots by itself, and how it looks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::did_you_mean;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{Contribution, Lint, MenuEntry};

/// The boot menu.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Menu {
    /// Whether to draw the menu in text mode, without graphics.
    pub text_mode: bool,
    /// The entry that boots when nobody chooses: `live`, `safe-graphics`, `copy-to-ram`, `persistence`, `check-medium`,
    /// `local-disk` or the name of one of `entries`.
    pub default: String,
    /// A picture behind the menu, relative to the file that says so: PNG or JPEG, of at most 4096 x 4096 pixels. It
    /// becomes what GRUB reads and fills the screen.
    #[schemars(extend("format" = "local-path"))]
    pub background: Option<String>,
    /// The folder of a theme for GRUB, relative to the file that says so; it has a `theme.txt`. With Secure Boot on,
    /// GRUB loads no fonts but its own.
    #[schemars(extend("format" = "local-path"))]
    pub theme: Option<String>,
    /// What `grub-mkpasswd-pbkdf2` made of a password: without it, nobody changes an entry or opens GRUB's command
    /// line. The user's name is `admin`. Every entry still boots for everybody.
    #[schemars(extend("format" = "grub-hash", "x-secret" = true))]
    pub hashed_password: Option<String>,
    /// Further entries that boot the live system, after those that are built in.
    pub entries: Vec<OwnEntry>,
    /// Whether to offer an entry for machines whose graphics fail (`nomodeset`).
    pub safe_graphics: bool,
    /// Whether to offer an entry that copies the system to memory, so that the medium can be removed.
    pub copy_to_ram: bool,
    /// Whether to offer an entry that starts the system on the machine's first disk.
    pub local_disk: bool,
    /// Whether to offer a test of the memory (`memtest86+`, on amd64 only). Without a value, only if
    /// `packages.install` has `memtest86+`.
    pub memtest: bool,
}

/// An entry of the boot menu that boots the live system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnEntry {
    /// Its name, of letters, digits, `-` and `_`.
    #[schemars(extend("format" = "menu-entry"))]
    pub name: String,
    /// What stands in the menu behind the image's name, between parentheses; in a submenu, all that stands there.
    pub label: String,
    /// Kernel parameters of this entry alone, written as in `boot.kernel-params`.
    #[serde(default)]
    #[schemars(extend("format" = "kernel-param"))]
    pub kernel_params: Vec<String>,
    /// The submenu that it is in. Entries of the same one stand together, where the first of them is.
    #[serde(default)]
    pub submenu: Option<String>,
}

impl Default for Menu {
    fn default() -> Self {
        Self {
            text_mode: false,
            default: LIVE.to_owned(),
            background: None,
            theme: None,
            hashed_password: None,
            entries: Vec::new(),
            safe_graphics: true,
            copy_to_ram: false,
            local_disk: false,
            memtest: false,
        }
    }
}

const LIVE: &str = "live";
/// Names of entries that every menu may have, whatever else is in it.
pub const BUILT_IN_ENTRIES: [&str; 8] = [
    LIVE,
    "safe-graphics",
    "copy-to-ram",
    "local-disk",
    "memory-test",
    "enrol-key",
    "firmware",
    "power-off",
];

impl Menu {
    pub(super) fn contribute(&self, out: &mut Contribution) {
        let mut own = out.because(option!(boot.menu.entries));
        for OwnEntry { name, label, kernel_params, submenu } in &self.entries {
            own.menu_entry(MenuEntry {
                id: name.clone(),
                label: label.clone(),
                params: kernel_params.clone(),
                submenu: submenu.clone(),
            });
        }
    }

    pub(super) fn lint(&self, lint: &mut Lint<'_>) {
        self.names(lint);
        let names = self.offered(lint);
        if !names.contains(&self.default) {
            let message = format!("the menu has no entry `{}`", self.default);
            let error = Diagnostic::error("unknown-entry", message);
            let error = match self.switch() {
                Some(option) => error.help(format!("set `{option}`")),
                None => did_you_mean(error, &self.default, names.iter()),
            };
            lint.report_at(error, &option!(boot.menu.default));
        }
        if self.text_mode && (self.background.is_some() || self.theme.is_some()) {
            let message = "in text mode GRUB draws neither a picture nor a theme";
            let warning = Diagnostic::warning("idle-option", message);
            lint.report_at(warning, &option!(boot.menu.text_mode));
        }
    }

    /// Reports names that are taken.
    fn names(&self, lint: &mut Lint<'_>) {
        let of_parts = &lint.needs.menu;
        let is_ours = |name: &str| {
            let by_part = |entry: &&_| entry_is_of_another(entry, name);
            BUILT_IN_ENTRIES.contains(&name) || of_parts.iter().any(|entry| by_part(&entry))
        };
        let origins = lint.items(&option!(boot.menu.entries));
        let mut found = Vec::new();
        for (index, (entry, origin)) in self.entries.iter().zip(origins).enumerate() {
            let earlier = self.entries[..index].iter().any(|other| other.name == entry.name);
            if earlier || is_ours(&entry.name) {
                let message = format!("the menu has an entry `{}` already", entry.name);
                let error = Diagnostic::error("taken-name", message).at(origin, "");
                found.push(error.help("choose another name"));
            }
        }
        found.into_iter().for_each(|error| lint.report(error));
    }

    /// Returns the names of the entries that boot something.
    fn offered(&self, lint: &Lint<'_>) -> Vec<String> {
        let built_in = [
            (LIVE, true),
            ("safe-graphics", self.safe_graphics),
            ("copy-to-ram", self.copy_to_ram),
            ("local-disk", self.local_disk),
            ("memory-test", self.memtest),
        ];
        let built_in = { built_in }.into_iter().filter(|(_, is_there)| *is_there);
        let others = lint.needs.menu.iter().map(|needed| needed.what.id.clone());
        built_in.map(|(name, _)| name.to_owned()).chain(others).collect()
    }

    /// Returns the option that offers the entry that is to boot by itself.
    fn switch(&self) -> Option<&'static str> {
        match &self.default[..] {
            "safe-graphics" => Some("boot.menu.safe-graphics"),
            "copy-to-ram" => Some("boot.menu.copy-to-ram"),
            "local-disk" => Some("boot.menu.local-disk"),
            "memory-test" => Some("boot.menu.memtest"),
            "persistence" => Some("live.persistence.enable"),
            "check-medium" => Some("live.check-medium"),
            _ => None,
        }
    }
}

/// Tells whether a part other than this one brings an entry of that name.
fn entry_is_of_another(needed: &crate::part::Needed<MenuEntry>, name: &str) -> bool {
    needed.what.id == name && needed.because != option!(boot.menu.entries).to_string()
}
