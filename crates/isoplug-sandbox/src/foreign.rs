//! Lets a sandbox run programs of another processor: its own kernel table says that an emulator
//! is to run them (the kernel's Documentation/admin-guide/binfmt-misc.rst).
//!
//! The table is the sandbox's alone (Linux 6.7); on older kernels the machine's must have the
//! entry. The emulator is opened here and needs not be in the tree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isoplug_arch::Arch;
use rustix::mount::{MountFlags, mount};

use super::job::Failure;

/// The emulator that a sandbox needs.
pub(super) struct Foreign {
    processor: Processor,
    emulator: PathBuf,
}

impl Foreign {
    /// Finds the emulator for programs of the architecture, in Debian's words, if this machine
    /// does not run them itself.
    pub(super) fn find(architecture: &str) -> Result<Option<Self>, Failure> {
        let Some(arch) = isoplug_arch::find(architecture).filter(|arch| arch.emulated) else {
            return Ok(None);
        };
        let processor = Processor(arch);
        if arch.rust == std::env::consts::ARCH || processor.is_registered() {
            return Ok(None);
        }
        let none = "no emulator: install the package qemu-user-static";
        let emulator = processor.emulator().ok_or(none);
        let emulator = emulator.map_err(Failure::of(processor.action()))?;
        Ok(Some(Self { processor, emulator }))
    }

    /// Makes the programs run. `table` is an empty folder.
    pub(super) fn register(&self, table: &Path) -> Result<(), Failure> {
        let entry = self.processor.entry(&self.emulator);
        let registered = mount("binfmt_misc", table, "binfmt_misc", MountFlags::empty(), None)
            .map_err(io::Error::from)
            .and_then(|()| fs::write(table.join("register"), entry));
        registered.map_err(|error| {
            let reason = format!(
                "{error}; before Linux 6.7 the build machine must have the emulator registered: \
                 install qemu-user-static and binfmt-support"
            );
            Failure::of(self.processor.action())(reason)
        })
    }
}

/// An architecture whose programs an emulator can run.
struct Processor(&'static Arch);

impl Processor {
    fn action(&self) -> String {
        format!("run programs of {}", self.0.name)
    }

    /// Whether the machine runs such programs already, wherever they are.
    fn is_registered(&self) -> bool {
        let entry = Path::new("/proc/sys/fs/binfmt_misc").join(format!("qemu-{}", self.0.qemu));
        let text = fs::read_to_string(entry).unwrap_or_default();
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or_default();
        text.starts_with("enabled") && flags.contains('F')
    }

    fn emulator(&self) -> Option<PathBuf> {
        let names = [format!("qemu-{}-static", self.0.qemu), format!("qemu-{}", self.0.qemu)];
        let folders = ["/usr/bin", "/usr/local/bin"].map(Path::new);
        let paths = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
        paths.into_iter().find(|path| path.exists())
    }

    /// Returns the line that registers the emulator for 64-bit little-endian programs. Flags: open
    /// it now, hand it the program open, with the program's own rights.
    fn entry(&self, emulator: &Path) -> String {
        let magic =
            [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, self.0.elf, 0];
        let mut mask = [0xff; 20];
        // Any ABI of an operating system; executables and shared objects (2 and 3).
        (mask[7], mask[16]) = (0, 0xfe);
        let [magic, mask] = [magic, mask].map(|bytes| {
            bytes.iter().map(|byte: &u8| format!("\\x{byte:02x}")).collect::<String>()
        });
        format!(":isoplug-{}:M::{magic}:{mask}:{}:OCF", self.0.qemu, emulator.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_that_of_qemu() {
        let line = Processor(isoplug_arch::find("arm64").unwrap())
            .entry(Path::new("/usr/bin/qemu-aarch64-static"));
        insta::assert_snapshot!(line, @r":isoplug-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:OCF");
    }
}
