//! The settings of what boots an installed system: for GRUB, and for the initrd that packages make there later.
//!
//! GRUB's menu is made where the system is installed, and there again with each kernel. Knows no disk.

use isoplug_engine::Key;
use isoplug_manifest::{By, kernel_param};
use serde::Serialize;

use super::{Attrs, ContributeError, Contributor, Rootfs};

/// What GRUB is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loader {
    /// Kernel parameters.
    pub params: Vec<String>,
    /// Seconds until its first entry boots.
    pub timeout: u32,
    /// The serial line, if it uses one.
    pub serial: Option<Serial>,
    /// What the kernel calls a serial line, without its number.
    pub line: &'static str,
    /// What its entries are called.
    pub title: &'static str,
}

/// A serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Serial {
    /// Its number.
    pub port: u8,
    /// Its speed in baud.
    pub speed: u32,
}

/// Read after the file of the package; an installer adds what the machine needs in one that comes later.
const GRUB: &str = "/etc/default/grub.d/40-isoplug.cfg";
const INITRD: &str = "/etc/initramfs-tools/conf.d/isoplug";
const ESP: &str = "/boot/efi";

impl Contributor for Loader {
    fn by(&self) -> By {
        By::Part("boot")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        [GRUB, INITRD, ESP].map(str::to_owned).to_vec()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("loader", self);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        rootfs.file(GRUB, self.settings().as_bytes(), Attrs::mode(0o644))?;
        // Without it, the initrd waits for swap to wake up from.
        rootfs.file(INITRD, b"RESUME=none\n", Attrs::mode(0o644))?;
        rootfs.directory(ESP, Attrs::mode(0o755))
    }
}

impl Loader {
    fn settings(&self) -> String {
        let mut text = format!(
            "# From the manifest; files that sort later win.\nGRUB_DISTRIBUTOR={}\nGRUB_TIMEOUT={}\n\
             GRUB_CMDLINE_LINUX_DEFAULT=\"\"\nGRUB_CMDLINE_LINUX={}\nGRUB_DISABLE_OS_PROBER=true\n",
            self.title,
            self.timeout,
            quoted(&self.command_line())
        );
        text += &match self.serial {
            Some(Serial { port, speed }) => format!(
                "GRUB_TERMINAL=\"console serial\"\n\
                 GRUB_SERIAL_COMMAND=\"serial --unit={port} --speed={speed}\"\n"
            ),
            None => "GRUB_TERMINAL=console\nunset GRUB_SERIAL_COMMAND\n".to_owned(),
        };
        text
    }

    /// Returns the kernel parameters as GRUB's menu has them; what the user said comes last, where it wins.
    fn command_line(&self) -> String {
        let consoles = self.serial.map(|Serial { port, speed }| {
            ["console=tty0".to_owned(), format!("console={}{port},{speed}", self.line)]
        });
        let consoles = consoles.into_iter().flatten();
        let consoles = consoles.filter(|console| !self.params.contains(console));
        let words: Vec<String> =
            consoles.chain(self.params.iter().cloned()).map(|param| argument(&param)).collect();
        words.join(" ")
    }
}

/// Returns a kernel parameter as one word of GRUB's menu.
fn argument(param: &str) -> String {
    let word = kernel_param::word(param).unwrap_or_else(|_| param.to_owned());
    let plain = |each: char| each.is_ascii_alphanumeric() || "-_.,:=/+@%".contains(each);
    match word.chars().all(plain) {
        true => word,
        false => format!("'{word}'"),
    }
}

/// Returns a text as one word of a shell's.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn loader(params: &[&str], serial: Option<Serial>) -> Loader {
        let params = params.iter().map(|param| (*param).to_owned()).collect();
        Loader { params, timeout: 3, serial, line: "ttyS", title: "Debian" }
    }

    #[test]
    fn grub_is_told_what_the_manifest_says() {
        let mut rootfs = TestRootfs::with(&[("/etc/default/grub", "GRUB_TIMEOUT=5\n")]);
        let serial = Some(Serial { port: 0, speed: 9600 });
        rootfs.add(&loader(&["quiet", "dyndbg=\"file a.c +p\""], serial)).unwrap();
        insta::assert_snapshot!(rootfs.text(GRUB), @r#"
        # From the manifest; files that sort later win.
        GRUB_DISTRIBUTOR=Debian
        GRUB_TIMEOUT=3
        GRUB_CMDLINE_LINUX_DEFAULT=""
        GRUB_CMDLINE_LINUX='console=tty0 console=ttyS0,9600 quiet '\''dyndbg=file a.c +p'\'''
        GRUB_DISABLE_OS_PROBER=true
        GRUB_TERMINAL="console serial"
        GRUB_SERIAL_COMMAND="serial --unit=0 --speed=9600"
        "#);
        assert_eq!(rootfs.text(INITRD), "RESUME=none\n");
    }

    #[test]
    fn without_a_serial_line_the_packages_setting_is_taken_back() {
        let settings = loader(&[], None).settings();
        assert!(settings.contains("GRUB_CMDLINE_LINUX=''\n"), "{settings}");
        assert!(settings.ends_with("GRUB_TERMINAL=console\nunset GRUB_SERIAL_COMMAND\n"));
    }
}
