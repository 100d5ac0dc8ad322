//! Picks what the initrd is made of, from packages and from what contributors add, so that it need not be made again for other packages' sake.
//!
//! Of a layer that has something which only its own mkinitramfs knows, that one makes the initrd
//! here and now.

mod programs;

use std::collections::BTreeMap;
use std::io::{self, Write};

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, NewBlob, Slots, Stage, Tree};
use isoplug_formats::tree::pack::{PackWriter, Packs};
use isoplug_formats::tree::{self, Entry, Kind};
use isoplug_manifest::options::InitrdModules;
use programs::LayersPrograms;

use crate::initrd::{self, Drivers, Purpose, Selected, VERITY_LIBRARY};
use crate::stored as store;
use isoplug_sandbox::stored::{self, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command, Job, Text};

/// Inputs.
pub struct InitrdFiles {
    /// The layer that has the kernel and mkinitramfs.
    pub layer: Artifact<Tree>,
    /// The [`Overlay`] of what contributors add to that.
    pub inputs: Artifact<Tree>,
    /// The version of the kernel, as text.
    pub kernel: Artifact<Blob>,
    /// Kernel modules to carry beside those that the tree asks for.
    pub modules: InitrdModules,
    /// Drivers that only some images need.
    pub drivers: Drivers,
    /// Whether the root file system is on a disk.
    pub on_disk: bool,
    /// Whether the root file system is checked with dm-verity as it is read.
    pub verity: bool,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The time of all files in it that are newer; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// A [`crate::initrd::Selection`] without places, which refers to the one with places; or [`MADE`] and the
    /// digest of an initrd.
    pub files: Artifact<Blob>,
}

/// Begins the output if mkinitramfs was run.
pub(super) const MADE: &str = "made by mkinitramfs: ";

impl Stage for InitrdFiles {
    const NAME: &'static str = "initrd-files";
    const VERSION: u32 = 10;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        "initrd files".to_owned()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { files: slots.slot("initrd files") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, inputs, kernel, modules, drivers, on_disk, verity, arch, epoch } = self;
        key.artifact("layer", *layer);
        key.artifact("inputs", *inputs);
        key.artifact("kernel", *kernel);
        key.value("modules", modules);
        key.value("drivers", drivers);
        if *on_disk {
            key.value("on-disk", on_disk);
        }
        if *verity {
            key.value("verity", verity);
        }
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let kernel = store::text(self.kernel, cx)?;
        let mut layer = store::tree(self.layer, cx)?;
        store::overlay(self.inputs, cx)?.apply(&mut layer);
        let packs = store::packs(&layer, cx)?;
        let (arch, epoch) = (&self.arch[..], self.epoch);
        let programs = &LayersPrograms { layer: self.layer, inputs: self.inputs, arch, epoch, cx };
        let (kernel, modules, drivers) = (&kernel[..], &self.modules, self.drivers);
        let (on_disk, verity) = (self.on_disk, self.verity);
        let purpose = Purpose { kernel, arch, modules, drivers, on_disk, verity, programs };
        match initrd::select(&layer, &packs, purpose) {
            Ok(selected) => {
                self.tell_of_modules(&selected, kernel, &packs, cx)?;
                put(selected, out.files, cx)
            }
            Err(error @ initrd::Error::Unknown { .. }) => {
                cx.warn(&cost(&error));
                self.run_mkinitramfs(kernel, &layer, out.files, cx)
            }
            Err(error) => Err(unreadable(error)),
        }
    }
}

/// Why there is no list of files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The layer has no mkinitramfs.
    #[error("the image has no mkinitramfs: install the package initramfs-tools")]
    NoTool,
    /// A tree of the store cannot be read, or a list not be written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file of the store cannot be read or written.
    #[error("cannot pick what the initrd is made of: {0}")]
    Io(#[from] io::Error),
    /// The sandbox, or the store.
    #[error(transparent)]
    Stored(#[from] StoredError),
}

impl From<isoplug_engine::Error> for Error {
    fn from(error: isoplug_engine::Error) -> Self {
        Self::Stored(StoredError::Engine(error))
    }
}

fn unreadable(error: initrd::Error) -> Error {
    match error {
        initrd::Error::Unknown { .. } => Error::Io(io::Error::other(error.to_string())),
        initrd::Error::Io(error) => error.into(),
        initrd::Error::Program(error) => error.into(),
    }
}

fn no_module(kernel: &str, name: &str) -> String {
    format!("`initrd.modules` names `{name}`, which the kernel {kernel} does not have")
}

/// Puts both forms of a selection and the files that are in no pack yet.
fn put(selected: Selected, out: Artifact<Blob>, cx: &Context) -> Result<(), Error> {
    let Selected { mut selection, made } = selected;
    pack(&mut selection.files, made, cx)?;
    let place = store::put(&selection.to_bytes(), cx)?;
    let packs = selection.contents().packs().into_iter().map(Digest::from_bytes);
    let refers: Vec<Digest> = packs.chain([place]).collect();
    let list = store::put(&selection.without_places().to_bytes(), cx)?;
    Ok(cx.finish(out, list, &refers)?)
}

type MadeFiles = BTreeMap<tree::TreePath, (u16, Vec<u8>)>;

fn pack(files: &mut tree::Tree, made: MadeFiles, cx: &Context) -> Result<(), Error> {
    let blob = cx.create()?;
    let mut writer = PackWriter::new(blob.file());
    let append = |(path, (mode, bytes)): (tree::TreePath, (u16, Vec<u8>))| {
        writer.append(&bytes[..]).map(|pending| (path, mode, pending))
    };
    let pending = made.into_iter().map(append).collect::<io::Result<Vec<_>>>()?;
    let (_, id, finished) = writer.finish()?;
    for (path, mode, pending) in pending {
        files.insert(path, Entry::new(Kind::File(finished.content(pending)), mode, 0));
    }
    cx.put(blob, Some(Digest::from_bytes(id)))?;
    Ok(())
}

/// Says what it costs that the initrd is not made here.
fn cost(error: &initrd::Error) -> String {
    format!(
        "the image's own mkinitramfs makes the initrd: {error}; that takes a minute of CPU time or \
         more, where isoplug alone takes seconds, and the initrd has the drivers of all network and \
         graphics cards, whatever `initrd.network` and `initrd.graphics` say"
    )
}

/// The status of a program that cannot be executed, by the sandbox and by shells.
const NOT_FOUND: &str = "exit status: 127";

fn tell_missing(error: sandbox::Error) -> Error {
    match error {
        sandbox::Error::Command { status, .. } if status == NOT_FOUND => Error::NoTool,
        error => Error::Stored(StoredError::Sandbox(error)),
    }
}

const RESULT: &str = "/isoplug-initrd";
/// Adds the kernel modules that are carried but only loaded when a device asks for them, and what dm-verity needs.
const HOOK: &str = "etc/initramfs-tools/hooks/isoplug-modules";
/// Settings of microcode for AMD processors, and a word that the initrd is not for the build
/// machine's alone.
const AMD: &str = "etc/default/amd64-microcode";
const FOR_ALL: &str =
    "if [ auto = \"$AMD64UCODE_INITRAMFS\" ]; then AMD64UCODE_INITRAMFS=early; fi\n";

impl InitrdFiles {
    /// Tells of kernel modules that the user names and the kernel does not have.
    fn tell_of_modules(
        &self,
        selected: &Selected,
        kernel: &str,
        packs: &Packs,
        cx: &Context,
    ) -> Result<(), Error> {
        let missing = initrd::missing(&selected.selection, packs, &self.modules);
        for name in missing.map_err(unreadable)? {
            cx.tell(&no_module(kernel, &name));
        }
        Ok(())
    }

    fn run_mkinitramfs(
        &self,
        kernel: &str,
        layer: &tree::Tree,
        out: Artifact<Blob>,
        cx: &Context,
    ) -> Result<(), Error> {
        let (made, parent) = (cx.create()?, cx.create()?);
        parent.file().write_all(&layer.to_bytes())?;
        let mut job = self.job(kernel, layer, &made, cx)?;
        job.parent = Some(parent.path().to_owned());
        sandbox::run(&job, &Lines::new(cx, &[], 0)).map_err(tell_missing)?;
        let made = cx.put(made, None)?;
        let list = store::put(format!("{MADE}{}", made.hex()).as_bytes(), cx)?;
        Ok(cx.finish(out, list, &[made])?)
    }

    /// Returns that there is no swap to wake up from, and which file systems are checked before one is mounted, which no
    /// list of the layer says.
    fn settings(&self, layer: &tree::Tree) -> String {
        let has = |kind: &&str| layer.get(format!("usr/sbin/fsck.{kind}")).is_some();
        let kinds: Vec<&str> = ["ext4", "btrfs", "xfs"].into_iter().filter(has).collect();
        match self.on_disk && !kinds.is_empty() {
            true => format!("RESUME=none\nFSTYPE={}\n", kinds.join(",")),
            false => "RESUME=none\n".to_owned(),
        }
    }

    fn job(
        &self,
        version: &str,
        layer: &tree::Tree,
        raw: &NewBlob,
        cx: &Context,
    ) -> Result<Job, Error> {
        let mut job = stored::begin(Some(self.layer), &self.arch, self.epoch, cx)?;
        stored::add_contents(&mut job, self.inputs, cx)?;
        // Without zstd in the tree, it takes gzip by itself.
        let arguments = ["mkinitramfs", "-c", "zstd", "-l", "1", "-o", RESULT, version];
        job.run.push(Command::new(arguments));
        job.collect.insert(RESULT.to_owned(), raw.path().to_owned());
        let InitrdModules { load, available } = &self.modules;
        let mut write = |path: &str, mode, text, append| {
            job.write.insert(path.to_owned(), Text { mode, text, append });
        };
        if !load.is_empty() {
            write("etc/initramfs-tools/modules", 0o644, load.join("\n") + "\n", true);
        }
        if let Some(hook) = hook(available, self.verity) {
            write(HOOK, 0o755, hook, false);
        }
        // Without these, hooks look for a processor and for swap on the build machine.
        if layer.get(AMD).is_some() {
            write(AMD, 0o644, FOR_ALL.to_owned(), true);
        }
        write("etc/initramfs-tools/conf.d/isoplug", 0o644, self.settings(layer), false);
        Ok(job)
    }
}

/// Returns a hook that adds kernel modules, and what sets dm-verity up: mount loads that by its name, so nobody sees that it is
/// needed.
fn hook(modules: &[String], verity: bool) -> Option<String> {
    let library =
        format!("for library in /usr/lib/*/{VERITY_LIBRARY}; do copy_exec \"$library\"; done\n");
    let modules =
        (!modules.is_empty()).then(|| format!("manual_add_modules {}\n", modules.join(" ")));
    let lines: String = modules.into_iter().chain(verity.then_some(library)).collect();
    let head = "#!/bin/sh\ncase $1 in prereqs) exit 0;; esac\n\
                . /usr/share/initramfs-tools/hook-functions\n";
    (!lines.is_empty()).then(|| format!("{head}{lines}"))
}
