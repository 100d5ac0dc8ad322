//! The arguments by which most commands choose a manifest, profiles and an architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use isoplug_packages::Allow;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::pick::Pick;
use crate::project::Project;
use crate::session::Session;
use crate::shard::Shard;

/// Which images to work on.
#[derive(Debug, clap::Args)]
pub(crate) struct Select {
    /// The folder of the manifest
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Only these profiles, or those of these groups, separated by commas; may be given several times [default: the
    /// manifest's defaults, else all]
    #[arg(long, short = 'p', value_name = "NAME", value_delimiter = ',')]
    pub(crate) profile: Vec<String>,
    /// Every profile
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,
    /// The architectures of the images, in Debian's words, separated by commas [default: this machine's]
    #[arg(long, value_name = "ARCH", value_delimiter = ',', value_parser = isoplug_arch::with_images())]
    arch: Vec<String>,
    #[command(flatten)]
    vars: Vars,
}

/// What variables of the manifest are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Vars {
    /// Set a variable of the manifest; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = assignment)]
    vars: Vec<(String, String)>,
}

impl Vars {
    /// Returns what the variables are; of two values of one the last counts.
    pub(crate) fn given(&self) -> BTreeMap<String, String> {
        self.vars.iter().cloned().collect()
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as channel=beta")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Select {
    /// Opens the project and chooses its images: each profile for each architecture.
    pub(crate) fn open(&self) -> Result<(Project, Vec<Pick>), Failure> {
        let mut project = Project::open(&self.folder)?;
        project.vars = self.vars.given();
        let (profiles, arches) = (project.choose(&self.profile, self.all)?, self.arches());
        let of = |profile: &String| {
            let pick = |arch: &String| Pick { profile: profile.clone(), arch: arch.clone() };
            arches.iter().map(pick).collect::<Vec<_>>()
        };
        Ok((project, profiles.iter().flat_map(of).collect()))
    }

    /// Opens the project for a command that works on one image.
    pub(crate) fn open_one(&self) -> Result<(Project, Pick), Failure> {
        let (project, picks) = self.open()?;
        let arch = self.one_arch()?;
        match &picks[..] {
            [pick] => Ok((project, pick.clone())),
            _ => Err(Failure::new(Exit::Manifest, "there are several profiles").hint(format!(
                "--profile with one of {}",
                picks
                    .iter()
                    .filter(|pick| pick.arch == arch)
                    .map(|pick| &*pick.profile)
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// Returns the architecture for a command that works on one image.
    pub(crate) fn one_arch(&self) -> Result<String, Failure> {
        match &self.arches()[..] {
            [arch] => Ok(arch.clone()),
            several => Err(Failure::new(Exit::Manifest, "there are several architectures")
                .hint(format!("--arch with one of {}", several.join(", ")))),
        }
    }

    /// Returns the architectures, each once.
    fn arches(&self) -> Vec<String> {
        if self.arch.is_empty() {
            return vec![host_arch().to_owned()];
        }
        let mut once = BTreeSet::new();
        self.arch.iter().filter(|arch| once.insert(*arch)).cloned().collect()
    }
}

/// Which share of the images to work on.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sharding {
    /// Only a share of the images: the first of four is 1/4
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

impl Sharding {
    /// Returns this machine's images; a note says so if it has none.
    pub(crate) fn deal(self, picks: Vec<Pick>, session: &Session) -> Vec<Pick> {
        let (Some(shard), count) = (self.shard, picks.len()) else { return picks };
        let dealt = shard.deal(picks);
        if dealt.is_empty() {
            session.note(&format!("nothing to do: none of the images ({count}) is in this shard"));
        }
        dealt
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
