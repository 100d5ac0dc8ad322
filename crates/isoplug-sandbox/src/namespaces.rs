//! The first role: makes the user namespace, waits for its maps, makes the other namespaces and
//! executes the role that is process 1 of them.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use rustix::process::{Signal, set_parent_process_death_signal};

use super::job::{Answer, Failure};
use super::{ARGUMENT, apart};

/// Plays the role, and then lets the program play the next one. Ends as that one ends.
pub(super) fn main(next: &OsStr) -> u8 {
    apart::keep_descriptors_back();
    match enter_namespaces() {
        Ok(()) => next_role(next),
        Err(answer) => {
            answer.send();
            1
        }
    }
}

fn enter_namespaces() -> Result<(), Answer> {
    apart::leave_session().map_err(|errno| failed("leave the terminal", errno))?;
    unshare(CloneFlags::CLONE_NEWUSER).map_err(refused)?;
    Answer::Unmapped.send();
    wait_for_maps().map_err(|errno| failed("wait for its maps", errno))?;
    become_root().map_err(refused)?;
    // After becoming root, for a change of user undoes it.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|errno| failed("ask for the death signal", errno))?;
    let others = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC;
    unshare(others).map_err(refused)?;
    // Hides which groups of the machine's it is in; a kernel may have none.
    _ = unshare(CloneFlags::CLONE_NEWCGROUP);
    Ok(())
}

/// Some policies allow the user namespace but nothing in it.
fn refused(errno: nix::Error) -> Answer {
    Answer::Refused(errno as i32)
}

/// Reads one byte and no more: the rest of standard input is for the next role.
fn wait_for_maps() -> rustix::io::Result<()> {
    let mut mapped = [0];
    match rustix::io::read(std::io::stdin(), &mut mapped)? {
        0 => Err(rustix::io::Errno::PIPE),
        _ => Ok(()),
    }
}

fn become_root() -> nix::Result<()> {
    setgroups(&[])?;
    setgid(Gid::from_raw(0))?;
    setuid(Uid::from_raw(0))
}

fn next_role(next: &OsStr) -> u8 {
    match Command::new("/proc/self/exe").arg(ARGUMENT).arg(next).status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
        Err(error) => {
            failed("execute itself", error).send();
            1
        }
    }
}

fn failed(action: &str, error: impl ToString) -> Answer {
    Answer::Failed(Failure::of(action)(error))
}

impl Answer {
    /// Writes the answer as one line; ends the process if nobody is there to read it.
    pub(super) fn send(&self) {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }
}
