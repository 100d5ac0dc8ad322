//! Writes what GRUB reads from the medium: the menu, the way in from an ISO file, and the ESP's stub.
//!
//! One menu serves BIOS, UEFI and Secure Boot. Knows where the files lie on the medium ([`paths`]),
//! but not how they come there.

use std::fmt::Write;

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
    /// The serial line that menu and kernel use beside the screen.
    pub serial: Option<Serial>,
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
    for (id, label, params) in live_entries(menu) {
        text.push_str(&live_entry(id, &label, &kernel_params(menu, machine, params)));
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

fn live_entries(menu: &Menu) -> Vec<(&'static str, String, &'static [&'static str])> {
    let label = &menu.label;
    let mut entries = vec![("live", label.clone(), &[][..])];
    if menu.safe_graphics {
        entries.push(("safe-graphics", format!("{label} (safe graphics)"), &["nomodeset"]));
    }
    if menu.copy_to_ram {
        entries.push(("copy-to-ram", format!("{label} (copy to RAM)"), &["toram"]));
    }
    entries
}

/// Returns the parameters of an entry, each once: what the user said stays last, where it wins.
fn kernel_params(menu: &Menu, machine: Machine, of_entry: &[&str]) -> Vec<String> {
    let mut params = vec!["boot=live".to_owned()];
    params.extend(of_entry.iter().map(ToString::to_string));
    if let Some(Serial { port, speed }) = menu.serial {
        let line = if machine == Machine::Pc { "ttyS" } else { "ttyAMA" };
        params.extend(["console=tty0".to_owned(), format!("console={line}{port},{speed}")]);
    }
    params.retain(|param| !menu.kernel_params.contains(param));
    params.extend(menu.kernel_params.iter().cloned());
    params
}

fn live_entry(id: &str, label: &str, params: &[String]) -> String {
    let params: Vec<String> = params.iter().map(|param| quoted_if_needed(param)).collect();
    format!(
        "menuentry {label} --id {id} {{\n  \
           echo 'Loading the kernel ...'\n  \
           linux /{kernel} {params} $iso_params\n  \
           echo 'Loading the initrd ...'\n  \
           initrd /{initrd} /{identity}\n\
         }}\n",
        label = quoted(label),
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

/// Between single quotes GRUB takes all but a single quote as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace(['\n', '\r'], " ").replace('\'', r"'\''"))
}

fn quoted_if_needed(text: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "=_-.,:/+@%".contains(character);
    if text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Menu {
        Menu {
            label: "ACME Debian's 13".to_owned(),
            kernel_params: vec!["acpi_osi=! \"x\"".to_owned(), "quiet".to_owned()],
            timeout: 5,
            text_mode: true,
            safe_graphics: false,
            copy_to_ram: false,
            serial: None,
        }
    }

    #[test]
    fn a_plain_menu() {
        insta::assert_snapshot!(menu(&plain(), Machine::Pc, "0f", false), @r#"
        # Written by isoplug.
        if [ -z "$iso_path" ]; then
          search --no-floppy --set=root --file /.isoplug/0f
        fi

        set screen=console
        terminal_output $screen

        set default=0
        set timeout=5

        menuentry 'ACME Debian'\''s 13' --id live {
          echo 'Loading the kernel ...'
          linux /boot/vmlinuz boot=live 'acpi_osi=! "x"' quiet $iso_params
          echo 'Loading the initrd ...'
          initrd /boot/initrd /boot/id.cpio
        }
        if [ "$grub_platform" = efi ]; then
          menuentry 'Firmware setup' --id firmware { fwsetup; }
        fi
        menuentry 'Power off' --id power-off { halt; }
        "#);
    }

    #[test]
    fn everything() {
        let all = Menu {
            label: "Live".to_owned(),
            kernel_params: vec!["console=tty0".to_owned()],
            text_mode: false,
            safe_graphics: true,
            copy_to_ram: true,
            serial: Some(Serial { port: 0, speed: 115_200 }),
            ..plain()
        };
        insta::assert_snapshot!(menu(&all, Machine::Pc, "0f", true), @r#"
        # Written by isoplug.
        if [ -z "$iso_path" ]; then
          search --no-floppy --set=root --file /.isoplug/0f
        fi

        set screen=console
        set font=
        if [ "$grub_platform" = efi ]; then
          if loadfont (memdisk)/fonts/unicode.pf2; then set font=y; fi
        fi
        if [ -z "$font" ]; then
          if loadfont /boot/grub/fonts/unicode.pf2; then set font=y; fi
        fi
        if [ -n "$font" ]; then
          set gfxmode=1024x768,800x600,auto
          insmod all_video
          insmod gfxterm
          set screen=gfxterm
        fi
        if serial --unit=0 --speed=115200; then
          terminal_input console serial
          terminal_output $screen serial
        else
          terminal_output $screen
        fi

        set default=0
        set timeout=5

        menuentry 'Live' --id live {
          echo 'Loading the kernel ...'
          linux /boot/vmlinuz boot=live console=ttyS0,115200 console=tty0 $iso_params
          echo 'Loading the initrd ...'
          initrd /boot/initrd /boot/id.cpio
        }
        menuentry 'Live (safe graphics)' --id safe-graphics {
          echo 'Loading the kernel ...'
          linux /boot/vmlinuz boot=live nomodeset console=ttyS0,115200 console=tty0 $iso_params
          echo 'Loading the initrd ...'
          initrd /boot/initrd /boot/id.cpio
        }
        menuentry 'Live (copy to RAM)' --id copy-to-ram {
          echo 'Loading the kernel ...'
          linux /boot/vmlinuz boot=live toram console=ttyS0,115200 console=tty0 $iso_params
          echo 'Loading the initrd ...'
          initrd /boot/initrd /boot/id.cpio
        }
        if [ "$grub_platform" = pc ]; then
          menuentry 'Memory test' --id memory-test { linux /boot/memtest86+/memtest86+.bin console=ttyS0,115200; }
        elif [ "$lockdown" != y ]; then
          menuentry 'Memory test' --id memory-test { chainloader /boot/memtest86+/memtest86+.efi console=ttyS0,115200; }
        fi
        if [ "$grub_platform" = efi ]; then
          menuentry 'Firmware setup' --id firmware { fwsetup; }
        fi
        menuentry 'Power off' --id power-off { halt; }
        "#);
        assert!(!menu(&all, Machine::Arm64, "0f", false).contains("serial --unit"));
    }

    #[test]
    fn the_ways_in() {
        assert_eq!(
            stub("0f"),
            "search --no-floppy --set=root --file /.isoplug/0f\n\
             set prefix=($root)/boot/grub\nsource $prefix/grub.cfg\n"
        );
        insta::assert_snapshot!(loopback(), @r#"
        set iso_params="findiso=${iso_path}"
        export iso_params
        source /boot/grub/grub.cfg
        "#);
    }
}
