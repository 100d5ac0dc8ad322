//! Makes the initrd of what was picked for it.
//!
//! The boot loader hands it to the kernel; live-boot in it finds the medium. Knows no medium.

mod compress;

use std::fs::{self, File};
use std::io::{self, BufWriter, Read};

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, ParseDigestError, Slots, Stage};
use isoplug_manifest::options::InitrdCompression;

use crate::initrd::{self, Selection, selection};
use crate::stages::initrd_files::MADE;
use crate::stored;

/// Inputs.
pub struct Initrd {
    /// What it is made of.
    pub files: Artifact<Blob>,
    /// How it is compressed.
    pub compression: InitrdCompression,
    /// The time of all files in it, in seconds since 1970.
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
    const VERSION: u32 = 4;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { image: slots.slot("initrd") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { files, compression, epoch } = self;
        key.artifact("files", *files);
        key.value("compression", compression);
        key.value("compressor", compress::version(*compression));
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let files = fs::read(cx.path(self.files)?)?;
        let image = cx.create()?;
        match files.strip_prefix(MADE.as_bytes()) {
            Some(digest) => {
                let digest = Digest::from_hex(&String::from_utf8_lossy(digest))?;
                compress::recompress(&cx.referred(&digest)?, image.file(), self.compression)?;
            }
            None => self.write(&Selection::from_bytes(&files)?, image.file(), cx)?,
        }
        Ok(cx.finish(out.image, cx.put(image, None)?, &[])?)
    }
}

/// Why there is no initrd.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of what it is made of is damaged.
    #[error(transparent)]
    Selection(#[from] selection::Error),
    /// The list names an initrd in no known way.
    #[error("damaged list of what the initrd is made of: {0}")]
    Digest(#[from] ParseDigestError),
    /// No blob says where the files lie.
    #[error("the store has lost where the files of the initrd lie")]
    NoPlaces,
    /// The kernel's lists or a kernel module are not understood.
    #[error("cannot choose the kernel modules of the initrd: {0}")]
    Choose(#[from] initrd::Error),
    /// What it is made of cannot be read, or the initrd not be written.
    #[error("cannot write the initrd: {0}")]
    Io(#[from] io::Error),
    /// The files that it is made of cannot be read.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Initrd {
    fn write(&self, list: &Selection, image: &File, cx: &Context) -> Result<(), Error> {
        let selection = self.with_places(list, cx)?;
        let packs = stored::packs(&selection.contents(), cx)?;
        let archives = initrd::finish(&selection, &packs)?;
        let mut image = BufWriter::with_capacity(1 << 20, image);
        archives.write_early(&mut image, &packs, self.epoch)?;
        archives.write_stored(&mut image, &packs, self.epoch)?;
        let mut packer = compress::Packer::new(image, self.compression)?;
        archives.write_rest(&mut packer, &packs, self.epoch)?;
        packer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(())
    }

    /// Looks among the blobs that the list refers to for the one that says where its files lie.
    fn with_places(&self, list: &Selection, cx: &Context) -> Result<Selection, Error> {
        for digest in cx.refers(self.files)? {
            let mut file = File::open(cx.referred(&digest)?)?;
            let mut bytes = Vec::new();
            (&mut file).take(1).read_to_end(&mut bytes)?;
            if bytes != b"{" {
                continue;
            }
            file.read_to_end(&mut bytes)?;
            let found = Selection::from_bytes(&bytes).ok();
            if let Some(found) = found.filter(|found| found.without_places() == *list) {
                return Ok(found);
            }
        }
        Err(Error::NoPlaces)
    }
}
