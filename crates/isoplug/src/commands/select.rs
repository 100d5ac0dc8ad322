//! The arguments by which most commands choose a manifest, profiles and an architecture.

use std::path::PathBuf;

use isoplug_packages::Allow;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::pick::Pick;
use crate::project::Project;

/// Which images to work on.
#[derive(Debug, clap::Args)]
pub(crate) struct Select {
    /// The folder of the manifest
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Only this profile; may be given several times [default: the manifest's defaults, else all]
    #[arg(long, short = 'p', value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// Every profile
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,
    /// The architecture of the image, in Debian's words [default: this machine's]
    #[arg(long, value_name = "ARCH", value_parser = isoplug_arch::with_images())]
    arch: Option<String>,
}

impl Select {
    /// Returns the architecture.
    pub(crate) fn arch(&self) -> String {
        self.arch.clone().unwrap_or_else(|| host_arch().to_owned())
    }

    /// Opens the project and chooses its images.
    pub(crate) fn open(&self) -> Result<(Project, Vec<Pick>), Failure> {
        let project = Project::open(&self.folder)?;
        let profiles = project.choose(&self.profile, self.all)?;
        let pick = |profile| Pick { profile, arch: self.arch() };
        Ok((project, profiles.into_iter().map(pick).collect()))
    }

    /// Opens the project for a command that works on one image.
    pub(crate) fn open_one(&self) -> Result<(Project, Pick), Failure> {
        let (project, mut picks) = self.open()?;
        if let (1, Some(pick)) = (picks.len(), picks.pop()) {
            return Ok((project, pick));
        }
        let profiles = project.choose(&self.profile, self.all)?;
        Err(Failure::new(Exit::Manifest, "there are several profiles")
            .hint(format!("--profile with one of {}", profiles.join(", "))))
    }
}

/// How a command may use the lock.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Locking {
    /// Fail if the lock would have to change (for CI)
    #[arg(long)]
    locked: bool,
}

impl Locking {
    /// Returns how a command that only looks uses the lock: it makes none.
    pub(crate) fn looking(self) -> LockUse {
        if self.locked { LockUse::AsItIs } else { LockUse::Looked }
    }
}

impl From<Locking> for LockUse {
    fn from(Locking { locked }: Locking) -> Self {
        if locked { LockUse::AsItIs } else { LockUse::Extend }
    }
}

/// What of the lock may be given up.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Allowing {
    /// Accept a suite that is older than the one that is locked
    #[arg(long)]
    allow_older: bool,
    /// Accept a suite that is called otherwise than when it was locked
    #[arg(long)]
    allow_suite_change: bool,
}

impl From<Allowing> for Allow {
    fn from(Allowing { allow_older, allow_suite_change }: Allowing) -> Self {
        Self { older: allow_older, other_suite: allow_suite_change }
    }
}

/// Returns this machine's architecture in Debian's words.
pub(crate) fn host_arch() -> &'static str {
    isoplug_arch::of_host().map_or(std::env::consts::ARCH, |arch| arch.name)
}
