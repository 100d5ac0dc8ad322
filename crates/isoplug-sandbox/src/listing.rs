//! Shows programs what is in a folder in the order of the names, whatever order the file system has: what they make of
//! it is the same on every machine.
//!
//! The kernel holds a program that asks (getdents64(2)) and tells it here (seccomp_unotify(2)). The folder is read by the
//! program's own descriptor, sorted, and written into its memory. What does not begin at the start of a folder, and what
//! cannot be answered, the kernel does as ever. A signal can break off the call until it is taken up here: whoever
//! handles that without SA_RESTART gets EINTR, which file systems of a disk never give.

mod calls;
mod names;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use rustix::fs::{SeekFrom, fstat, seek, tell};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use calls::{Answer, Call, Calls};
use names::{Name, read, records, split};

use super::rooted::Rooted;

/// How many names of folders that are half read may wait; of more, the folder that waits longest is forgotten.
const MOST: usize = 1 << 20;

/// Answers until nobody can ask any more.
pub(super) fn serve(calls: OwnedFd, root: &Path) {
    let mut lister = Lister { calls: Calls(calls), root: Rooted::new(root), rest: VecDeque::new() };
    while let Some(call) = lister.calls.next() {
        lister.answer(&call);
    }
}

/// What was not told yet of a folder that is larger than the memory that its reader gave.
struct Rest {
    reader: Reader,
    names: Vec<Name>,
}

/// Who reads which folder, and where its descriptor is since.
#[derive(PartialEq, Eq)]
struct Reader {
    process: i32,
    descriptor: i32,
    device: u64,
    inode: u64,
    offset: u64,
}

struct Lister {
    calls: Calls,
    /// The tree, in which processes are told of in `/proc`.
    root: Rooted,
    rest: VecDeque<Rest>,
}

impl Lister {
    fn answer(&mut self, call: &Call) {
        let Some((process, folder)) = self.folder(call) else { return self.as_ever(call) };
        let start = tell(&folder).ok();
        // A call that is broken off is made once more, or never.
        let undo = |folder| start.filter(|at| *at == 0).map(|_| seek(folder, SeekFrom::Start(0)));
        let Some(names) = start.and_then(|start| self.names(process, call, &folder, start)) else {
            undo(&folder);
            return self.as_ever(call);
        };
        let (told, rest) = split(names, call.size);
        if self.tell(call, &told, &rest) {
            self.keep(process, call, &folder, rest);
        } else if undo(&folder).is_none() {
            self.keep(process, call, &folder, [told, rest].concat());
        }
    }

    /// Returns the names that were not told yet, if the folder is read from its start on.
    fn names(&mut self, process: i32, call: &Call, folder: &OwnedFd, at: u64) -> Option<Vec<Name>> {
        if at == 0 {
            return read(folder).ok();
        }
        let reader = reader(process, call, folder, at)?;
        self.take(&reader)
    }

    fn as_ever(&self, call: &Call) {
        self.calls.answer(call, Answer::AsEver);
    }

    /// Returns the process that asks, and its folder, which no other process has taken the number of.
    fn folder(&self, call: &Call) -> Option<(i32, OwnedFd)> {
        let thread = Pid::from_raw(call.thread)?;
        let process = pidfd_open(thread, PidfdFlags::empty()).ok().map(|process| (thread, process));
        // Only the first thread of a process stands for it.
        let (number, process) = process.or_else(|| {
            let first = self.first_thread(call.thread)?;
            Some((first, pidfd_open(first, PidfdFlags::empty()).ok()?))
        })?;
        let folder = pidfd_getfd(process, call.descriptor, PidfdGetfdFlags::empty()).ok()?;
        self.calls.is_waiting(call).then(|| (number.as_raw_nonzero().get(), folder))
    }

    fn first_thread(&self, thread: i32) -> Option<Pid> {
        let status = self.root.text(&format!("proc/{thread}/status")).ok()?;
        let number = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
        Pid::from_raw(number.trim().parse().ok()?)
    }

    /// Tells names, and returns whether they arrived.
    fn tell(&self, call: &Call, told: &[Name], rest: &[Name]) -> bool {
        if told.is_empty() && !rest.is_empty() {
            self.calls.answer(call, Answer::Error(Errno::INVAL));
            return false;
        }
        let bytes = records(told);
        match write(call, &bytes) {
            Ok(()) => self.calls.answer(call, Answer::Bytes(bytes.len())),
            Err(_) => {
                self.calls.answer(call, Answer::Error(Errno::FAULT));
                false
            }
        }
    }

    fn take(&mut self, reader: &Reader) -> Option<Vec<Name>> {
        let place = self.rest.iter().position(|rest| rest.reader == *reader)?;
        Some(self.rest.remove(place)?.names)
    }

    fn keep(&mut self, process: i32, call: &Call, folder: &OwnedFd, names: Vec<Name>) {
        let offset = tell(folder).ok();
        let reader = offset.and_then(|offset| reader(process, call, folder, offset));
        let Some(reader) = reader.filter(|_| !names.is_empty()) else { return };
        self.rest.push_back(Rest { reader, names });
        while self.rest.iter().map(|rest| rest.names.len()).sum::<usize>() > MOST {
            self.rest.pop_front();
        }
    }
}

fn reader(process: i32, call: &Call, folder: impl AsFd, offset: u64) -> Option<Reader> {
    let state = fstat(folder).ok()?;
    let (device, inode, descriptor) = (state.st_dev, state.st_ino, call.descriptor);
    Some(Reader { process, descriptor, device, inode, offset })
}

fn write(call: &Call, bytes: &[u8]) -> io::Result<()> {
    let base = usize::try_from(call.memory).map_err(|_| io::ErrorKind::InvalidInput)?;
    let place = [RemoteIoVec { base, len: bytes.len() }];
    let thread = nix::unistd::Pid::from_raw(call.thread);
    if bytes.is_empty() {
        return Ok(());
    }
    let written = process_vm_writev(thread, &[io::IoSlice::new(bytes)], &place)?;
    if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
