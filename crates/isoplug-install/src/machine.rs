//! All that the installer does to a machine goes through one trait, so that tests replay recorded machines.
//!
//! Tools are run by their absolute path and without a shell. Secrets go to a tool by its standard input alone.

use std::fmt;
use std::io;

mod call;
mod mounts;
mod real;
pub mod recorded;

pub use call::{Call, Failed, Output};
pub use real::{Journal, Real};
pub use recorded::Recorded;

/// How a file system is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount<'a> {
    /// A device, or a folder for a folder that is shown at another place.
    pub source: &'a str,
    /// Where.
    pub target: &'a str,
    /// The file system's kind; `bind` shows a folder with all below it.
    pub format: &'a str,
    /// The subvolume of a btrfs; the default one without.
    pub subvolume: Option<&'a str>,
    /// Whether nothing may be changed.
    pub read_only: bool,
}

/// Something that stays as long as it is held: a claim on a disk, a lock.
pub trait Held: fmt::Debug {}

impl Held for () {}

impl Held for std::fs::File {}

/// A machine.
pub trait Machine {
    /// Runs a tool to its end; `seen` gets what it prints as it comes.
    ///
    /// # Errors
    ///
    /// If it is not there, or ends with another code than 0.
    fn watch(&self, call: &Call, seen: &mut dyn FnMut(&str)) -> Result<Output, Failed>;

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Returns the names in a folder, sorted.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;

    /// Returns where a path leads, all links followed.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn resolve(&self, path: &str) -> io::Result<String>;

    /// Tells whether something lies at a path, a link that leads nowhere included.
    fn exists(&self, path: &str) -> bool;

    /// Puts a file in the place of whatever is at a path, its folders made if need be.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()>;

    /// Adds to the end of a file.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()>;

    /// Puts a symbolic link in the place of whatever is at a path.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn link(&self, path: &str, leads_to: &str) -> io::Result<()>;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn folder(&self, path: &str) -> io::Result<()>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Mounts a file system.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn mount(&self, mount: &Mount<'_>) -> io::Result<()>;

    /// Unmounts all that is mounted at and below a folder.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn unmount(&self, target: &str) -> io::Result<()>;

    /// Looks into a file system without changing it: what each file holds, if it is there.
    ///
    /// # Errors
    ///
    /// If it cannot be mounted.
    fn peek(&self, device: &str, format: &str, paths: &[&str]) -> io::Result<Vec<Option<Vec<u8>>>>;

    /// Returns the SHA-256 of a file in hex; `seen` gets how many bytes were read so far.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn digest(&self, path: &str, seen: &mut dyn FnMut(u64)) -> io::Result<String>;

    /// Writes zeros over the first and the last MiB of a device.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    fn zero_ends(&self, device: &str) -> io::Result<()>;

    /// Opens a device so that nobody else can open it alone; nothing if it is in use, which keeps it as well.
    fn claim(&self, device: &str) -> Option<Box<dyn Held>>;

    /// Takes the lock that keeps udev and udisks away from a device.
    ///
    /// # Errors
    ///
    /// If somebody else has it.
    fn lock(&self, device: &str) -> io::Result<Box<dyn Held>>;

    /// Tells whether somebody asked to stop.
    fn stopped(&self) -> bool;

    /// Runs a tool to its end.
    ///
    /// # Errors
    ///
    /// As [`Machine::watch`].
    fn run(&self, call: &Call) -> Result<Output, Failed> {
        self.watch(call, &mut |_| {})
    }

    /// Reads a file of text; nothing if it cannot be read.
    fn text(&self, path: &str) -> Option<String> {
        let bytes = self.read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\0']).to_owned())
    }
}
