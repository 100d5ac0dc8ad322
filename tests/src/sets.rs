//! Installs sets of packages by isoplug and by apt, over one base, and compares the two systems.
//!
//! Only the layers are made, none of the rest of an image. Needs root, apt-get and a mirror of
//! Debian. The program of it is `package-sets`; `tests/long.sh sets` starts it.

pub mod apt;
pub mod choice;
pub mod compare;
pub mod draw;
pub mod known;
pub mod layers;
pub mod lists;
pub mod named;
pub mod root;
pub mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use isoplug_manifest::lock::{LockedImage, LockedPackage};
use isoplug_packages::{Request, Resolvo, Universe, resolve};
use isoplug_sandbox::state::Patterns;
use isoplug_sandbox::state::suspect::Suspect;
use isoplug_sandbox::state::unknown::unknown;

use apt::Apt;
use choice::Difference;
use layers::{Layers, Made};
use table::Row;

/// A set of packages that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What it is called in the table.
    pub name: String,
    /// The wishes.
    pub install: Vec<String>,
    /// Whether recommended packages are wanted too.
    pub recommends: bool,
}

impl Set {
    /// Returns what is asked of the archive.
    pub fn request(&self) -> Request {
        Request {
            architecture: "amd64".to_owned(),
            install: self.install.clone(),
            recommends: self.recommends,
            ..Request::default()
        }
    }
}

/// All that the sets of a run share.
pub struct Bench<'a> {
    universe: &'a Universe<'a>,
    layers: &'a Layers,
    apt: Apt,
    folder: PathBuf,
}

impl<'a> Bench<'a> {
    /// Prepares apt's side in a folder: the archive's indices as isoplug read them, and the base.
    pub fn new(universe: &'a Universe<'a>, layers: &'a Layers, folder: &Path) -> Result<Self> {
        let nothing = Set { name: String::new(), install: Vec::new(), recommends: false };
        let base = resolve(&nothing.request(), universe, &Resolvo, None)?;
        let base = layers.make(&LockedImage { groups: vec![base.groups[0].clone()], ..base })?;
        let apt = Apt::new(&layers.indices, &base, folder, layers.epoch())?;
        Ok(Self { universe, layers, apt, folder: folder.to_owned() })
    }

    /// Returns how many packages isoplug chooses for a set, and how apt's choice differs.
    pub fn choice(&self, set: &Set) -> Result<(usize, Difference)> {
        let locked = resolve(&set.request(), self.universe, &Resolvo, None)?;
        let packages = locked.groups.concat();
        Ok((packages.len(), self.apt.choice(set, &packages)?))
    }

    /// Installs a set twice and says how the two differ.
    pub fn compare(&self, set: &Set) -> Result<Row> {
        let mut row = Row::new(set);
        let locked = resolve(&set.request(), self.universe, &Resolvo, None)?;
        let packages = locked.groups.concat();
        row.packages = packages.len();
        row.choice = self.apt.choice(set, &packages)?;
        self.layers.fetch(&locked)?;
        let ours = layers::timed(|| self.layers.make(&locked));
        row.ours = ours.time;
        match ours.value {
            Ok(made) => {
                row.refused = self.refused(&made)?;
                self.against_apt(&mut row, set, &packages, &made)?;
            }
            Err(error) => row.failure = Some(format!("isoplug: {error:#}")),
        }
        Ok(row)
    }

    /// Returns what a build finds of one machine only, and refuses.
    fn refused(&self, made: &Made) -> Result<Vec<String>> {
        let nothing = Patterns::new([]);
        let found = unknown(&made.tree, &made.packs, &nothing, self.layers.epoch())?;
        let refused = found.iter().filter(|one| one.suspect != Suspect::HostName);
        Ok(refused.map(ToString::to_string).collect())
    }

    /// Lets apt install the same, and notes what is not equal.
    fn against_apt(
        &self,
        row: &mut Row,
        set: &Set,
        packages: &[LockedPackage],
        ours: &Made,
    ) -> Result<()> {
        self.apt.offer(packages, self.layers)?;
        let root = layers::timed(|| self.apt.install(packages));
        row.theirs = root.time;
        match root.value? {
            Err(said) => row.failure = Some(format!("apt: {said}")),
            Ok(theirs) => {
                row.differences = compare::compare(ours, &theirs, self.layers.epoch())?;
                let list: String = row.differences.iter().map(|line| format!("{line}\n")).collect();
                std::fs::write(self.folder.join(format!("{}.differences", set.name)), list)?;
            }
        }
        Ok(())
    }

    /// Removes what only a set's own layer has, so that many sets need no more space than one.
    pub fn forget(&self) -> Result<()> {
        self.layers.collect().context("free the store")
    }
}
