//! Puts kernel, initrd, root filesystem, loaders and the user's files together as the ISO.
//!
//! Knows where each of them lies on the medium ([`crate::grub::paths`]) and no loader's menu.

mod digest;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree, Unit};
use isoplug_formats::iso::{self, Bios, Entry, Hadris, Image, IsoWriter, Source};

use digest::digest;

use super::loaders::MBR;
use super::pool;
use crate::bootable::{Offered, OtherKernel, Verified};
use crate::grub::paths;
use crate::stored;
use crate::stored::files::{StoredFile, stored_files};

/// Inputs.
pub struct Iso {
    /// What it boots.
    pub bootable: Offered,
    /// What [`super::loaders`] took out of the packages.
    pub loaders: Artifact<Tree>,
    /// The files that [`super::boot`] made.
    pub boot: Artifact<Tree>,
    /// The ESP that [`super::boot`] made.
    pub esp: Artifact<Blob>,
    /// The identity that [`super::boot`] made.
    pub identity: Artifact<Blob>,
    /// The user's files on the medium, if there are any.
    pub contents: Option<Artifact<Tree>>,
    /// The medium's label: up to 32 of `A-Z 0-9 _`.
    pub volume_id: String,
    /// The one time of all files, in seconds since 1970.
    pub epoch: u64,
    /// What happens to it once it is written.
    pub finish: Finish,
}

/// What happens to an ISO once it is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Finish {
    /// How many bytes it may have at most, if it matters.
    pub max_size: Option<u64>,
    /// Whether it gets a checksum of itself, which `checkisomd5` reads.
    pub media_check: bool,
}

impl Finish {
    fn key(&self, key: &mut dyn Key) {
        let Self { max_size, media_check } = self;
        key.value("max-size", max_size);
        if *media_check {
            key.value("media-check", media_check);
        }
    }
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The ISO.
    pub iso: Artifact<Blob>,
}

impl Stage for Iso {
    const NAME: &'static str = "iso";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { iso: slots.slot("image.iso") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { bootable, loaders, boot, esp, identity, contents, volume_id, epoch, finish } =
            self;
        bootable.key(key);
        key.artifact("loaders", *loaders);
        key.artifact("boot", *boot);
        key.artifact("esp", *esp);
        key.artifact("identity", *identity);
        if let Some(contents) = contents {
            key.artifact("contents", *contents);
        }
        key.value("volume-id", volume_id);
        key.value("epoch", epoch);
        finish.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut medium = Medium::new(cx)?;
        self.fill(&mut medium)?;
        let image = self.image(medium)?;
        let expected = image.files.values().map(|entry| length(&entry.source)).sum();
        let blob = cx.create()?;
        let mut watch = |written: u64| {
            cx.progress(written.min(expected), expected, Unit::Bytes);
            cx.check_cancelled().map_err(io::Error::other)
        };
        let report = Hadris.write(blob.file(), &image, &mut watch)?;
        report.warnings.iter().for_each(|warning| cx.log(warning));
        self.check_size(report.size)?;
        let sha256 = match self.finish.media_check {
            true => iso::implant(blob.file(), &mut watch)?,
            false => report.sha256,
        };
        let digest = cx.put(blob, Some(Digest::from_bytes(sha256)))?;
        Ok(cx.finish(out.iso, digest, &[])?)
    }
}

/// Why there is no ISO.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's files and ours have one path.
    #[error("{path} is on the medium already, so iso.contents cannot put a file there")]
    Taken {
        /// The path.
        path: String,
    },
    /// The ISO is larger than allowed.
    #[error("the ISO has {size} bytes, and iso.max-size allows {max}")]
    TooLarge {
        /// Its length in bytes.
        size: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// An input could not be read.
    #[error("could not read {path}")]
    Read {
        /// Its path on the medium.
        path: String,
        /// What it said.
        source: io::Error,
    },
    /// The ISO could not be written.
    #[error(transparent)]
    Write(#[from] iso::Error),
    /// A file of a stored tree could not be read.
    #[error(transparent)]
    Files(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

/// The checksums of all files, as sha256sum and live-boot's `verify-checksums` read them.
const CHECKSUMS: &str = "sha256sum.txt";

/// A user's file up to this length is kept in memory until it is written.
const SMALL: u64 = 1 << 20;

impl Iso {
    fn fill(&self, medium: &mut Medium) -> Result<(), Error> {
        medium.add_blob(paths::KERNEL, self.bootable.first.vmlinuz)?;
        medium.add_blob(paths::INITRD, self.bootable.first.initrd)?;
        self.add_squashfs(medium)?;
        let verified = self.bootable.verified(medium.cx)?.into_iter().flat_map(Verified::files);
        { verified }.try_for_each(|(path, file)| medium.add_blob(&path, file))?;
        self.bootable.others.iter().try_for_each(|other| medium.add_kernel(other))?;
        self.contents.map_or(Ok(()), |contents| medium.add_files(contents))?;
        self.bootable.pool.map_or(Ok(()), |pool| medium.add_pool(pool))?;
        for file in stored_files(self.boot, medium.cx)? {
            medium.add_unless_given(&file)?;
        }
        for file in stored_files(self.loaders, medium.cx)? {
            // UEFI programs lie on the ISO too, for those who copy its files to a FAT stick.
            let path = file.path.strip_prefix("iso/").or_else(|| file.path.strip_prefix("esp/"));
            if let Some(path) = path {
                medium.add_file(path, &file)?;
            }
        }
        medium.add_checksums()
    }

    /// Adds the root file system, or all parts of what the medium runs and installs.
    fn add_squashfs(&self, medium: &mut Medium) -> Result<(), Error> {
        let Offered { first, parts, .. } = &self.bootable;
        let Some(parts) = parts else {
            return medium.add_blob(paths::SQUASHFS, first.squashfs);
        };
        medium.add_blob(paths::LIVE_PART, first.squashfs)?;
        for part in parts.there(medium.cx)? {
            medium.add_blob(&part.path, part.squashfs)?;
        }
        Ok(())
    }

    fn image(&self, medium: Medium) -> Result<Image, Error> {
        let cx = medium.cx;
        let mut loaders = stored_files(self.loaders, cx)?.into_iter();
        let mbr = loaders.find(|file| file.path == MBR).map(|file| file.read()).transpose()?;
        let bios = mbr.map(|bootstrap| Bios { eltorito: paths::ELTORITO.to_owned(), bootstrap });
        let esp = cx.path(self.esp)?;
        let esp_length = length(&Source::File(esp.clone()));
        Ok(Image {
            volume_id: self.volume_id.clone(),
            epoch: self.epoch,
            identity: self.identity_number(cx)?,
            files: medium.files,
            bios,
            esp: (esp_length > 0).then_some(esp),
        })
    }

    fn identity_number(&self, cx: &Context) -> Result<u64, Error> {
        let failed = |source| Error::Read { path: "the identity".to_owned(), source };
        let text = std::fs::read_to_string(cx.path(self.identity)?).map_err(failed)?;
        let digits = text.get(..16).unwrap_or(&text);
        u64::from_str_radix(digits, 16).map_err(|error| failed(io::Error::other(error)))
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        match self.finish.max_size {
            Some(max) if size > max => Err(Error::TooLarge { size, max }),
            _ => Ok(()),
        }
    }
}

fn length(source: &Source) -> u64 {
    match source {
        Source::Bytes(bytes) => bytes.len() as u64,
        Source::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
    }
}

/// The files of the medium and their checksums.
struct Medium<'a> {
    cx: &'a Context<'a>,
    files: BTreeMap<String, Entry>,
    sums: BTreeMap<String, Digest>,
    scratch: PathBuf,
}

impl<'a> Medium<'a> {
    fn new(cx: &'a Context<'a>) -> Result<Self, Error> {
        let scratch = cx.scratch()?;
        Ok(Self { cx, files: BTreeMap::new(), sums: BTreeMap::new(), scratch })
    }

    fn add_blob(&mut self, path: &str, blob: Artifact<Blob>) -> Result<(), Error> {
        let source = Source::File(self.cx.path(blob)?);
        self.add(path, source.into(), self.cx.digest(blob)?)
    }

    fn add_kernel(&mut self, kernel: &OtherKernel) -> Result<(), Error> {
        let OtherKernel { version, text: _, vmlinuz, initrd } = kernel;
        self.add_blob(&paths::kernel_of(version), *vmlinuz)?;
        self.add_blob(&paths::initrd_of(version), *initrd)
    }

    /// Adds an archive of packages, each of which lies in the store already.
    fn add_pool(&mut self, pool: pool::Outputs) -> Result<(), Error> {
        for (path, digest) in pool::read(pool.packages, self.cx)? {
            let source = Source::File(self.cx.referred(&digest)?);
            self.add(&path, source.into(), digest)?;
        }
        self.add_files(pool.dists)
    }

    fn add_files(&mut self, files: Artifact<Tree>) -> Result<(), Error> {
        let files = stored_files(files, self.cx)?;
        files.iter().try_for_each(|file| self.add_file(&file.path, file))
    }

    /// Adds a file of our own, unless the manifest has one in its place that it may have.
    fn add_unless_given(&mut self, file: &StoredFile) -> Result<(), Error> {
        let path = &file.path;
        if paths::YIELDING.contains(&&**path) && self.files.contains_key(path) {
            self.cx.tell(&format!("/{path} is the manifest's own, in place of isoplug's"));
            return Ok(());
        }
        self.add_file(path, file)
    }

    fn add_file(&mut self, path: &str, file: &StoredFile) -> Result<(), Error> {
        let digest =
            digest(file.open()?).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let source = match file.size <= SMALL {
            true => Source::Bytes(file.read()?),
            false => {
                let copy = self.scratch.join(self.files.len().to_string());
                file.copy_to(&copy)?;
                Source::File(copy)
            }
        };
        self.add(path, Entry { source, mode: file.mode }, digest)
    }

    fn add(&mut self, path: &str, entry: Entry, digest: Digest) -> Result<(), Error> {
        if self.files.insert(path.to_owned(), entry).is_some() {
            return Err(Error::Taken { path: path.to_owned() });
        }
        // The writer puts places on the medium into GRUB's image, so its checksum is another there.
        if path != paths::ELTORITO {
            self.sums.insert(path.to_owned(), digest);
        }
        Ok(())
    }

    fn add_checksums(&mut self) -> Result<(), Error> {
        let mut text = String::new();
        for (path, digest) in &self.sums {
            let _ = writeln!(text, "{}  {path}", digest.hex());
        }
        let digest = Digest::of(text.as_bytes());
        self.add(CHECKSUMS, Source::Bytes(text.into_bytes()).into(), digest)
    }
}
