//! What an architecture is called where, and what its machines have: one table.
//!
//! Knows no distribution and no emulator's machine.

/// An architecture.
#[derive(Debug, PartialEq, Eq)]
pub struct Arch {
    /// Debian's name, which manifests and locks use.
    pub name: &'static str,
    /// Rust's name, `std::env::consts::ARCH`.
    pub rust: &'static str,
    /// QEMU's name, with which its programs end.
    pub qemu: &'static str,
    /// The folder of its libraries (Debian's multiarch tuple).
    pub triplet: &'static str,
    /// The number in the header of its programs (elf(5), `e_machine`).
    pub elf: u8,
    /// How the UEFI specification (3.5.1.1) ends the names of programs that boot it; empty where it names none.
    pub efi: &'static str,
    /// How its kernel names serial ports, without their number.
    pub serial: &'static str,
    /// Whether it is that of PCs, which may have a BIOS.
    pub pc: bool,
    /// Whether sandboxes can have its programs emulated: they have 64 bits, the small end first.
    pub emulated: bool,
    /// Whether images can be made for it.
    pub images: bool,
    /// Others whose programs its machines and its kernel run, too.
    pub runs: &'static [&'static str],
}

const fn other(
    [name, rust, qemu, triplet]: [&'static str; 4],
    elf: u8,
    efi: &'static str,
    serial: &'static str,
) -> Arch {
    let (pc, emulated, images) = (false, false, false);
    Arch { name, rust, qemu, triplet, elf, efi, serial, pc, emulated, images, runs: &[] }
}

/// All architectures that are known of, by name.
pub const ALL: [Arch; 7] = [
    Arch {
        pc: true,
        emulated: true,
        images: true,
        runs: &["i386"],
        ..other(["amd64", "x86_64", "x86_64", "x86_64-linux-gnu"], 62, "X64", "ttyS")
    },
    Arch {
        emulated: true,
        images: true,
        ..other(["arm64", "aarch64", "aarch64", "aarch64-linux-gnu"], 183, "AA64", "ttyAMA")
    },
    other(["armhf", "arm", "arm", "arm-linux-gnueabihf"], 40, "ARM", "ttyAMA"),
    Arch { pc: true, ..other(["i386", "x86", "i386", "i386-linux-gnu"], 3, "IA32", "ttyS") },
    other(["ppc64el", "powerpc64", "ppc64le", "powerpc64le-linux-gnu"], 21, "", "hvc"),
    Arch {
        emulated: true,
        ..other(["riscv64", "riscv64", "riscv64", "riscv64-linux-gnu"], 243, "RISCV64", "ttyS")
    },
    other(["s390x", "s390x", "s390x", "s390x-linux-gnu"], 22, "", "ttysclp"),
];

/// Returns the architecture of a name of Debian's.
#[must_use]
pub fn find(name: &str) -> Option<&'static Arch> {
    ALL.iter().find(|arch| arch.name == name)
}

/// Returns that of the machine that this runs on.
#[must_use]
pub fn of_host() -> Option<&'static Arch> {
    ALL.iter().find(|arch| arch.rust == std::env::consts::ARCH)
}

/// Returns the names of those that images can be made for.
#[must_use]
pub fn with_images() -> Vec<&'static str> {
    ALL.iter().filter(|arch| arch.images).map(|arch| arch.name).collect()
}

/// Returns the others whose packages an image for an architecture can have.
#[must_use]
pub fn run_by(name: &str) -> &'static [&'static str] {
    find(name).map_or(&[], |arch| arch.runs)
}

/// Tells whether the machines of an architecture are PCs, which may have a BIOS.
#[must_use]
pub fn is_pc(name: &str) -> bool {
    find(name).is_some_and(|arch| arch.pc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_this_machine() {
        assert!(ALL.is_sorted_by_key(|arch| arch.name));
        assert_eq!(of_host().map(|arch| arch.rust), Some(std::env::consts::ARCH));
        assert_eq!(with_images(), ["amd64", "arm64"]);
    }

    /// `dpkg-architecture` is a stranger that knows tuples.
    #[test]
    fn tuples_are_those_of_dpkg() {
        for arch in &ALL {
            let mut dpkg = std::process::Command::new("dpkg-architecture");
            let asked = dpkg.args(["-qDEB_HOST_MULTIARCH", "-a", arch.name]).output();
            let Some(output) = asked.ok().filter(|output| output.status.success()) else { return };
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), arch.triplet);
        }
    }
}
