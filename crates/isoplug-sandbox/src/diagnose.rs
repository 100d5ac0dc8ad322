//! Says whether this machine lets the user make sandboxes, and what to change if not.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nix::unistd::Uid;

use super::foreign::Foreign;
use super::identity::TABLES;
use super::job::{Answer, Failure, Kept};
use super::launch::{Launch, Watch};
use super::room::Room;
use super::{Error, FEW, Limits, apart, init, nobody, seccomp};

/// One thing that sandboxes need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is needed.
    pub what: String,
    /// Whether it is there.
    pub ok: bool,
    /// What to do if it is not.
    pub fix: Option<String>,
    /// Whether there is no sandbox without it; else sandboxes are less tight.
    pub needed: bool,
}

/// Looks for all that a sandbox needs, by making one at last.
pub fn diagnose() -> Vec<Finding> {
    let mut findings = Vec::new();
    if !Uid::effective().is_root() {
        for table in &TABLES {
            findings.push(mapper(table.program));
            let range = table.range();
            findings.push(finding(&format!("65535 numbers in {}", table.file), range));
        }
    }
    let probe = Probe::default();
    findings.push(finding("user namespaces", probe.run("")));
    findings.extend(probe.said.into_inner().unwrap_or_default().iter().map(|line| less(line)));
    if Uid::effective().is_root() && TABLES.iter().any(|table| nobody::first(table).is_none()) {
        findings.push(Finding {
            fix: Some(NOBODY.to_owned()),
            ..less("numbers of users that are nobody's")
        });
    }
    findings
}

/// Looks whether sandboxes run programs of an architecture, in Debian's words, by making one that is to. Images of it need that
/// for the scripts of its packages.
///
/// # Errors
///
/// If this machine makes no sandboxes, or none with such programs.
pub fn runs_programs_of(arch: &str) -> Result<(), Error> {
    Probe::default().run(arch)
}

const NOBODY: &str =
    "give the container more numbers of users than 65536, or build as an ordinary user";

fn less(what: &str) -> Finding {
    let fix = Some("a newer Linux has it".to_owned());
    Finding { what: what.to_owned(), ok: false, fix, needed: false }
}

/// Hears what a sandbox on this machine lacks.
#[derive(Default)]
struct Probe {
    said: Mutex<Vec<String>>,
}

impl Probe {
    /// Makes a sandbox that runs programs of an architecture; of this machine's, if it is empty.
    fn run(&self, arch: &str) -> Result<(), Error> {
        let limits = Limits::default();
        let launch =
            Launch { role: "probe", input: arch, files: vec![], folder: None, limits: &limits };
        launch.run(self).map(|_| ())
    }
}

impl Watch for Probe {
    fn line(&self, line: &str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Plays the role of a sandbox that only has to come to life. Says what it would be better with.
pub(super) fn main() -> u8 {
    apart::keep_descriptors_back();
    let done = init::prepare().and_then(|()| {
        let arch = init::told()?;
        Room { memory: Some(1 << 20), foreign: Foreign::find(arch.trim())? }.enter()?;
        limit()
    });
    match done {
        Ok(()) => Answer::Done(Kept::default()).send(),
        Err(failure) => Answer::Failed(failure).send(),
    }
    0
}

/// Limits this process as programs are, and says what the kernel does not have.
fn limit() -> Result<(), Failure> {
    let limits = Limits::default();
    limits.set().map_err(Failure::of("set limits"))?;
    let mut lacking = limits.set_of_namespaces();
    let told = seccomp::confine().map_err(Failure::of("forbid system calls (seccomp)"))?;
    if told.is_none() {
        lacking.push("seccomp_unotify, for the order of names in folders");
    }
    if !lacking.is_empty() {
        _ = writeln!(std::io::stderr(), "limits for a whole sandbox ({})", lacking.join(", "));
    }
    Ok(())
}

fn mapper(program: &'static str) -> Finding {
    let found = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists());
    let found = if found { Ok(()) } else { Err(Error::NoMapper { program }) };
    finding(program, found)
}

fn finding<T>(what: &str, found: Result<T, Error>) -> Finding {
    let fix = match &found {
        Ok(_) => None,
        Err(Error::Refused { fix, .. } | Error::NoRange { fix, .. }) => Some(fix.clone()),
        Err(Error::FewNumbers { .. }) => Some(FEW.to_owned()),
        Err(error) => Some(error.to_string()),
    };
    Finding { what: what.to_owned(), ok: found.is_ok(), fix, needed: true }
}
