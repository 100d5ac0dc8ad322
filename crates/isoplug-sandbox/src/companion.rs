//! Whether the kernel of this machine runs programs of i386 beside its own (`CONFIG_IA32_EMULATION`).
//!
//! Knows no sandbox: its filter of system calls lets both kinds pass.

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::process::Command;

use super::sealed;

/// A program of i386 that ends well at once: header, one segment (elf(5)), and `exit(0)`.
const I386: [&[u8]; 4] = [
    b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0\x01\0\0\0\x54\x80\x04\x08\x34\0\0\0\0\0\0\0\0\0\0\0",
    b"\x34\0\x20\0\x01\0\x28\0\0\0\0\0",
    b"\x01\0\0\0\0\0\0\0\0\x80\x04\x08\0\x80\x04\x08\x5b\0\0\0\x5b\0\0\0\x05\0\0\0\0\x10\0\0",
    b"\x31\xdb\x31\xc0\x40\xcd\x80",
];

/// Looks whether this machine runs programs of i386, by running one.
///
/// # Errors
///
/// What the kernel says if it does not.
pub fn runs_i386() -> io::Result<()> {
    ends_well(&I386.concat())
}

fn ends_well(program: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::from(sealed::memory()?);
    file.write_all(program)?;
    let status = Command::new(format!("/proc/self/fd/{}", file.as_raw_fd())).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_the_kernel_does_not_know_is_told() {
        // Another processor's: no machine runs it without an emulator.
        let mut program = I386.concat();
        program[18] = 0xf7;
        assert!(ends_well(&program).is_err());
    }

    /// Debian's kernels for amd64 run it, and those of the machines that test this.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn one_of_i386_runs() {
        runs_i386().unwrap();
    }
}
