//! Writes what GRUB reads from the medium: the menu, the way in from an ISO file, and the ESP's stub.
//!
//! One menu serves BIOS, UEFI and Secure Boot. Knows where the files lie on the medium ([`paths`]),
//! but not how they come there.

use std::fmt::Write;

use isoplug_manifest::kernel_param;
use serde::{Deserialize, Serialize};

/// Where things lie on the medium, without a leading slash.
pub mod paths {
    /// The kernel.
    pub const KERNEL: &str = "boot/vmlinuz";
    /// The initrd.
    pub const INITRD: &str = "boot/initrd";
    /// A second, small initrd, that holds the image's identity.
    pub const IDENTITY_INITRD: &str = "boot/id.cpio";
    /// The root filesystem, where live-boot looks for it.
    pub const SQUASHFS: &str = "live/filesystem.squashfs";
    /// The menu.
    pub const MENU: &str = "boot/grub/grub.cfg";
    /// What a GRUB that found the ISO as a file on a disk reads.
    pub const LOOPBACK: &str = "boot/grub/loopback.cfg";
    /// What the medium says it is.
    pub const INFO: &str = ".disk/info";
    /// Files that give way to the user's own.
    pub const YIELDING: [&str; 3] = [INFO, MENU, LOOPBACK];
    /// Files that nothing can take the place of: the medium would not boot.
    pub const NEEDED: [&str; 5] = [KERNEL, INITRD, IDENTITY_INITRD, SQUASHFS, ELTORITO];
    /// The font of the graphical menu.
    pub const FONT: &str = "boot/grub/fonts/unicode.pf2";
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
    /// Further entries, offered after those.
    #[serde(default)]
    pub entries: Vec<Entry>,
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

/// Returns the text of [`paths::MENU`] for the medium with this identity.
pub fn menu(menu: &Menu, machine: Machine, identity: &str, memory_test: bool) -> String {
    let mut text = String::from("# Written by isoplug.\n");
    text.push_str(&find_medium(identity));
    text.push_str(&terminals(menu, machine));
    let timeout = menu.timeout;
    let _ = write!(text, "\nset default=0\nset timeout={timeout}\n\n");
    for Entry { id, label, params } in live_entries(menu) {
        text.push_str(&live_entry(&id, &label, &kernel_params(menu, machine, params)));
    }
    if memory_test {
        text.push_str(&memory_test_entries(menu));
    }
    text.push_str(END);
    text
}

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

/// Returns the ways to start the image, with whole labels.
fn live_entries(menu: &Menu) -> Vec<Entry> {
    let built_in = |id: &str, label: &str, param: &str| Entry {
        id: id.to_owned(),
        label: label.to_owned(),
        params: vec![param.to_owned()],
    };
    let safe = menu.safe_graphics.then(|| built_in("safe-graphics", "safe graphics", "nomodeset"));
    let to_ram = menu.copy_to_ram.then(|| built_in("copy-to-ram", "copy to RAM", "toram"));
    let others = safe.into_iter().chain(to_ram).chain(menu.entries.iter().cloned());
    let whole =
        |entry: Entry| Entry { label: format!("{} ({})", menu.label, entry.label), ..entry };
    let first = Entry { id: "live".to_owned(), label: menu.label.clone(), params: Vec::new() };
    [first].into_iter().chain(others.map(whole)).collect()
}

/// Returns the parameters of an entry, each once: what the user said stays last, where it wins.
fn kernel_params(menu: &Menu, machine: Machine, of_entry: Vec<String>) -> Vec<String> {
    let mut params = vec!["boot=live".to_owned()];
    params.extend(of_entry);
    if let Some(Serial { port, speed }) = menu.serial {
        let line = if machine == Machine::Pc { "ttyS" } else { "ttyAMA" };
        params.extend(["console=tty0".to_owned(), format!("console={line}{port},{speed}")]);
    }
    params.retain(|param| !menu.kernel_params.contains(param));
    params.extend(menu.kernel_params.iter().cloned());
    params
}

fn live_entry(id: &str, label: &str, params: &[String]) -> String {
    let params: Vec<String> = params.iter().map(|param| argument(param)).collect();
    format!(
        "menuentry {head} {{\n  \
           echo 'Loading the kernel ...'\n  \
           linux /{kernel} {params} $iso_params\n  \
           echo 'Loading the initrd ...'\n  \
           initrd /{initrd} /{identity}\n\
         }}\n",
        head = head(id, label),
        kernel = paths::KERNEL,
        params = params.join(" "),
        initrd = paths::INITRD,
        identity = paths::IDENTITY_INITRD,
    )
}

/// No signature of Memtest86+ is known to shim, so GRUB hides it where it is locked down.
fn memory_test_entries(menu: &Menu) -> String {
    let serial = menu.serial.map(|Serial { port, speed }| format!(" console=ttyS{port},{speed}"));
    let serial = serial.unwrap_or_default();
    let (bios, uefi) = (paths::MEMORY_TEST_BIOS, paths::MEMORY_TEST_UEFI);
    format!(
        "if [ \"$grub_platform\" = pc ]; then\n  \
           menuentry 'Memory test' --id memory-test {{ linux /{bios}{serial}; }}\n\
         elif [ \"$lockdown\" != y ]; then\n  \
           menuentry 'Memory test' --id memory-test {{ chainloader /{uefi}{serial}; }}\n\
         fi\n"
    )
}

const END: &str = "\
if [ \"$grub_platform\" = efi ]; then
  menuentry 'Firmware setup' --id firmware { fwsetup; }
fi
menuentry 'Power off' --id power-off { halt; }
";

/// Returns a kernel parameter as one word of GRUB's, of which the kernel gets what was written.
fn argument(param: &str) -> String {
    let word = kernel_param::word(param);
    quoted_if_needed(word.as_deref().unwrap_or(param))
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
    let mut params = menu.kernel_params.iter().chain(of_entries);
    params.try_for_each(|param| match kernel_param::word(param) {
        Ok(_) => Ok(()),
        Err(reason) => Err(format!("the kernel parameter `{param}`: {reason}")),
    })
}

/// Names of entries that every menu may have.
const BUILT_IN: [&str; 6] =
    ["live", "safe-graphics", "copy-to-ram", "memory-test", "firmware", "power-off"];

/// GRUB starts the first entry of a name, and reads others in it than these as its own words.
fn check_names(menu: &Menu) -> Result<(), String> {
    let plain = |each: char| each.is_ascii_alphanumeric() || "_-".contains(each);
    for (index, Entry { id, .. }) in menu.entries.iter().enumerate() {
        if id.is_empty() || !id.chars().all(plain) {
            return Err(format!("the menu entry `{id}`: a name has letters, digits, `-` and `_`"));
        }
        let earlier = menu.entries[..index].iter().any(|other| other.id == *id);
        if earlier || BUILT_IN.contains(&id.as_str()) {
            return Err(format!("there are two menu entries `{id}`"));
        }
    }
    Ok(())
}

/// Returns the label and the id of an entry. A dash at the label's beginning must not make it an
/// option.
fn head(id: &str, label: &str) -> String {
    let label = quoted(label);
    match label.starts_with("'-") {
        true => format!("--id {id} -- {label}"),
        false => format!("{label} --id {id}"),
    }
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
