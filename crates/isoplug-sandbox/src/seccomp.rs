//! The system calls that programs of a tree may not make, as a filter of the kernel
//! (seccomp(2)): what container engines forbid, and what would hide a change of a file.
//!
//! A forbidden call gives EPERM; one that is newer than the tables of this program, or has an
//! older one that does the same, gives ENOSYS, so that programs make the older one.

mod calls;
mod program;

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use seccompiler::sock_filter;

/// Holds this thread, and all that it starts, to the filter; no program that it starts gets more
/// rights than it has by being setuid. Returns where the kernel tells who asks for the names in a folder; none where it
/// cannot, as before Linux 5.0 or below another filter that tells.
pub(super) fn confine() -> Result<Option<OwnedFd>, seccompiler::Error> {
    let told = filter(true);
    let killable = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // Before Linux 5.19, any signal breaks off a call that waits.
    match apply(&told, killable).or_else(|_| apply(&told, 0)) {
        Ok(calls) => Ok(Some(calls)),
        Err(_) => seccompiler::apply_filter(&filter(false)).map(|()| None),
    }
}

/// Applies a filter that tells of calls, and returns where it does.
#[expect(unsafe_code, reason = "no safe function of a crate makes this call")]
fn apply(filter: &[sock_filter], flags: libc::c_ulong) -> io::Result<OwnedFd> {
    rustix::thread::set_no_new_privs(true)?;
    let len = u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut().cast() };
    let flags = flags | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: the program is as long as it says, and the kernel copies it.
    let calls = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program)
    };
    let calls = i32::try_from(calls).ok().filter(|calls| *calls >= 0);
    let calls = calls.ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel just made it for this process.
    Ok(unsafe { OwnedFd::from_raw_fd(calls) })
}

/// Returns the filter for this machine's processor and the older one whose programs it runs, too. `told`: who asks for
/// the names in a folder is held until that is answered.
fn filter(told: bool) -> Vec<sock_filter> {
    program::program(calls::NATIVE, told)
}
