//! An image: what the pipeline needs to know of a profile, in the words of the stages.
//!
//! The one place that turns options into inputs of stages. Reads the user's files to know their
//! digests; knows no graph.

mod compression;
#[cfg(test)]
mod golden;
mod initrd_drivers;
mod planned;

use std::path::Path;
use std::sync::Arc;

use isoplug_formats::squashfs;
use isoplug_manifest::lock::{Lock, LockedImage, LockedPackage};
use isoplug_manifest::options::{InitrdCompression, InitrdModules};
use isoplug_manifest::plugin::Report;
use isoplug_manifest::{System, manifest};
use serde_json::json;

use crate::contribute::Contributor;
use crate::drivers::{self, Drivers as OwnDrivers};
use crate::facts::Facts;
use crate::initrd::Drivers;
use crate::papers::about::About;
use crate::papers::bill::{LIVE, System as OnMedium};
use crate::plugins::{Checker, Hook, Planner, Plugins, UsedPlugin};
use crate::pool::{self, Pool};
use crate::stages::fetch::Places;
use crate::stages::squashfs::BlockFolder;
use crate::{install, outputs, parts};
use isoplug_install_plan::InstallPlan;
use isoplug_manifest::options::MachineState;
use isoplug_packages::apt::Stanza;
use isoplug_sandbox::dpkg::Answer;

/// Everything that decides an image, and where its stages may look for things.
#[derive(Clone)]
pub struct Image {
    /// The name of the ISO without its ending: `rescue-1.0-amd64`.
    pub name: String,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// Others whose packages may be there, too.
    pub foreign: Vec<String>,
    /// The one time of all files, in seconds since 1970.
    pub epoch: u32,
    /// What is known of it from its manifest and its lock, for what lies beside it.
    pub about: About,
    /// The locked packages.
    pub locked: LockedImage,
    /// The lock's text, which is put beside the ISO.
    pub lock_text: String,
    /// Answers to what packages ask.
    pub answers: Vec<Answer>,
    /// Where packages may be fetched from; decides no byte.
    pub places: Places,
    /// Drivers that are compiled for it.
    pub drivers: Option<OwnDrivers>,
    /// The archive of packages that lies on its medium.
    pub pool: Option<Pool>,
    /// Kernel modules of the initrd.
    pub initrd_modules: InitrdModules,
    /// Drivers of the initrd that only some images need.
    pub initrd_drivers: Drivers,
    /// How the initrd is compressed.
    pub initrd_compression: InitrdCompression,
    /// Who adds to the rootfs, in order.
    pub contributors: Vec<Arc<dyn Contributor>>,
    /// What the user says of state of the machine that packages make.
    pub machine_state: Vec<MachineState>,
    /// Whether manual pages and documents stay.
    pub docs: bool,
    /// What compresses the squashfs, and its block size.
    pub compression: (squashfs::Codec, u32),
    /// Paths to leave out of the squashfs.
    pub exclude: Vec<String>,
    /// Where compressed blocks are kept; decides no byte.
    pub blocks: BlockFolder,
    /// What is the ISO's alone.
    pub iso: outputs::iso::Iso,
    /// Whether it is for a disk.
    pub installed: bool,
    /// Whether the kernel checks the live system's squashfs as it reads it.
    pub verity: bool,
    /// What its medium installs and how, without what only the built medium tells.
    pub plan: InstallPlan,
    /// The systems that its medium installs, by their names.
    pub targets: Vec<(String, Self)>,
    /// Scripts of plugins.
    pub hooks: Vec<Hook>,
    /// Plugins that plan stages.
    pub planners: Vec<Arc<dyn Planner>>,
    /// Plugins that check the finished image.
    pub checkers: Vec<Arc<dyn Checker>>,
    /// The plugins that were used.
    pub used: Vec<UsedPlugin>,
    /// What plugins have to say of their plans.
    pub reports: Vec<Report>,
}

/// What an image is made of besides its profile.
pub struct Materials<'a> {
    /// The folder that the user's files are relative to.
    pub folder: &'a Path,
    /// The lock, with the profile's packages in it.
    pub lock: &'a Lock,
    /// The profile's packages.
    pub locked: &'a LockedImage,
    /// `SOURCE_DATE_EPOCH`, if it is set; else that of the locked packages counts.
    pub epoch: Option<u64>,
    /// Answers to what packages ask.
    pub answers: Vec<Answer>,
    /// Where packages may be fetched from.
    pub places: Places,
    /// What the image's own apt reads.
    pub sources: Vec<Stanza>,
    /// The program that installs, if there is one for the architecture.
    pub installer: Option<&'static [u8]>,
    /// Where compressed blocks are kept.
    pub blocks: BlockFolder,
    /// What plugins bring.
    pub plugins: Plugins,
}

/// Why a profile is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The parts cannot do theirs.
    #[error(transparent)]
    Parts(#[from] parts::Error),
    /// What is the ISO's alone is wrong.
    #[error(transparent)]
    Iso(#[from] outputs::iso::Error),
    /// Drivers cannot be signed.
    #[error(transparent)]
    Drivers(#[from] drivers::Error),
    /// The archive of the packages on the medium cannot be signed.
    #[error(transparent)]
    Pool(#[from] pool::Error),
    /// A plugin refuses to plan a stage.
    #[error("plugin `{plugin}` refuses the image")]
    Refused {
        /// The plugin.
        plugin: String,
        /// What it reports, errors among it.
        reports: Vec<Report>,
    },
    /// A plugin's plan cannot be carried out.
    #[error(
        "plugin `{plugin}` made a plan for the stage {stage} that cannot be carried out: {reason}"
    )]
    Plan {
        /// The stage.
        stage: &'static str,
        /// The plugin.
        plugin: String,
        /// Why not.
        reason: String,
    },
    /// A time that no file system can hold.
    #[error("the epoch {0} is beyond 2106, the end of what squashfs can hold")]
    Epoch(u64),
}

impl Image {
    /// Makes the image of an evaluated profile.
    ///
    /// # Errors
    ///
    /// When a file of the user's cannot be read, a plugin refuses or plans what cannot be, or nothing boots
    /// the architecture.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn new(system: &System, materials: Materials) -> Result<Self, Error> {
        let options = &system.options;
        let Materials { folder, lock, locked, epoch, answers, places, .. } = materials;
        let Materials { sources, installer, blocks, plugins, .. } = materials;
        let epoch = epoch.unwrap_or(locked.epoch);
        let Plugins { contributors, medium, hooks, planners, checkers, used } = plugins;
        let known = Facts::of(system, locked, epoch);
        let facts = json!({ "name": name(system), "arch": system.arch });
        let squashfs = planned::squashfs(&planners, &facts, &options.squashfs)?;
        let menu = planned::menu(&planners, &facts, outputs::iso::menu(system))?;
        let about = About::of(system, lock, locked);
        let card = about.card(epoch);
        let (params, initrd) = (&menu.inputs.kernel_params, options.initrd.clone());
        Ok(Self {
            name: name(system),
            arch: system.arch.clone(),
            foreign: system.options.packages.architectures.clone(),
            epoch: u32::try_from(epoch).map_err(|_| Error::Epoch(epoch))?,
            about,
            locked: locked.clone(),
            lock_text: lock.to_toml(),
            answers,
            places,
            drivers: drivers::drivers(system, locked, folder)?,
            pool: pool::pool(system)?,
            initrd_drivers: initrd_drivers::drivers(&initrd, params, &planners),
            initrd_modules: initrd.modules,
            initrd_compression: initrd.compression,
            contributors: with_installer(
                parts::parts(system, folder, &known, contributors, sources)?,
                installer.filter(|_| !system.targets.is_empty()),
            ),
            machine_state: options.packages.machine_state.clone(),
            docs: options.packages.docs,
            compression: compression::compression(&squashfs.inputs),
            exclude: squashfs.inputs.exclude,
            blocks,
            iso: outputs::iso::Iso {
                card,
                ..outputs::iso::Iso::new(system, menu.inputs, folder, &known, medium)?
            },
            installed: system.is_installed(),
            verity: system.options.iso.verity && !system.is_installed(),
            plan: install::plan(system),
            targets: Vec::new(),
            hooks,
            planners,
            checkers,
            used,
            reports: [squashfs.reports, menu.reports].concat(),
        })
    }
}

impl Image {
    /// Returns the packages of the live system, and those that what it installs has besides.
    #[must_use]
    pub fn installed_packages(&self) -> Vec<LockedPackage> {
        self.of_systems(|image| image.locked.groups.concat())
    }

    /// Returns the packages for later, of a medium and of what it installs; each once.
    #[must_use]
    pub fn offline_packages(&self) -> Vec<LockedPackage> {
        self.of_systems(|image| image.locked.offline.clone())
    }

    /// Returns what packages the systems have, each once.
    fn of_systems(&self, of: impl Fn(&Self) -> Vec<LockedPackage>) -> Vec<LockedPackage> {
        let mut all = of(self);
        for package in self.targets.iter().flat_map(|(_, target)| of(target)) {
            if !all.contains(&package) {
                all.push(package);
            }
        }
        all
    }

    /// Returns the systems of a medium that installs some, the live one first, with their packages; of another none.
    #[must_use]
    pub fn systems(&self) -> Vec<OnMedium> {
        if self.targets.is_empty() {
            return Vec::new();
        }
        let live = (LIVE.to_owned(), self.locked.groups.concat());
        let target =
            |(name, target): &(String, Self)| (name.clone(), target.locked.groups.concat());
        [live].into_iter().chain(self.targets.iter().map(target)).collect()
    }

    /// Returns the packages that its drivers are compiled from.
    #[must_use]
    pub fn driver_packages(&self) -> Vec<LockedPackage> {
        let names = self.drivers.iter().flat_map(|drivers| &drivers.packages);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let packages = self.locked.drivers.iter();
        packages.filter(|package| names.contains(&&*package.name)).cloned().collect()
    }
}

/// Adds the program that installs before all others.
fn with_installer(
    mut contributors: Vec<Arc<dyn Contributor>>,
    program: Option<&'static [u8]>,
) -> Vec<Arc<dyn Contributor>> {
    let program = program.map(|program| Arc::new(parts::install::Program(program)) as _);
    contributors.splice(0..0, program);
    contributors
}

fn name(system: &System) -> String {
    file_name(&system.image, &system.profile, &system.arch)
}

/// Returns the name of an ISO without its ending: `name-version-arch`, with the profile in it unless it is called like the
/// image.
#[must_use]
pub fn file_name(image: &manifest::Image, profile: &str, arch: &str) -> String {
    let profile = Some(profile).filter(|profile| *profile != image.name);
    let parts = [Some(&*image.name), profile, image.version.as_deref(), Some(arch)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}
