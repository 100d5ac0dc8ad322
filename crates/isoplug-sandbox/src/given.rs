//! Hands process 1, which sees nothing of the build machine, the files that its job names: as
//! open descriptors, one at a time, over the socket that is its standard input.
//!
//! It asks by number, so that nothing inside can name a file. What is opened here lies where no
//! program of a tree can write.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::Job;

/// What for a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To be read.
    Read,
    /// To be written anew; it exists.
    Write,
    /// A terminal, to be read and written; it becomes nobody's by being opened.
    Terminal,
    /// To be read and changed.
    Change,
}

/// A file and what for.
pub(super) type Named = (PathBuf, Access);

/// Outside: answers until the other end is gone.
pub(super) fn serve(mut socket: &UnixStream, files: &[Named]) {
    let mut number = [0; 4];
    while socket.read_exact(&mut number).is_ok() {
        let file = files.get(u32::from_le_bytes(number) as usize);
        let opened = file.ok_or(io::ErrorKind::NotFound.into()).and_then(open);
        if answer(socket, &opened).is_err() {
            return;
        }
    }
}

fn open((path, access): &Named) -> io::Result<File> {
    match access {
        Access::Read => File::open(path),
        Access::Write => OpenOptions::new().write(true).truncate(true).open(path),
        Access::Change => OpenOptions::new().read(true).write(true).open(path),
        Access::Terminal => {
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(path)
        }
    }
}

/// An answer is the number of an error, and with 0 the descriptor.
fn answer(socket: &UnixStream, opened: &io::Result<File>) -> io::Result<()> {
    let unknown = rustix::io::Errno::IO.raw_os_error();
    let errno = opened.as_ref().err().map_or(0, |error| error.raw_os_error().unwrap_or(unknown));
    let descriptors: Vec<_> = opened.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        beside.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    let bytes = errno.to_le_bytes();
    sendmsg(socket, &[IoSlice::new(&bytes)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Inside: the files that the job names.
pub(super) struct Given {
    socket: Mutex<OwnedFd>,
    numbers: BTreeMap<PathBuf, u32>,
}

impl Given {
    /// The socket's other end is [`serve`]d with the files of the same job.
    pub(super) fn new(socket: OwnedFd, job: &Job) -> Self {
        let files = job.files().into_iter();
        let numbers = files.zip(0..).map(|((path, _), number)| (path, number)).collect();
        Self { socket: Mutex::new(socket), numbers }
    }

    /// Opens a file that the job names.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        let number = self.numbers.get(path).ok_or(io::ErrorKind::NotFound)?;
        // One question at a time: a broken one leaves the socket of no use to the others.
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        rustix::io::write(&*socket, &number.to_le_bytes())?;
        receive(&socket)
    }
}

fn receive(socket: &OwnedFd) -> io::Result<File> {
    let mut errno = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::WAITALL;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut errno)], &mut beside, flags)?;
    let descriptor = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match (received.bytes, i32::from_le_bytes(errno), descriptor) {
        (4, 0, Some(descriptor)) => Ok(File::from(descriptor)),
        (4, errno, _) if errno != 0 => Err(io::Error::from_raw_os_error(errno)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(job: &Job) -> (Given, std::thread::JoinHandle<()>) {
        let (outside, inside) = UnixStream::pair().unwrap();
        let files = job.files();
        let served = std::thread::spawn(move || serve(&outside, &files));
        (Given::new(inside.into(), job), served)
    }

    #[test]
    fn only_files_of_the_job_are_handed_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("parent"), "tree").unwrap();
        std::fs::write(path("secret"), "secret").unwrap();
        std::fs::write(path("out"), "old").unwrap();
        let job = Job {
            parent: Some(path("parent")),
            packs: BTreeMap::from([("00".to_owned(), path("gone"))]),
            collect: BTreeMap::from([("etc/x".to_owned(), path("out"))]),
            ..Job::default()
        };
        let (given, served) = served(&job);
        let text = |name: &str| given.open(&path(name)).and_then(io::read_to_string);
        assert_eq!(text("parent").unwrap(), "tree");
        assert_eq!(text("gone").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(text("secret").unwrap_err().kind(), io::ErrorKind::NotFound);
        io::Write::write_all(&mut given.open(&path("out")).unwrap(), b"new").unwrap();
        assert_eq!(std::fs::read_to_string(path("out")).unwrap(), "new");
        drop(given);
        served.join().unwrap();
    }
}
