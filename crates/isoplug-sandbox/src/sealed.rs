//! The program as the sandbox executes it: a copy in memory that nobody can change.
//!
//! A program of a tree can make the kernel run what `/proc/self/exe` names, and change the mode or
//! the content of that file (CVE-2019-5736). What it finds is this copy, never the user's file.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

/// Where the running program finds itself.
const PROGRAM: &str = "/proc/self/exe";

/// Returns the path by which this process can execute the copy, which is made once.
pub(super) fn program() -> io::Result<PathBuf> {
    static COPY: OnceLock<OwnedFd> = OnceLock::new();
    if COPY.get().is_none() {
        // If another thread was faster, its copy is as good.
        _ = COPY.set(copy()?);
    }
    let descriptor = COPY.get().ok_or(io::ErrorKind::NotFound)?.as_raw_fd();
    Ok(format!("/proc/self/fd/{descriptor}").into())
}

fn copy() -> io::Result<OwnedFd> {
    let mut program = File::open(PROGRAM)?;
    let mut copy = File::from(memory()?);
    io::copy(&mut program, &mut copy)?;
    let content = SealFlags::GROW | SealFlags::SHRINK | SealFlags::WRITE;
    // Linux 6.3 seals the right to execute, too.
    match fcntl_add_seals(&copy, content | SealFlags::EXEC | SealFlags::SEAL) {
        Err(Errno::INVAL) => fcntl_add_seals(&copy, content | SealFlags::SEAL)?,
        sealed => sealed?,
    }
    Ok(copy.into())
}

/// Makes an empty file in memory that may be executed, which Linux 6.3 wants to be told.
pub(super) fn memory() -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("isoplug", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create("isoplug", flags),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_copy_is_the_program_and_cannot_be_changed() {
        let path = program().unwrap();
        assert_eq!(program().unwrap(), path);
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(PROGRAM).unwrap());
        let file = std::fs::OpenOptions::new().write(true).open(&path);
        let written = file.and_then(|mut file| io::Write::write_all(&mut file, b"x"));
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(File::open(&path).unwrap().set_len(0).is_err());
        let copy = std::fs::metadata(&path).unwrap();
        assert_ne!(copy.ino(), std::fs::metadata(PROGRAM).unwrap().ino());
        assert_eq!(copy.nlink(), 0);
    }
}
