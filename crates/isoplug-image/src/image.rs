//! An image: what the pipeline needs to know of a profile, in the words of the stages.
//!
//! The one place that turns options into inputs of stages. Reads the user's files to know their
//! digests; knows no graph.

mod contributors;
mod drivers;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod needed;
mod planned;
mod squash;

pub use contributors::places;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use isoplug_formats::squashfs;
use isoplug_manifest::lock::{Lock, LockedImage};
use isoplug_manifest::options::{self, InitrdCompression, InitrdModules, Options};
use isoplug_manifest::plugin::Report;
use isoplug_manifest::{MenuEntry, Needed, System};
use serde_json::json;

use crate::contribute::Contributor;
use crate::contribute::content::source;
use crate::contribute::content::source::Source;
use crate::contribute::content::{FileContent, NewFile};
use crate::contribute::live::AptSource;
use crate::dpkg::Answer;
use crate::grub::{Entry, Machine, Menu, Serial};
use crate::initrd::Drivers;
use crate::plugins::{Hook, Judge, Planner, Plugins, UsedPlugin};
use crate::stages::fetch::Places;
use crate::stages::settled::OwnState;
use crate::stages::squashfs::BlockFolder;

/// Everything that decides an image, and where its stages may look for things.
#[derive(Clone)]
pub struct Image {
    /// The name of the ISO without its ending: `rescue-1.0-amd64`.
    pub name: String,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The one time of all files, in seconds since 1970.
    pub epoch: u32,
    /// The locked packages.
    pub locked: LockedImage,
    /// The lock's text, which is put beside the ISO.
    pub lock_text: String,
    /// Answers to what packages ask.
    pub answers: Vec<Answer>,
    /// Where packages may be fetched from; decides no byte.
    pub places: Places,
    /// Kernel modules of the initrd.
    pub initrd_modules: InitrdModules,
    /// Drivers of the initrd that only some images need.
    pub initrd_drivers: Drivers,
    /// How the initrd is compressed.
    pub initrd_compression: InitrdCompression,
    /// Who adds to the rootfs, in order.
    pub contributors: Vec<Arc<dyn Contributor>>,
    /// What the user says of state of the machine that packages make.
    pub machine_state: Vec<OwnState>,
    /// Whether manual pages and documents stay.
    pub docs: bool,
    /// What compresses the squashfs, and its block size.
    pub compression: (squashfs::Codec, u32),
    /// Paths to leave out of the squashfs.
    pub exclude: Vec<String>,
    /// Where compressed blocks are kept; decides no byte.
    pub blocks: BlockFolder,
    /// Whether it boots under a BIOS, under UEFI, and with Secure Boot on.
    pub firmware: (bool, bool, bool),
    /// The boot menu.
    pub menu: Menu,
    /// The machine that it boots on.
    pub machine: Machine,
    /// The medium's label.
    pub volume_id: String,
    /// What the medium says it is, in one line.
    pub description: String,
    /// Files for the medium itself.
    pub medium: Vec<NewFile>,
    /// How many bytes the ISO may have at most.
    pub max_size: Option<u64>,
    /// Scripts of plugins.
    pub hooks: Vec<Hook>,
    /// Plugins that plan stages.
    pub planners: Vec<Arc<dyn Planner>>,
    /// Plugins that judge the finished image.
    pub judges: Vec<Arc<dyn Judge>>,
    /// The plugins that were used.
    pub used: Vec<UsedPlugin>,
    /// What plugins have to say of their plans.
    pub reports: Vec<Report>,
}

/// What an image is made of besides its profile.
pub struct Surroundings<'a> {
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
    pub sources: Vec<AptSource>,
    /// Where compressed blocks are kept.
    pub blocks: BlockFolder,
    /// What plugins bring.
    pub plugins: Plugins,
}

/// Why a profile is no image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the user's cannot be read.
    #[error("the source of {target} cannot be read")]
    Source {
        /// Where it was to go.
        target: String,
        /// Why.
        source: source::Error,
    },
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
    /// A plugin wants the place of what is not there, or not built in.
    #[error(
        "{plugin} replaces `{part}`, and the built-in parts of this image are {}", parts.join(", ")
    )]
    Replaces {
        /// The plugin.
        plugin: String,
        /// What it was to replace.
        part: String,
        /// What it could replace.
        parts: Vec<String>,
    },
    /// A time that no file system can hold.
    #[error("the epoch {0} is beyond 2106, the end of what squashfs can hold")]
    Epoch(u64),
}

impl Image {
    /// Makes the image of an evaluated profile.
    pub fn new(system: &System, around: Surroundings) -> Result<Self, Error> {
        let options = &system.options;
        let epoch = around.epoch.unwrap_or(around.locked.epoch);
        let Plugins { contributors, medium, hooks, planners, judges, used } = around.plugins;
        let facts = json!({ "name": name(system), "arch": system.arch });
        let squashfs = planned::squashfs(&planners, &facts, &options.squashfs)?;
        let menu = planned::menu(&planners, &facts, menu(system))?;
        let reports = [squashfs.reports, menu.reports].concat();
        Ok(Self {
            name: name(system),
            arch: system.arch.clone(),
            epoch: u32::try_from(epoch).map_err(|_| Error::Epoch(epoch))?,
            locked: around.locked.clone(),
            lock_text: around.lock.to_toml(),
            answers: around.answers,
            places: around.places,
            initrd_modules: options.initrd.modules.clone(),
            initrd_drivers: drivers::drivers(
                &options.initrd,
                &menu.inputs.kernel_params,
                &planners,
            ),
            initrd_compression: options.initrd.compression,
            contributors: contributors::contributors(
                system,
                around.folder,
                contributors,
                around.sources,
            )?,
            machine_state: contributors::machine_state(options),
            docs: options.packages.docs,
            compression: squash::compression(&squashfs.inputs),
            exclude: squashfs.inputs.exclude,
            blocks: around.blocks,
            firmware: (
                options.boot.bios && system.arch == "amd64",
                options.boot.uefi,
                options.boot.secure_boot,
            ),
            menu: menu.inputs,
            machine: if system.arch == "arm64" { Machine::Arm64 } else { Machine::Pc },
            volume_id: volume_id(system),
            description: title(system),
            medium: with_others(own_medium(system, around.folder)?, medium),
            max_size: options.iso.max_bytes(),
            hooks,
            planners,
            judges,
            used,
            reports,
        })
    }
}

/// Returns `name-version-arch`, with the profile in it unless it is called like the image.
fn name(system: &System) -> String {
    let image = &system.image;
    let profile = Some(&system.profile).filter(|profile| **profile != image.name);
    let parts = [Some(&image.name), profile, image.version.as_ref(), Some(&system.arch)];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("-")
}

/// Returns what a person calls the image: its name and version.
fn title(system: &System) -> String {
    match &system.image.version {
        Some(version) => format!("{} {version}", system.image.name),
        None => system.image.name.clone(),
    }
}

/// Returns the label that was set, or one made of the title: capital letters, digits and `_`.
fn volume_id(system: &System) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let made = || title(system).chars().map(plain).take(32).collect();
    system.options.iso.volume_id.clone().unwrap_or_else(made)
}

fn menu(system: &System) -> Menu {
    let Options { boot, iso, .. } = &system.options;
    let serial = &boot.serial;
    Menu {
        label: format!("{}{}{}", iso.menu_label_prefix, title(system), iso.menu_label_suffix),
        kernel_params: kernel_params(system),
        timeout: boot.timeout,
        text_mode: boot.menu.text_mode,
        safe_graphics: boot.menu.safe_graphics,
        copy_to_ram: boot.menu.copy_to_ram,
        entries: system.needs.menu.iter().map(entry).collect(),
        serial: serial.enable.then_some(Serial { port: serial.port, speed: serial.speed }),
    }
}

/// Returns what parts need and then what the user says, which comes last, where it wins.
fn kernel_params(system: &System) -> Vec<String> {
    let listed = &system.options.boot.kernel_params;
    let needed = system.needs.kernel_params.iter().map(|needed| needed.what.clone());
    let needed = needed.filter(|param| !listed.contains(param));
    needed.chain(listed.iter().cloned()).collect()
}

fn entry(needed: &Needed<MenuEntry>) -> Entry {
    let MenuEntry { id, label, params } = needed.what.clone();
    Entry { id, label, params }
}

/// Adds files to others that win.
fn with_others(own: Vec<NewFile>, others: Vec<NewFile>) -> Vec<NewFile> {
    let target = |file: &NewFile| file.target.trim_matches('/').to_owned();
    let taken: BTreeSet<String> = own.iter().map(target).collect();
    let others = others.into_iter().filter(|file| !taken.contains(&target(file)));
    others.collect::<Vec<_>>().into_iter().chain(own).collect()
}

/// Returns the files for the medium that parts need and those of the user's, which win.
fn own_medium(system: &System, folder: &Path) -> Result<Vec<NewFile>, Error> {
    let file = |file: &options::IsoFile| {
        Ok(NewFile {
            target: file.target.clone(),
            from: from(&file.target, file.text.as_deref(), file.source.as_deref(), folder)?,
            mode: None,
            user: "root".to_owned(),
            group: "root".to_owned(),
        })
    };
    let own = system.options.iso.contents.iter().map(file).collect::<Result<_, Error>>()?;
    let needed = system.needs.medium.iter().map(|needed| file(&needed.what));
    Ok(with_others(own, needed.collect::<Result<_, Error>>()?))
}

/// Returns what a file holds: its text, or what its source holds now.
fn from(
    target: &str,
    text: Option<&str>,
    path: Option<&str>,
    folder: &Path,
) -> Result<FileContent, Error> {
    match (text, path) {
        (None, Some(path)) => {
            let failed = |source| Error::Source { target: target.to_owned(), source };
            Ok(FileContent::Source(Source::scan(&folder.join(path)).map_err(failed)?))
        }
        (text, _) => Ok(FileContent::Bytes(text.unwrap_or_default().as_bytes().to_vec())),
    }
}
