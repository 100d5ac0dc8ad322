//! Cuts a role of the sandbox off from what its caller left it: descriptors, terminal, keyring.
//!
//! What is given on purpose is standard input, output and error.

use rustix::process::setsid;

/// The first descriptor that is none of the standard streams.
const FIRST: i32 = 3;

/// Keeps all descriptors of the caller's from programs (CVE-2024-21626): shells, editors and CI
/// agents leave folders open. To be called first, before anything else is opened.
pub(super) fn keep_descriptors_back() {
    close_fds::set_fds_cloexec(FIRST, &[]);
}

/// Leaves the caller's terminal (CVE-2017-5226) and its keys. Whoever has no terminal cannot type
/// into it, and does not get another one's by opening `/dev/tty`.
pub(super) fn leave_session() -> rustix::io::Result<()> {
    setsid()?;
    // Where the kernel or a container has no keyrings, there is none to leave.
    _ = keyutils::Keyring::join_anonymous_session();
    Ok(())
}
