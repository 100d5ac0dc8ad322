//! A terminal for programs that must not have the caller's: a pseudoterminal, with a thread each way between the two.
//!
//! Whoever has the caller's own could type into it (CVE-2017-5226). Knows no sandbox.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// How often the size of the window is looked at.
const SIZE: Duration = Duration::from_millis(250);

/// A terminal whose other end is the caller's.
pub(crate) struct Terminal {
    /// Our end.
    own: File,
    /// Where the programs' end is.
    path: PathBuf,
}

/// Tells whether somebody types and reads at a terminal.
pub(crate) fn is_here() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

impl Terminal {
    /// Makes one.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn new() -> io::Result<Self> {
        let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&own)?;
        unlockpt(&own)?;
        let path = ptsname(&own, Vec::new())?.to_string_lossy().into_owned().into();
        let own = File::from(own);
        fit(&own);
        Ok(Self { own, path })
    }

    /// Returns the path of the programs' end.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Passes on what is typed and what programs write, as long as `run` runs.
    ///
    /// # Errors
    /// What the system says of the caller's terminal.
    pub(crate) fn during<T>(&self, run: impl FnOnce() -> T) -> io::Result<T> {
        let raw = Raw::begin()?;
        let [typed, written, sized] = [(); 3].map(|()| self.own.try_clone());
        let (mut typed, written, sized) = (typed?, written?, sized?);
        // It ends with the process: nobody can be told that nothing more is typed.
        thread::spawn(move || io::copy(&mut Unbuffered, &mut typed));
        let done = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            let shown = scope.spawn(move || show(written));
            scope.spawn(|| keep_size(&sized, &done));
            // Held open until then, so that nobody waits for programs that never came.
            let held = rustix::fs::open(&self.path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
            let result = run();
            done.store(true, Ordering::Relaxed);
            drop(held);
            let _ = shown.join();
            result
        });
        drop(raw);
        Ok(result)
    }
}

fn keep_size(terminal: &File, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        fit(terminal);
        thread::sleep(SIZE);
    }
}

/// Gives a terminal the size of the caller's.
fn fit(terminal: &File) {
    if let Ok(size) = tcgetwinsize(io::stdout()) {
        let _ = tcsetwinsize(terminal, size);
    }
}

/// Shows what programs write until the last of them is gone, which is told as an error.
fn show(mut written: File) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = written.read(&mut bytes) {
        let mut out = io::stdout().lock();
        if out.write_all(&bytes[..length]).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Standard input as it is typed.
struct Unbuffered;

impl io::Read for Unbuffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin(), buffer)?)
    }
}

/// The caller's terminal, which passes on each key as it is; as it was before when dropped.
struct Raw(Termios);

impl Raw {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}
