//! Cuts a role of the sandbox off from what its caller left it: descriptors, terminal, keyring.
//!
//! What is given on purpose is standard input, output and error. The two system calls that no crate wraps are
//! made here, and nowhere else.

use std::ffi::{c_int, c_long, c_uint};
use std::fs;

use rustix::process::setsid;

/// The first descriptor that is none of the standard streams.
const FIRST: c_int = 3;

/// Keeps all descriptors of the caller's from programs (CVE-2024-21626): shells, editors and CI
/// agents leave folders open. To be called first, before anything else is opened.
pub(super) fn keep_descriptors_back() {
    if !close_all_on_exec() {
        close_each_on_exec();
    }
}

/// Leaves the caller's terminal (CVE-2017-5226) and its keys. Whoever has no terminal cannot type
/// into it, and does not get another one's by opening `/dev/tty`.
pub(super) fn leave_session() -> rustix::io::Result<()> {
    setsid()?;
    leave_keys();
    Ok(())
}

/// Gives this process, and what it starts, a terminal that is handed in on purpose, in a session of its own.
pub(super) fn take_terminal(terminal: &fs::File) -> rustix::io::Result<()> {
    setsid()?;
    rustix::process::ioctl_tiocsctty(terminal)
}

/// Says whether the kernel could, which Linux 5.11 can.
#[expect(unsafe_code, reason = "no safe function of a crate makes this call")]
fn close_all_on_exec() -> bool {
    // SAFETY: three numbers; it closes nothing now, so no descriptor that this program owns becomes another's.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            FIRST as c_uint,
            c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC as c_uint,
        )
    };
    done == 0
}

/// The same one by one, of those that are open now.
#[expect(clippy::disallowed_methods, reason = "in which order does not matter")]
fn close_each_on_exec() {
    let names = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers = names.filter_map(|entry| entry.file_name().to_str()?.parse::<c_int>().ok());
    numbers.filter(|number| *number >= FIRST).for_each(close_on_exec);
}

#[expect(unsafe_code, reason = "a safe function asks for an owner, which these do not have here")]
fn close_on_exec(number: c_int) {
    // SAFETY: sets a flag; of a number that is no descriptor any more the kernel says so.
    unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
}

/// Takes an empty session keyring. Where the kernel or a container has no keyrings, there is none to leave.
#[expect(unsafe_code, reason = "no safe function of a crate makes this call")]
fn leave_keys() {
    let anonymous: c_long = 0;
    let join = c_long::from(libc::KEYCTL_JOIN_SESSION_KEYRING);
    // SAFETY: a number and a null pointer, which asks for a keyring without a name.
    unsafe { libc::syscall(libc::SYS_keyctl, join, anonymous) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

    /// Other tests run beside this one: their descriptors are all closed on exec anyway.
    #[test]
    fn both_ways_keep_back_what_was_left_open() {
        let all_at_once = || _ = close_all_on_exec();
        for way in [&all_at_once as &dyn Fn(), &close_each_on_exec] {
            let file = fs::File::open("/proc/self/status").unwrap();
            fcntl_setfd(&file, FdFlags::empty()).unwrap();
            way();
            assert_eq!(fcntl_getfd(&file).unwrap(), FdFlags::CLOEXEC);
        }
    }
}
