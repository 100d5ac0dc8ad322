//! The ISO: a medium that boots as a disc and as a disk, with its menu, its loaders and the user's files on it.
//!
//! What of a profile is the ISO's alone becomes inputs of its stages here. Knows no package and no rootfs.

use std::collections::BTreeSet;
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Graph, Tree};
use isoplug_manifest::options::{IsoFile, Options};
use isoplug_manifest::{MenuEntry, Needed, System};

use crate::bootable::Offered;
use crate::facts::Facts;
use crate::grub::{Entry, Look, Machine, Menu, Serial, Shown};
use crate::params::kernel_params;
use crate::parts::files::{FileContent, NewFile, Refused};
use crate::stages::boot::{self, Boot};
use crate::stages::iso::{self, Finish};
use crate::stages::loaders::{self, LoaderFile, Loaders};
use crate::stages::medium::Medium;

/// What is the ISO's alone.
#[derive(Debug, Clone)]
pub struct Iso {
    /// What boots it, of its boot packages.
    pub loaders: Vec<LoaderFile>,
    /// The boot menu.
    pub shown: Shown,
    /// The medium's label.
    pub volume_id: String,
    /// What the medium says it is, in one line.
    pub description: String,
    /// What the image is, for programs that look at the medium ([`crate::papers::about::About::card`]).
    pub card: String,
    /// The certificate to be enrolled where Secure Boot is on, in DER.
    pub enrol: Option<Vec<u8>>,
    /// Files for the medium itself.
    pub files: Vec<NewFile>,
    /// What happens to the ISO once it is written.
    pub finish: Finish,
}

/// Why there can be no ISO of a profile.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file for the medium cannot be read, or filled in.
    #[error(transparent)]
    Source(#[from] Refused),
    /// The menu cannot look as it should.
    #[error(transparent)]
    Look(#[from] crate::grub::LookError),
    /// Nothing boots machines of the architecture.
    #[error(transparent)]
    Loaders(#[from] loaders::Error),
    /// The certificate of its drivers cannot be read.
    #[error(transparent)]
    Drivers(#[from] crate::drivers::Error),
}

/// What there is of it.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// The image's identity: 32 hexadecimal digits, which the running system shows too.
    pub identity: Artifact<Blob>,
    /// The user's files on it, if there are any.
    pub contents: Option<Artifact<Tree>>,
}

impl Iso {
    /// Takes what is its own of a profile. `folder` is that of the user's files, `facts` those of their templates; `files`
    /// are those of plugins.
    ///
    /// # Errors
    ///
    /// When a file of the user's cannot be read, or nothing boots machines of the architecture.
    pub fn new(
        system: &System,
        menu: Menu,
        folder: &Path,
        facts: &Facts,
        files: Vec<NewFile>,
    ) -> Result<Self, Error> {
        let options = &system.options;
        let (look, of_look) = Look::new(&options.boot.menu, folder)?;
        let files = with_others(own_files(system, folder, facts)?, with_others(of_look, files));
        let is_pc = isoplug_arch::is_pc(&system.arch);
        let machine = if is_pc { Machine::Pc } else { Machine::Arm64 };
        let certificate = crate::drivers::certificate(system, folder)?;
        let enrol = certificate.filter(|_| options.boot.secure_boot);
        Ok(Self {
            loaders: loaders::choice(system.distribution(), &system.arch, &options.boot)?,
            shown: Shown { menu, look, machine, enrol: enrol.is_some(), kernels: Vec::new() },
            enrol,
            volume_id: volume_id(system),
            description: system.image.title(),
            card: String::new(),
            files,
            finish: Finish {
                max_size: options.iso.max_bytes(),
                media_check: options.iso.media_check,
            },
        })
    }

    /// Adds its stages: each line uses only lines above it. `debs` are the packages with boot loaders, `version` is that
    /// of the live system's kernel.
    pub fn add(
        &self,
        (debs, version): (Artifact<Blob>, Artifact<Blob>),
        bootable: Offered,
        epoch: u32,
        graph: &mut Graph,
    ) -> Made {
        let (volume_id, finish, epoch) = (self.volume_id.clone(), self.finish, epoch.into());
        let (loaders, contents) = self.given(debs, version, graph);
        let boot = graph.add(self.boot(bootable.clone(), (loaders, contents), epoch));
        let boot::Outputs { files: boot, esp, identity } = boot;
        let iso =
            iso::Iso { bootable, loaders, boot, esp, identity, contents, volume_id, epoch, finish };
        Made { iso: graph.add(iso).iso, identity, contents }
    }

    fn boot(
        &self,
        bootable: Offered,
        (loaders, contents): (Artifact<Tree>, Option<Artifact<Tree>>),
        epoch: u64,
    ) -> Boot {
        let Self { shown, volume_id, description, card, enrol, .. } = self.clone();
        let kernels = bootable.others.iter().map(|other| other.version.clone()).collect();
        let shown = Shown { kernels, ..shown };
        Boot { loaders, bootable, contents, shown, enrol, volume_id, description, card, epoch }
    }

    /// Returns its loaders and the user's files.
    fn given(
        &self,
        debs: Artifact<Blob>,
        kernel: Artifact<Blob>,
        graph: &mut Graph,
    ) -> (Artifact<Tree>, Option<Artifact<Tree>>) {
        let loaders = graph.add(Loaders { debs, files: self.loaders.clone() }).files;
        (loaders, medium(self.files.clone(), kernel, graph))
    }
}

/// Returns what the profile's menu offers.
pub(crate) fn menu(system: &System) -> Menu {
    let Options { boot, iso, .. } = &system.options;
    let serial = &boot.serial;
    Menu {
        label: format!(
            "{}{}{}",
            iso.menu_label_prefix,
            system.image.title(),
            iso.menu_label_suffix
        ),
        kernel_params: kernel_params(system),
        timeout: boot.timeout,
        text_mode: boot.menu.text_mode,
        safe_graphics: boot.menu.safe_graphics,
        copy_to_ram: boot.menu.copy_to_ram,
        local_disk: boot.menu.local_disk,
        default: (boot.menu.default != "live").then(|| boot.menu.default.clone()),
        entries: system.needs.menu.iter().map(entry).collect(),
        serial: serial.enable.then_some(Serial { port: serial.port, speed: serial.speed }),
    }
}

/// Returns the label that was set, or one made of the title: capital letters, digits and `_`.
fn volume_id(system: &System) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let made = || system.image.title().chars().map(plain).take(32).collect();
    system.options.iso.volume_id.clone().unwrap_or_else(made)
}

fn entry(needed: &Needed<MenuEntry>) -> Entry {
    let MenuEntry { id, label, params, submenu } = needed.what.clone();
    Entry { id, label, params, submenu }
}

/// Adds files to others that win.
fn with_others(own: Vec<NewFile>, others: Vec<NewFile>) -> Vec<NewFile> {
    let target = |file: &NewFile| file.target.trim_matches('/').to_owned();
    let taken: BTreeSet<String> = own.iter().map(target).collect();
    let others = others.into_iter().filter(|file| !taken.contains(&target(file)));
    others.collect::<Vec<_>>().into_iter().chain(own).collect()
}

/// Returns the files for the medium that parts need and those of the user's, which win.
pub(crate) fn own_files(
    system: &System,
    folder: &Path,
    facts: &Facts,
) -> Result<Vec<NewFile>, Refused> {
    let file = |file: &IsoFile| NewFile::on_medium(file, folder, facts);
    let own = system.options.iso.contents.iter().map(file).collect::<Result<Vec<_>, _>>()?;
    let needed = system.needs.medium.iter().map(|needed| file(&needed.what));
    let needed = needed.collect::<Result<Vec<_>, _>>()?;
    Ok(with_others(own.concat(), needed.concat()))
}

/// Returns the files for the medium, if there are any.
fn medium(
    files: Vec<NewFile>,
    kernel: Artifact<Blob>,
    graph: &mut Graph,
) -> Option<Artifact<Tree>> {
    let asks = files.iter().any(|file| matches!(file.from, FileContent::Template(_)));
    let kernel = asks.then_some(kernel);
    (!files.is_empty()).then(|| graph.add(Medium { files, kernel }).files)
}
