//! The calls that the kernel holds until they are answered (seccomp_unotify(2)).

use std::os::fd::{AsFd, OwnedFd};

use libc::{seccomp_notif, seccomp_notif_resp};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::ioctl::{Setter, Updater, ioctl, opcode};

/// Where a filter tells what it holds.
pub(super) struct Calls(pub(super) OwnedFd);

/// A thread that asks for the names in a folder.
pub(super) struct Call {
    id: u64,
    /// Its number.
    pub(super) thread: i32,
    /// Its descriptor of the folder.
    pub(super) descriptor: i32,
    /// Where in its memory the answer goes.
    pub(super) memory: u64,
    /// How many bytes it may have.
    pub(super) size: usize,
}

/// What a call returns.
pub(super) enum Answer {
    /// What the kernel does.
    AsEver,
    /// How many bytes were written.
    Bytes(usize),
    /// Why there are none.
    Error(Errno),
}

const RECEIVE: rustix::ioctl::Opcode = opcode::read_write::<seccomp_notif>(b'!', 0);
const SEND: rustix::ioctl::Opcode = opcode::read_write::<seccomp_notif_resp>(b'!', 1);
const IS_VALID: rustix::ioctl::Opcode = opcode::write::<u64>(b'!', 2);

impl Calls {
    /// Waits for a call. `None`: there will be none any more.
    pub(super) fn next(&self) -> Option<Call> {
        loop {
            let mut wait = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut wait, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return None,
            }
            let told = wait[0].revents();
            if told.contains(PollFlags::IN) {
                // One that was broken off meanwhile is not there.
                if let Ok(call) = self.receive() {
                    return Some(call);
                }
            } else if told.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return None;
            }
        }
    }

    fn receive(&self) -> rustix::io::Result<Call> {
        let mut told = empty();
        change::<RECEIVE, _>(&self.0, &mut told)?;
        let [descriptor, memory, size, ..] = told.data.args;
        Ok(Call {
            id: told.id,
            thread: i32::try_from(told.pid).map_err(|_| Errno::SRCH)?,
            descriptor: descriptor as i32,
            memory,
            // The kernel takes it as an unsigned int.
            size: (size as u32) as usize,
        })
    }

    /// Tells whether a call still waits: its thread is the one that made it.
    #[expect(unsafe_code, reason = "no safe function of a crate makes this call")]
    pub(super) fn is_waiting(&self, call: &Call) -> bool {
        // SAFETY: the kernel reads a number of 64 bits.
        unsafe { ioctl(self.0.as_fd(), Setter::<IS_VALID, u64>::new(call.id)) }.is_ok()
    }

    /// Answers a call, and returns whether it was waiting for that.
    pub(super) fn answer(&self, call: &Call, answer: Answer) -> bool {
        let nothing = seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: 0 };
        let mut response = match answer {
            Answer::AsEver => {
                let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
                seccomp_notif_resp { flags, ..nothing }
            }
            Answer::Bytes(count) => seccomp_notif_resp { val: count as i64, ..nothing },
            Answer::Error(error) => seccomp_notif_resp { error: -error.raw_os_error(), ..nothing },
        };
        change::<SEND, _>(&self.0, &mut response).is_ok()
    }
}

fn empty() -> seccomp_notif {
    let data = libc::seccomp_data { nr: 0, arch: 0, instruction_pointer: 0, args: [0; 6] };
    seccomp_notif { id: 0, pid: 0, flags: 0, data }
}

#[expect(unsafe_code, reason = "no safe function of a crate makes this call")]
fn change<const WHICH: rustix::ioctl::Opcode, T>(
    calls: impl AsFd,
    value: &mut T,
) -> rustix::io::Result<()> {
    // SAFETY: the number of the call says the size of the value, which the kernel reads and writes.
    unsafe { ioctl(calls, Updater::<WHICH, T>::new(value)) }
}
