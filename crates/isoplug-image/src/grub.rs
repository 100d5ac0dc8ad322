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
pub fn check(menu: &Menu) -> Result<(), String> {
    menu.kernel_params.iter().try_for_each(|param| match kernel_param::word(param) {
        Ok(_) => Ok(()),
        Err(reason) => Err(format!("the kernel parameter `{param}`: {reason}")),
    })
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
mod tests {
    use super::*;

    fn plain() -> Menu {
        Menu {
            label: "ACME Debian's 13".to_owned(),
            kernel_params: ["acpi_osi=!", "dyndbg=\"file a.c +p\"", "memmap=64M$0x1000", "quiet"]
                .map(str::to_owned)
                .to_vec(),
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
          linux /boot/vmlinuz boot=live 'acpi_osi=!' 'dyndbg=file a.c +p' 'memmap=64M$0x1000' quiet $iso_params
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
    fn labels_and_parameters_hold_anything() {
        let odd = "-$x; # ! ' \\ \" { } & | < > * ~ `ls` %\tä\n";
        let params = ["a=$b;c", "#d", "e={f}", "g=\"h i\"", "j=*", "k=`l`", "m=&|<>!%~"];
        let params = params.map(str::to_owned).to_vec();
        let odd = Menu { label: odd.to_owned(), kernel_params: params, ..plain() };
        check(&odd).unwrap();
        let text = menu(&odd, Machine::Pc, "0f", false);
        assert!(text.contains(
            "menuentry --id live -- '-$x; # ! '\\'' \\ \" { } & | < > * ~ `ls` % ä ' {\n"
        ));
        let line = "linux /boot/vmlinuz boot=live 'a=$b;c' '#d' 'e={f}' 'g=h i' 'j=*' 'k=`l`' \
                    'm=&|<>!%~' $iso_params\n";
        assert!(text.contains(line), "{text}");
        grub_reads(&text);
        let words = grub_words(&text);
        let expected = ["a=$b;c", "#d", "e={f}", "g=h i", "j=*", "k=`l`", "m=&|<>!%~"];
        assert!(words.is_none_or(|words| words[2..] == expected), "GRUB reads other words");
    }

    /// Returns the words that GRUB itself reads in the first line that boots a kernel; `None`
    /// without its emulator.
    fn grub_words(text: &str) -> Option<Vec<String>> {
        use crate::contribute::rootfs_of_tests::has_tool;
        if !["grub-emu", "script"].iter().all(|tool| has_tool(tool)) {
            return None;
        }
        let line = text.lines().find_map(|line| line.trim().strip_prefix("linux ")).unwrap();
        let show = "function show { for word in \"$@\"; do echo \"[$word]\"; done; }";
        let folder = tempfile::tempdir().unwrap();
        let settings = format!("{show}\nshow {line}\nreboot\n");
        std::fs::write(folder.path().join("grub.cfg"), settings).unwrap();
        let folder = folder.path().display();
        let command = format!("grub-emu -d {folder} -m /dev/null -r host");
        let said = std::process::Command::new("timeout")
            .args(["60", "script", "-qec", &command, "/dev/null"])
            .env("TERM", "vt100")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let word = |line: &str| {
            let (_, word) = line.split_once('[').filter(|(lead, _)| !lead.contains(']'))?;
            Some(word.trim_end().strip_suffix(']')?.to_owned())
        };
        let lines = said.lines().map(without_escapes);
        Some(lines.filter_map(|line| word(&line)).collect())
    }

    /// Takes out the colours of a terminal (ECMA-48).
    fn without_escapes(line: &str) -> String {
        let mut parts = line.split('\u{1b}');
        let mut text = parts.next().unwrap_or_default().to_owned();
        text.extend(
            parts.map(|part| part.trim_start_matches(|c: char| c != 'm').get(1..).unwrap_or("")),
        );
        text
    }

    /// Lets GRUB's own parser read a menu.
    fn grub_reads(text: &str) {
        use crate::contribute::rootfs_of_tests::has_tool;
        if !has_tool("grub-script-check") {
            return;
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let check = std::process::Command::new("grub-script-check").arg(file.path()).output();
        let said = check.unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    #[test]
    fn what_grub_would_change_is_refused() {
        let menu = Menu { kernel_params: vec!["a='b'".to_owned()], ..plain() };
        insta::assert_snapshot!(check(&menu).unwrap_err(), @"the kernel parameter `a='b'`: GRUB writes a backslash before each `'`, so the kernel would not get it as it is");
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
