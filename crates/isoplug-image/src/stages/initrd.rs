//! Makes the initrd with the tree's own mkinitramfs, and compresses it anew.
//!
//! The boot loader hands it to the kernel; live-boot in it finds the medium. Knows no medium.

mod compress;

use std::fs;
use std::io;

use isoplug_engine::{Artifact, Blob, Context, Key, NewBlob, Slots, Stage, Tree};
use isoplug_manifest::options::{InitrdCompression, InitrdModules};

use crate::sandbox::stored::{self, Lines, StoredError};
use crate::sandbox::{self, Command, Job, Text};

/// Inputs.
pub struct Initrd {
    /// The layer that has the kernel and mkinitramfs.
    pub layer: Artifact<Tree>,
    /// The version of the kernel, as text.
    pub kernel: Artifact<Blob>,
    /// Kernel modules to carry beside those that the tree asks for.
    pub modules: InitrdModules,
    /// How it is compressed.
    pub compression: InitrdCompression,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The time of all files in it that are newer; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The initrd.
    pub image: Artifact<Blob>,
}

impl Stage for Initrd {
    const NAME: &'static str = "initrd";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { image: slots.slot("initrd") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, kernel, modules, compression, arch, epoch } = self;
        key.artifact("layer", *layer);
        key.artifact("kernel", *kernel);
        key.value("modules", modules);
        key.value("compression", compression);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let version = fs::read_to_string(cx.path(self.kernel)?)?;
        let raw = cx.create()?;
        let job = self.job(&version, &raw, cx)?;
        sandbox::run(&job, &Lines::new(cx, &[], 0)).map_err(tell_missing)?;
        let image = cx.create()?;
        compress::recompress(raw.path(), image.file(), self.compression)?;
        Ok(cx.finish(out.image, cx.put(image, None)?, &[])?)
    }
}

/// Why there is no initrd.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The layer has no mkinitramfs.
    #[error("the image has no mkinitramfs: install the package initramfs-tools")]
    NoTool,
    /// What mkinitramfs made cannot be read, or the initrd not be written.
    #[error("cannot compress the initrd: {0}")]
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

/// The status of a program that cannot be executed, by the sandbox and by shells.
const NOT_FOUND: &str = "exit status: 127";

fn tell_missing(error: sandbox::Error) -> Error {
    match error {
        sandbox::Error::Command { status, .. } if status == NOT_FOUND => Error::NoTool,
        error => Error::Stored(StoredError::Sandbox(error)),
    }
}

const RESULT: &str = "/isoplug-initrd";
/// Adds the kernel modules that are carried but only loaded when a device asks for them.
const HOOK: &str = "etc/initramfs-tools/hooks/isoplug-modules";

impl Initrd {
    fn job(&self, version: &str, raw: &NewBlob, cx: &Context) -> Result<Job, Error> {
        let mut job = stored::begin(Some(self.layer), &self.arch, self.epoch, cx)?;
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
        if !available.is_empty() {
            write(HOOK, 0o755, hook(available), false);
        }
        // Without this, a hook looks for swap on the build machine.
        write("etc/initramfs-tools/conf.d/isoplug", 0o644, "RESUME=none\n".to_owned(), false);
        Ok(job)
    }
}

fn hook(modules: &[String]) -> String {
    let modules = modules.join(" ");
    format!(
        "#!/bin/sh\ncase $1 in prereqs) exit 0;; esac\n\
         . /usr/share/initramfs-tools/hook-functions\nmanual_add_modules {modules}\n"
    )
}
