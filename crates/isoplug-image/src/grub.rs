//! Writes what GRUB reads from the medium: the menu, the way in from an ISO file, and the ESP's stub.
//!
//! One menu serves BIOS, UEFI and Secure Boot. Knows where the files lie on the medium ([`paths`]),
//! but not how they come there.

use std::fmt::Write;

use isoplug_manifest::kernel_param;
use isoplug_manifest::options::BUILT_IN_ENTRIES;
use serde::{Deserialize, Serialize};

mod entries;
mod look;

use entries::{
    default, enrolment, kernel_entry, live_entries, local_disk, memory_test_entries, offered,
};
pub use look::{Error as LookError, Look};

/// Where things lie on the medium, without a leading slash.
pub mod paths {
    /// The kernel.
    pub const KERNEL: &str = "boot/vmlinuz";
    /// The initrd.
    pub const INITRD: &str = "boot/initrd";
    /// Returns where a further kernel is.
    pub fn kernel_of(version: &str) -> String {
        format!("boot/kernels/{version}/vmlinuz")
    }

    /// Returns where the initrd of a further kernel is.
    pub fn initrd_of(version: &str) -> String {
        format!("boot/kernels/{version}/initrd")
    }

    /// A second, small initrd, that holds the image's identity.
    pub const IDENTITY_INITRD: &str = "boot/id.cpio";
    /// The root filesystem, where live-boot looks for it.
    pub const SQUASHFS: &str = "live/filesystem.squashfs";
    /// The live system's own part of it, where it is parted from what the medium installs.
    pub const LIVE_PART: &str = "live/00-live.squashfs";
    /// The names of all its parts, the lowest first, as live-boot reads them.
    pub const PARTS: &str = "live/filesystem.module";
    /// The menu.
    pub const MENU: &str = "boot/grub/grub.cfg";
    /// What a GRUB that found the ISO as a file on a disk reads.
    pub const LOOPBACK: &str = "boot/grub/loopback.cfg";
    /// What the medium says it is.
    pub const INFO: &str = ".disk/info";
    /// What the image is, for programs that look at the medium.
    pub const CARD: &str = ".isoplug/image.json";
    /// Files that give way to the user's own.
    pub const YIELDING: [&str; 3] = [INFO, MENU, LOOPBACK];
    /// Files that nothing can take the place of: the medium would not boot.
    pub const NEEDED: [&str; 5] = [KERNEL, INITRD, IDENTITY_INITRD, SQUASHFS, ELTORITO];
    /// The certificate of the drivers, for MokManager.
    pub const CERTIFICATE: &str = "EFI/isoplug/mok.der";
    /// The font of the graphical menu.
    pub const FONT: &str = "boot/grub/fonts/unicode.pf2";
    /// The picture behind the menu.
    pub const BACKGROUND: &str = "boot/grub/background.png";
    /// The folder of the menu's theme.
    pub const THEME: &str = "boot/grub/theme";
    /// GRUB's El Torito image for BIOSes.
    pub const ELTORITO: &str = "boot/grub/i386-pc/eltorito.img";
    /// Memtest86+ for BIOSes.
    pub const MEMORY_TEST_BIOS: &str = "boot/memtest86+/memtest86+.bin";
    /// Memtest86+ for UEFI.
    pub const MEMORY_TEST_UEFI: &str = "boot/memtest86+/memtest86+.efi";
}

/// What the menu offers and how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Menu {
    /// What every label says: prefix, name and suffix in one.
    pub label: String,
    /// Parameters for the kernel, beside those that a live system needs.
    pub kernel_params: Vec<String>,
    /// Seconds until the first entry boots; 0 boots at once.
    pub timeout: u32,
    /// Whether the menu stays in text mode.
    pub text_mode: bool,
    /// Whether there is an entry for machines whose graphics fail.
    pub safe_graphics: bool,
    /// Whether there is an entry that copies the system to memory.
    pub copy_to_ram: bool,
    /// Whether there is an entry that starts the system on the machine's first disk.
    #[serde(default)]
    pub local_disk: bool,
    /// Further entries, offered after those.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// The name of the entry that boots when nobody chooses; without one, the first.
    #[serde(default)]
    pub default: Option<String>,
    /// The serial line that menu and kernel use beside the screen.
    pub serial: Option<Serial>,
}

/// A further way to start the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// Its name in GRUB.
    pub id: String,
    /// What its label says between parentheses.
    pub label: String,
    /// Kernel parameters of this entry alone.
    pub params: Vec<String>,
    /// The submenu that it is in; its label then stands alone.
    #[serde(default)]
    pub submenu: Option<String>,
}

/// A serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Serial {
    /// Its number: 0 is the first.
    pub port: u8,
    /// Its speed in baud.
    pub speed: u32,
}

/// The machines a medium boots on, as far as the menu differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Machine {
    /// amd64: BIOS or UEFI.
    Pc,
    /// arm64: UEFI.
    Arm64,
}

/// All that the menu's file follows from, beside the medium.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// What it offers.
    pub menu: Menu,
    /// How it looks.
    pub look: Look,
    /// The machine that it is for.
    pub machine: Machine,
    /// Whether a key can be enrolled.
    #[serde(skip_serializing_if = "is_not")]
    pub enrol: bool,
    /// The versions of kernels beside the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kernels: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
fn is_not(yes: &bool) -> bool {
    !yes
}

/// What the menu must know of its medium.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnMedium<'a> {
    /// The medium's identity.
    pub identity: &'a str,
    /// Whether it has a memory test.
    pub memory_test: bool,
    /// How many bytes it boots, which a copy in memory takes; 0 where nobody knows.
    pub bytes: u64,
    /// What the kernel is told of it, before the parameters of the menu.
    pub params: &'a [String],
}

/// Returns the text of [`paths::MENU`].
pub fn menu(shown: &Shown, on: OnMedium<'_>) -> String {
    let Shown { menu, look, machine, enrol, kernels } = shown;
    let (OnMedium { identity, memory_test, bytes, .. }, machine, enrol) = (on, *machine, *enrol);
    let menu = &with_params(menu, on.params);
    let mut text = String::from("# Written by isoplug.\n");
    text.push_str(&find_medium(identity));
    text.push_str(&terminals(menu, machine));
    text.push_str(&look.settings());
    let (timeout, default) = (menu.timeout, default(menu));
    let _ = write!(text, "\nset default={default}\nset timeout={timeout}\n\n");
    let mut entries = live_entries(menu, machine, bytes);
    let others = kernels.iter().map(|version| kernel_entry(menu, machine, version));
    entries.extend(others.chain([local_disk(menu, machine)]));
    entries.extend(memory_test.then(|| memory_test_entries(menu)));
    entries.extend(enrol.then(|| enrolment(machine)));
    entries.push_str(END);
    text.push_str(&look.open(&entries));
    text
}

/// Puts parameters for the kernel before those of a menu, which win.
fn with_params(menu: &Menu, params: &[String]) -> Menu {
    let kernel_params = [params, &menu.kernel_params].concat();
    Menu { kernel_params, ..menu.clone() }
}

const END: &str = "\
if [ \"$grub_platform\" = efi ]; then
  menuentry 'Firmware setup' --id firmware { fwsetup; }
fi
menuentry 'Power off' --id power-off { halt; }
";

/// Returns the text of [`paths::LOOPBACK`]: GRUB sets `iso_path` before it reads it, and live-boot
/// finds the ISO again by `findiso`.
pub fn loopback() -> String {
    format!(
        "set iso_params=\"findiso=${{iso_path}}\"\nexport iso_params\nsource /{}\n",
        paths::MENU
    )
}

/// Returns the text of the ESP's `boot/grub/grub.cfg`: the signed GRUB on a stick starts from the
/// ESP, and would else take the first medium that has a `/.disk/info` for its own.
pub fn stub(identity: &str) -> String {
    format!(
        "search --no-floppy --set=root --file /{}\n\
         set prefix=($root)/boot/grub\n\
         source $prefix/grub.cfg\n",
        identity_file(identity)
    )
}

/// Returns the path on the medium of the empty file by which GRUB finds it.
pub fn identity_file(identity: &str) -> String {
    format!(".isoplug/{identity}")
}

fn find_medium(identity: &str) -> String {
    let file = identity_file(identity);
    format!("if [ -z \"$iso_path\" ]; then\n  search --no-floppy --set=root --file /{file}\nfi\n")
}

fn terminals(menu: &Menu, machine: Machine) -> String {
    let mut text = String::from("\nset screen=console\n");
    if !menu.text_mode {
        text.push_str(&graphics());
    }
    match menu.serial {
        // The firmware of arm64 machines has the serial line as its console.
        Some(Serial { port, speed }) if machine == Machine::Pc => {
            let _ = write!(
                text,
                "if serial --unit={port} --speed={speed}; then\n  \
                   terminal_input console serial\n  \
                   terminal_output $screen serial\n\
                 else\n  \
                   terminal_output $screen\n\
                 fi\n"
            );
        }
        _ => text.push_str("terminal_output $screen\n"),
    }
    text
}

/// Under Secure Boot GRUB refuses fonts from the medium, so the one inside the signed program goes first.
fn graphics() -> String {
    let font = paths::FONT;
    format!(
        "set font=\n\
         if [ \"$grub_platform\" = efi ]; then\n  \
           if loadfont (memdisk)/fonts/unicode.pf2; then set font=y; fi\n\
         fi\n\
         if [ -z \"$font\" ]; then\n  \
           if loadfont /{font}; then set font=y; fi\n\
         fi\n\
         if [ -n \"$font\" ]; then\n  \
           set gfxmode=1024x768,800x600,auto\n  \
           insmod all_video\n  \
           insmod gfxterm\n  \
           set screen=gfxterm\n\
         fi\n"
    )
}

/// Refuses parameters that GRUB cannot hand over as they are.
///
/// # Errors
///
/// What GRUB could not do, in words.
pub fn check(menu: &Menu) -> Result<(), String> {
    if i32::try_from(menu.timeout).is_err() {
        // GRUB reads it as a number with a sign, and waits for ever for one below zero.
        return Err(format!("the timeout of {} s is longer than GRUB can wait", menu.timeout));
    }
    check_names(menu)?;
    let of_entries = menu.entries.iter().flat_map(|entry| &entry.params);
    if let Some(name) = &menu.default {
        let known = offered(menu).into_iter().any(|entry| entry.id == *name);
        if !known && !BUILT_IN_ENTRIES.contains(&&name[..]) {
            return Err(format!("there is no menu entry `{name}`"));
        }
    }
    let mut params = menu.kernel_params.iter().chain(of_entries);
    params.try_for_each(|param| match kernel_param::word(param) {
        Ok(_) => Ok(()),
        Err(reason) => Err(format!("the kernel parameter `{param}`: {reason}")),
    })
}

/// GRUB starts the first entry of a name, and reads others in it than these as its own words.
fn check_names(menu: &Menu) -> Result<(), String> {
    let plain = |each: char| each.is_ascii_alphanumeric() || "_-".contains(each);
    for (index, Entry { id, .. }) in menu.entries.iter().enumerate() {
        if id.is_empty() || !id.chars().all(plain) {
            return Err(format!("the menu entry `{id}`: a name has letters, digits, `-` and `_`"));
        }
        let earlier = menu.entries[..index].iter().any(|other| other.id == *id);
        if earlier || BUILT_IN_ENTRIES.contains(&id.as_str()) {
            return Err(format!("there are two menu entries `{id}`"));
        }
    }
    Ok(())
}

/// Between single quotes GRUB takes all but a single quote as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace(char::is_control, " ").replace('\'', r"'\''"))
}

fn quoted_if_needed(text: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "=_-.,:/+@%".contains(character);
    if text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests;
