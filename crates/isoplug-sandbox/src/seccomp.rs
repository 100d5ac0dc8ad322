//! The system calls that programs of a tree may not make, as a filter of the kernel
//! (seccomp(2)): what container engines forbid, and what would hide a change of a file.
//!
//! A forbidden call gives EPERM; one that is newer than the tables of this program, or has an
//! older one that does the same, gives ENOSYS, so that programs make the older one.

mod calls;
mod program;

use seccompiler::sock_filter;

/// Holds this thread, and all that it starts, to the filter; no program that it starts gets more
/// rights than it has by being setuid.
pub(super) fn confine() -> Result<(), seccompiler::Error> {
    seccompiler::apply_filter(&filter())
}

/// Returns the filter for this machine's processor and the older one whose programs it runs, too.
fn filter() -> Vec<sock_filter> {
    program::program(calls::NATIVE)
}
