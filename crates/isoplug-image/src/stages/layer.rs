//! Makes a layer of the fetched packages of one install group: what the stages `base` and
//! `packages` have in common.

use std::cell::RefCell;
use std::fs::File;
use std::io;

use isoplug_engine::{Artifact, Blob, Context, Tree};
use isoplug_formats::deb::Deb;
use isoplug_manifest::lock::LockedPackage;
use serde::Serialize;

use crate::stages::fetch;
use isoplug_sandbox::dpkg::failed::{Failed, Transcript};
use isoplug_sandbox::dpkg::{Answer, Install, Package, Reason, reason};
use isoplug_sandbox::stored::{self, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Job};

/// Why a layer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of packages.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// A package whose scripts, or whose installation, failed.
    #[error("{}{}{}", headline(package, reason), also(others), lines(said))]
    Package {
        /// Its name.
        package: String,
        /// Why, as far as that is known.
        reason: Box<Reason>,
        /// What it and dpkg said.
        said: Vec<String>,
        /// Others that failed by themselves.
        others: Vec<String>,
        /// That there was no space.
        source: Option<io::Error>,
    },
    /// The sandbox; not transparent, so that it can be found among the causes.
    #[error("{0}")]
    Sandbox(#[source] sandbox::Error),
    /// Programs that took too much, and what was being done then.
    #[error("{source}\n  it was at: {at}")]
    Ended {
        /// The last step that dpkg told.
        at: String,
        /// What they took.
        source: sandbox::Error,
    },
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Error {
    /// Tells whether there was no space.
    fn is_full(&self) -> bool {
        match self {
            Self::Package { reason, .. } => **reason == Reason::Full,
            Self::Sandbox(sandbox::Error::Setup { reason, .. }) => reason::says_full(reason),
            // On the disk, the work folder takes none of the memory.
            Self::Ended { source: sandbox::Error::Limit { over, .. }, .. } => over.is_memory(),
            _ => false,
        }
    }

    /// Returns what to try.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Package { package, reason, .. } => reason.hints(package),
            _ => Vec::new(),
        }
    }
}

/// Which time a layer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Round {
    /// For images.
    First,
    /// Once more, to be compared with the first.
    Again,
}

impl Round {
    /// Returns the name of the machine on which packages are installed.
    fn host(self) -> &'static str {
        match self {
            Self::First => sandbox::HOST,
            Self::Again => sandbox::OTHER_HOST,
        }
    }

    /// Tells whether its work folder is to be on the disk, whose folders list their files in another order than those in
    /// memory.
    fn on_disk(self) -> bool {
        self == Self::Again
    }
}

fn headline(package: &str, reason: &Reason) -> String {
    match reason {
        Reason::Taken { file, by } => {
            format!("the packages {package} and {by} both have the file {file}")
        }
        Reason::Network => {
            format!("the package {package} cannot be installed: its script wants the network")
        }
        _ => format!("the package {package} cannot be installed"),
    }
}

fn also(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(", nor can {}", others.join(", ")) }
}

fn lines(said: &[String]) -> String {
    said.iter().map(|line| format!("\n  {line}")).collect()
}

/// Returns the failure of the packages that failed by themselves, or of the first that waits for
/// another; none, if no package failed.
fn of_packages(failed: &[Failed], packages: &[Package]) -> Option<Error> {
    let (first, others) = failed.split_first()?;
    let others = others.iter().filter(|failed| !failed.waits);
    let package = packages.iter().find(|package| package.name == first.package);
    let reason = Reason::of(first, &package.map(templates).unwrap_or_default());
    let shown = std::iter::once(first).chain(others.clone().take(SHOWN - 1));
    Some(Error::Package {
        package: first.package.clone(),
        said: shown.flat_map(|failed| failed.lines.clone()).collect(),
        others: others.map(|failed| failed.package.clone()).collect(),
        source: (reason == Reason::Full).then(|| io::ErrorKind::StorageFull.into()),
        reason: Box::new(reason),
    })
}

/// Of how many packages that failed the lines are shown.
const SHOWN: usize = 3;

/// Returns the package's questions; a package that cannot be read has none.
fn templates(package: &Package) -> String {
    let deb = File::open(&package.deb).ok().and_then(|file| Deb::open(file).ok());
    let files = deb.and_then(|deb| deb.known().control_files().ok());
    let templates = files.and_then(|mut files| files.remove("templates"));
    templates.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
}

impl From<StoredError> for Error {
    fn from(error: StoredError) -> Self {
        match error {
            StoredError::Engine(error) => Self::Engine(error),
            StoredError::Sandbox(error) => Self::Sandbox(error),
        }
    }
}

/// What is installed, and how.
#[derive(Clone, Copy)]
pub struct Installed<'a> {
    /// The fetched packages ([`fetch::read`]).
    pub debs: Artifact<Blob>,
    /// Answers to what they ask.
    pub answers: &'a [Answer],
    /// Other architectures whose packages may be there, too.
    pub foreign: &'a [String],
    /// Whether their drivers are compiled elsewhere.
    pub drivers_apart: bool,
}

/// Installs the packages over the parent; without a parent, as the Essential set of a new tree.
///
/// # Errors
///
/// When a package cannot be installed, the sandbox not run, or the layer not be stored.
pub fn layer(
    parent: Option<Artifact<Tree>>,
    installed: Installed,
    arch: &str,
    epoch: u32,
    round: Round,
    out: Artifact<Tree>,
    cx: &Context,
) -> Result<(), Error> {
    let Installed { debs, answers, foreign, drivers_apart } = installed;
    let packages = packages(debs, cx)?;
    let mut job = stored::begin(parent, arch, epoch, cx)?;
    job.host = round.host().to_owned();
    job.on_disk = round.on_disk();
    let install = Install {
        packages: packages.clone(),
        essential: parent.is_none(),
        answers: answers.to_vec(),
        foreign: foreign.to_vec(),
        drivers_apart,
    };
    job.install = Some(install);
    let made = attempt(job.clone(), &packages, parent, out, cx);
    if made.as_ref().is_err_and(Error::is_full) {
        // Scripts may write more than the packages let expect, and memory ends before the disk.
        cx.log("no space was left; once more, with the work folder on the disk");
        job.on_disk = true;
        return attempt(job, &packages, parent, out, cx);
    }
    made
}

fn attempt(
    job: Job,
    packages: &[Package],
    parent: Option<Artifact<Tree>>,
    out: Artifact<Tree>,
    cx: &Context,
) -> Result<(), Error> {
    let transcript = RefCell::new(Transcript::default());
    let at = RefCell::new(String::new());
    let hear = |line: &str| {
        transcript.borrow_mut().line(line);
        if STEPS.iter().any(|step| line.starts_with(step)) {
            line.clone_into(&mut at.borrow_mut());
        }
    };
    let counted = &["Unpacking ", "Setting up "];
    let lines = Lines::new(cx, counted, 2 * packages.len()).heard_by(&hear);
    stored::keep(job, out, parent, &lines).map_err(|error| match error {
        StoredError::Sandbox(sandbox::Error::Command { .. }) => {
            of_packages(&transcript.take().failed(), packages).unwrap_or_else(|| error.into())
        }
        StoredError::Sandbox(source @ sandbox::Error::Limit { .. }) => {
            Error::Ended { at: at.take(), source }
        }
        error => error.into(),
    })
}

/// How lines of dpkg begin that tell what it does now.
const STEPS: [&str; 4] =
    ["Preparing to unpack ", "Unpacking ", "Setting up ", "Processing triggers for "];

/// Returns the fetched packages of a list ([`fetch::read`]).
///
/// # Errors
///
/// When the list cannot be read.
pub fn packages(debs: Artifact<Blob>, cx: &Context) -> Result<Vec<Package>, fetch::Error> {
    let listed = fetch::read(&cx.path(debs)?)?.into_iter();
    let package = |listed: LockedPackage| {
        let deb = cx.referred(&fetch::digest(&listed)?)?;
        Ok(Package { name: listed.name.into(), architecture: listed.architecture.into(), deb })
    };
    listed.map(package).collect()
}
