//! Starts programs of a tree: makes the tree's folder the root folder of one thread, gives up the
//! power to reach beyond it, and lets that thread start the program.
//!
//! Nothing of this program is executed inside the tree: there the kernel would look for its
//! libraries, and find those of the tree.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};

use nix::sched::{CloneFlags, unshare};
use nix::sys::personality::{self, Persona};
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use super::job::Failure;
use super::rooted::Rooted;
use super::{Bind, Command, command, listing, room, seccomp};

/// What programs may do, as root, with what is theirs: what container engines grant too.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::AUDIT_WRITE)
    .union(CapabilitySet::SETFCAP);

/// What shells say of a program that cannot be executed.
const NOT_FOUND: &str = "exit status: 127";

/// Starts programs in a root folder in which all is mounted.
pub(super) struct Starter<'a> {
    pub(super) root: &'a Path,
    pub(super) epoch: u64,
    /// The terminal that programs have, if any.
    pub(super) terminal: Option<&'a File>,
    /// What is their standard input, if they have no terminal.
    pub(super) changed: Option<&'a File>,
}

impl Starter<'_> {
    /// Runs a program to its end.
    pub(super) fn run(&self, command: &Command) -> Result<(), Failure> {
        let failed = |status: String| Failure::Command { command: command.title(), status };
        let (tell, told) = channel();
        let root = self.root.to_owned();
        // Not one of this scope: what a program leaves running asks until it is ended.
        std::thread::spawn(move || told.recv().map(|calls| listing::serve(calls, &root)));
        // The thread is lost to all else: it has another root folder, and no rights.
        let ended =
            std::thread::scope(|scope| scope.spawn(|| self.become_confined(command, tell)).join());
        match ended.unwrap_or_else(|_| Err(Failure::of("run programs")("a thread failed")))? {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(status.to_string())),
            Err(error) => {
                let line = format!("cannot execute {}: {error}\n", command.arguments.join(" "));
                _ = io::Write::write_all(&mut io::stderr(), line.as_bytes());
                Err(failed(NOT_FOUND.to_owned()))
            }
        }
    }

    /// The inner result is that of the program's start.
    fn become_confined(
        &self,
        command: &Command,
        tell: Sender<OwnedFd>,
    ) -> Result<io::Result<ExitStatus>, Failure> {
        let prepared = self.program(command).and_then(|program| {
            self.confine(&command.binds)?;
            Ok(program)
        });
        let mut program = prepared.map_err(Failure::of("confine programs"))?;
        let calls = seccomp::confine();
        let calls = calls.map_err(Failure::of("forbid system calls (seccomp)"))?;
        // Who would hear of it waits for it.
        calls.map(|calls| tell.send(calls));
        Ok(program.status())
    }

    fn program(&self, command: &Command) -> io::Result<std::process::Command> {
        let words = command.arguments.split_first();
        let (program, arguments) = words.ok_or(io::ErrorKind::InvalidInput)?;
        let mut started = std::process::Command::new(program);
        started.args(arguments).env_clear().envs(command::environment(self.epoch));
        started.envs(command.environment.iter().map(|(name, value)| (name, value)));
        if let Some(terminal) = self.terminal {
            started.stdin(terminal.try_clone()?).stdout(terminal.try_clone()?);
            started.stderr(terminal.try_clone()?);
            return Ok(started);
        }
        // Opened here, where /dev is none of the tree's.
        started.stdin(match self.changed {
            Some(file) => file.try_clone()?,
            None => room::nothing()?,
        });
        started.stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?));
        Ok(started)
    }

    fn confine(&self, binds: &[Bind]) -> io::Result<()> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        // Programs that write down in the order of addresses do so alike each time. Where it is not allowed, as in Docker's
        // containers, addresses stay random.
        _ = personality::set(Persona::ADDR_NO_RANDOMIZE);
        for bind in binds {
            if let Some(place) = Rooted::new(self.root).file_point(&bind.over) {
                mount_bind(&bind.from, place.path())?;
            }
        }
        pivot(self.root)?;
        for capability in CapabilitySet::all().iter().filter(|one| !KEPT.contains(*one)) {
            // Those that this kernel does not know are given up already.
            _ = remove_capability_from_bounding_set(capability);
        }
        Ok(())
    }
}

/// See pivot_root(2), "pivot_root(".", ".")". The current folder is the thread's own by now.
fn pivot(root: &Path) -> io::Result<()> {
    std::env::set_current_dir(root)?;
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    std::env::set_current_dir("/")
}
