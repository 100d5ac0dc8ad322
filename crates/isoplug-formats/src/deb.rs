//! Reads a Debian package (deb(5)): its control files as data, its file tree as a tar stream.
//!
//! Knows no rules of dpkg and no paths: what the files mean is the caller's concern.

pub mod ar;
pub mod compression;
mod read_at;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};

pub use ar::Member;
pub use compression::Compression;
pub use read_at::ReadAt;

use read_at::Section;

/// The most bytes that the decompressed control member may have; the largest known have 2 MB.
const CONTROL_LIMIT: u64 = 64 << 20;

/// Why a file is no usable Debian package. The caller adds which file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no archive of members.
    #[error("not a Debian package: {0}")]
    NotAPackage(&'static str),
    /// The file ends before a member does.
    #[error("truncated: {member} ends at byte {needed}, the file at byte {present}")]
    Truncated {
        /// Name of the member.
        member: String,
        /// Where the member ends, in bytes from the start of the file.
        needed: u64,
        /// Length of the file in bytes.
        present: u64,
    },
    /// A format version other than 2.x.
    #[error("the package format {0:?} is not supported, only 2.x is")]
    Version(String),
    /// What every package has is not there.
    #[error("the package has no {0}")]
    Missing(&'static str),
    /// A member's name ends with an unknown compression.
    #[error("the compression of {0} is not supported")]
    Compression(String),
    /// A member does not decompress, or the tar in it is broken.
    #[error("{member} is damaged")]
    Damaged {
        /// Name of the member.
        member: String,
        /// What the decoder said.
        source: io::Error,
    },
    /// The control member is larger than any real one.
    #[error("{0} has more than {CONTROL_LIMIT} bytes")]
    TooLarge(String),
    /// Reading the package failed.
    #[error("failed to read the package")]
    Read(#[source] io::Error),
    /// Writing the repacked package failed.
    #[error("failed to write the package")]
    Write(#[source] io::Error),
}

/// One file of the control member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFile {
    /// Permission bits; maintainer scripts have 0o755.
    pub mode: u32,
    /// The content.
    pub bytes: Vec<u8>,
}

/// An opened package. Reading takes `&self`, so several streams may be open at once.
#[derive(Debug)]
pub struct Deb<F = File> {
    file: F,
    control: Member,
    data: Member,
    known: bool,
}

impl<F: ReadAt> Deb<F> {
    /// Finds the members of the package and checks that all of them lie inside the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a package of version 2 with both of its tars.
    pub fn open(file: F) -> Result<Self, Error> {
        let members: Vec<Member> = ar::members(&file)?
            .into_iter()
            .filter(|member| !member.name.starts_with('_'))
            .collect();
        let version = members.first().filter(|member| member.name == "debian-binary");
        check_version(&file, version.ok_or(Error::Missing("debian-binary"))?)?;
        let find = |stem: &'static str| {
            let found = members.iter().find(|member| member.name.starts_with(stem));
            found.cloned().ok_or(Error::Missing(stem))
        };
        let (control, data) = (find("control.tar")?, find("data.tar")?);
        Ok(Self { file, control, data, known: false })
    }

    /// Says that the bytes of the whole package were compared with their digest. The checksums
    /// that xz keeps are then not computed as well, which saves a tenth of decompressing.
    ///
    /// They are of the same bytes before they were packed, so what they would find the digest has
    /// found: only a package that nobody compared needs them.
    #[must_use]
    pub fn known(self) -> Self {
        Self { known: true, ..self }
    }

    /// Returns the text of the `control` file.
    ///
    /// # Errors
    ///
    /// When the control member cannot be unpacked, or has no such file, or one that is not UTF-8.
    pub fn control(&self) -> Result<String, Error> {
        let file = self.control_files()?.remove("control").ok_or(Error::Missing("control file"))?;
        String::from_utf8(file.bytes).map_err(|bad| damaged(&self.control, io::Error::other(bad)))
    }

    /// Returns the files of the control member by name: `control`, `md5sums`, `postinst` and so on.
    ///
    /// # Errors
    ///
    /// When the control member cannot be unpacked or is too large.
    pub fn control_files(&self) -> Result<BTreeMap<String, ControlFile>, Error> {
        read_control_files(&self.control_tar()?).map_err(|source| damaged(&self.control, source))
    }

    /// Returns the file tree as an uncompressed tar stream.
    ///
    /// # Errors
    ///
    /// When it is compressed in a way that is not known.
    pub fn data(&self) -> Result<impl Read + Send + '_, Error> {
        self.decoder(&self.data)
    }

    /// Returns how the file tree is compressed.
    ///
    /// # Errors
    ///
    /// When it is compressed in a way that is not known.
    pub fn data_compression(&self) -> Result<Compression, Error> {
        compression_of(&self.data)
    }

    /// Writes the same package with both tars uncompressed, so that dpkg need not decompress.
    ///
    /// # Errors
    ///
    /// When a member cannot be unpacked, or the sink fails, or a tar is larger than the format can say.
    pub fn repack_uncompressed(&self, out: impl Write + Seek) -> Result<(), Error> {
        let mut archive = ar::Writer::new(out).map_err(Error::Write)?;
        archive.member("debian-binary", b"2.0\n").map_err(Error::Write)?;
        archive.member("control.tar", &self.control_tar()?).map_err(Error::Write)?;
        archive.stream("data.tar", self.data()?).map_err(|failure| match failure {
            ar::CopyError::Read(source) => damaged(&self.data, source),
            ar::CopyError::Write(source) => Error::Write(source),
        })?;
        archive.finish().map_err(Error::Write)
    }

    fn control_tar(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let tar = self.decoder(&self.control)?;
        tar.take(CONTROL_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| damaged(&self.control, source))?;
        match bytes.len() as u64 > CONTROL_LIMIT {
            true => Err(Error::TooLarge(self.control.name.clone())),
            false => Ok(bytes),
        }
    }

    fn decoder(&self, member: &Member) -> Result<Box<dyn Read + Send + '_>, Error> {
        let (section, compression) = (Section::new(&self.file, member), compression_of(member)?);
        let decoder = match self.known {
            true => compression::decoder_of_known(compression, section),
            false => compression::decoder(compression, section),
        };
        decoder.map_err(|source| damaged(member, source))
    }
}

fn damaged(member: &Member, source: io::Error) -> Error {
    Error::Damaged { member: member.name.clone(), source }
}

fn check_version(file: &impl ReadAt, member: &Member) -> Result<(), Error> {
    let mut text = String::new();
    let mut section = Section::new(file, member).take(32);
    section.read_to_string(&mut text).map_err(Error::Read)?;
    match text.starts_with("2.") {
        true => Ok(()),
        false => Err(Error::Version(text.trim_end().to_owned())),
    }
}

fn compression_of(member: &Member) -> Result<Compression, Error> {
    let (_, extension) = member.name.split_once(".tar").unwrap_or_default();
    Compression::from_extension(extension).ok_or_else(|| Error::Compression(member.name.clone()))
}

fn read_control_files(tar: &[u8]) -> io::Result<BTreeMap<String, ControlFile>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mode = entry.header().mode()? & 0o7777;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(name.trim_start_matches("./").to_owned(), ControlFile { mode, bytes });
    }
    Ok(files)
}
