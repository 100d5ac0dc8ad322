//! How far an installation is: lines for people, lines of JSON for programs, and the log.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use isoplug_install_plan::{Step, Target};
use serde_json::json;

use crate::machine::Journal;

/// Where the log is while the installer runs.
pub const LOG: &str = "/run/isoplug/install.log";

/// The steps in their order, and what people read.
pub const STEPS: [(Step, &str); 7] = [
    (Step::Verify, "Checking the medium"),
    (Step::Release, "Releasing the disk"),
    (Step::Partition, "Making partitions"),
    (Step::Unpack, "Unpacking"),
    (Step::Settle, "Settling in"),
    (Step::Loader, "Installing the boot loader"),
    (Step::Prove, "Looking at it again"),
];

/// Tells how far it is.
pub struct Report {
    weights: [u64; 7],
    json: bool,
    out: RefCell<Box<dyn Write>>,
    at: Cell<usize>,
    told: Cell<u64>,
}

impl Report {
    /// Begins a report. A step without a weight gets a guess from the sizes, in tenths of a second.
    #[must_use]
    pub fn new(target: &Target, json: bool, out: Box<dyn Write>) -> Self {
        let bytes: u64 = target.squashfs.iter().map(|each| each.bytes).sum();
        let guess = [bytes / 10_000_000, 10, 60, target.unpacked() / 2_000_000, 30, 150, 30];
        let mut weights = [0; 7];
        for (at, (step, _)) in STEPS.iter().enumerate() {
            weights[at] = target.weights.get(step).copied().unwrap_or(guess[at]).max(1);
        }
        Self { weights, json, out: RefCell::new(out), at: Cell::new(0), told: Cell::new(0) }
    }

    /// A step begins.
    pub fn begin(&self, step: Step) {
        self.at.set(STEPS.iter().position(|(each, _)| *each == step).unwrap_or_default());
        self.told.set(0);
        self.line(0);
    }

    /// A step did a part of what it does.
    pub fn progress(&self, done: u64, of: u64) {
        let percent = (done.saturating_mul(100)).checked_div(of).unwrap_or(100).min(100);
        if percent >= self.told.get() + 10 {
            self.told.set(percent);
            self.line(percent);
        }
    }

    /// Something that happens within a step.
    pub fn say(&self, text: &str) {
        match self.json {
            true => self.print(&json!({ "note": text }).to_string()),
            false => self.print(&format!("  {text}")),
        }
    }

    /// Something that people should know.
    pub fn warn(&self, text: &str) {
        match self.json {
            true => self.print(&json!({ "warning": text }).to_string()),
            false => self.print(&format!("warning: {text}")),
        }
    }

    fn line(&self, percent: u64) {
        let at = self.at.get();
        let (step, title) = &STEPS[at];
        let before: u64 = self.weights[..at].iter().sum();
        let all: u64 = self.weights.iter().sum();
        let total = (before * 100 + self.weights[at] * percent) / all;
        let number = at + 1;
        let line = if self.json {
            json!({ "step": step, "number": number, "of": 7, "percent": percent, "total": total })
                .to_string()
        } else {
            let percent = if percent > 0 { format!(" {percent} %") } else { String::new() };
            format!("[{number}/7] {title} …{percent}")
        };
        self.print(&line);
    }

    fn print(&self, line: &str) {
        // A terminal that has gone away must not stop an installation.
        let mut out = self.out.borrow_mut();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

/// The log in a file.
pub struct Log(RefCell<File>);

impl Log {
    /// Begins the log.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn new(path: &str) -> io::Result<Self> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o640).open(path)?;
        Ok(Self(RefCell::new(file)))
    }
}

impl Journal for Log {
    fn line(&self, line: &str) {
        // A log that is full must not stop an installation.
        let _ = writeln!(self.0.borrow_mut(), "{line}");
    }
}
