//! Writes an ISO with the source packages of an image: no boot loader, only files.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Unit};
use isoplug_formats::iso::{self, Entry, Hadris, Image, IsoWriter, Source};

use super::{files, papers};
use crate::papers as texts;
use crate::stored;

/// Inputs.
#[derive(Clone)]
pub struct SourceMedium {
    /// What lies beside the files.
    pub papers: papers::Outputs,
    /// The files ([`files::read`]).
    pub files: Artifact<Blob>,
    /// The file name of the ISO.
    pub file_name: String,
    /// The medium's label: up to 32 of `A-Z 0-9 _`.
    pub volume_id: String,
    /// The one time of all files, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The ISO.
    pub iso: Artifact<Blob>,
    /// What `sha256sum --check` reads.
    pub checksum: Artifact<Blob>,
}

/// Why there is no ISO of source packages.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] iso::Error),
    /// A file could not be read or stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Stage for SourceMedium {
    const NAME: &'static str = "source-iso";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { iso: slots.slot("sources.iso"), checksum: slots.slot("checksum") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { papers, files, file_name, volume_id, epoch } = self;
        papers.all().into_iter().for_each(|(paper, name)| key.artifact(name, paper));
        key.artifact("files", *files);
        key.value("file-name", file_name);
        key.value("volume-id", volume_id);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let image = self.image(cx)?;
        let length = |entry: &Entry| match &entry.source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(path) => path.metadata().map_or(0, |file| file.len()),
        };
        let expected: u64 = image.files.values().map(length).sum();
        let blob = cx.create()?;
        let mut watch = |written: u64| {
            cx.progress(written.min(expected), expected, Unit::Bytes);
            cx.check_cancelled().map_err(io::Error::other)
        };
        let report = Hadris.write(blob.file(), &image, &mut watch)?;
        report.warnings.iter().for_each(|warning| cx.log(warning));
        let digest = cx.put(blob, Some(Digest::from_bytes(report.sha256)))?;
        let checksum = texts::checksum(&digest.hex(), &self.file_name);
        stored::write(out.checksum, checksum.as_bytes(), &[], cx)?;
        Ok(cx.finish(out.iso, digest, &[])?)
    }
}

impl SourceMedium {
    fn image(&self, cx: &Context) -> Result<Image, Error> {
        let mut all = BTreeMap::new();
        for (paper, name) in self.papers.all() {
            all.insert(name.to_owned(), Source::File(cx.path(paper)?).into());
        }
        let list = cx.path(self.files)?;
        let read = fs::read(&list).and_then(|bytes| files::read(&bytes).map_err(io::Error::other));
        for (path, digest) in read.map_err(stored::Error::read(&list))? {
            all.insert(path, Source::File(cx.referred(&digest)?).into());
        }
        let list = cx.digest(self.papers.list)?.hex();
        Ok(Image {
            volume_id: self.volume_id.clone(),
            epoch: self.epoch.into(),
            // Two media of one epoch need other identities; what is on them tells them apart.
            identity: u64::from_str_radix(&list[..16], 16).unwrap_or_default(),
            files: all,
            bios: None,
            esp: None,
        })
    }
}
