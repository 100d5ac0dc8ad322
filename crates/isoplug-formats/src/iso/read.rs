//! Takes files out of an ISO 9660 image.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hadris_fs::sync::Volume;
use hadris_fs::{FileType, MountOptions, OpenOptions};
use hadris_iso::IsoId;
use hadris_iso::sync::IsoFs;
use hadris_storage::host::FileDevice;

use super::Error;

/// A file or folder in an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its path, without a leading slash.
    pub path: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Length in bytes; 0 for a folder.
    pub size: u64,
}

/// An open image.
pub struct Reader {
    image: PathBuf,
    volume_id: String,
    volume: Volume<IsoFs<FileDevice>>,
}

/// Returns the bytes of the file at a path in an image.
///
/// # Errors
///
/// When the image cannot be opened, or there is no such file, or it cannot be read.
pub fn read_file(image: &Path, path: &str) -> Result<Vec<u8>, Error> {
    Reader::open(image)?.read(path)
}

/// Returns all files and folders of an image in byte order of their paths.
///
/// # Errors
///
/// When the image or a folder of it cannot be read.
pub fn list(image: &Path) -> Result<Vec<Listed>, Error> {
    Reader::open(image)?.list()
}

impl Reader {
    /// Opens an image.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or is not an ISO 9660 image.
    pub fn open(image: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Open { image: image.to_owned(), source };
        let device = FileDevice::open(image).map_err(failed)?;
        let mounted = IsoFs::mount(device, MountOptions::new());
        let volume = mounted.map_err(|error| failed(error.into()))?;
        let volume_id = String::from_utf8_lossy(volume.info().id(IsoId::Volume)).into_owned();
        Ok(Self { image: image.to_owned(), volume_id, volume: Volume::new(volume) })
    }

    /// Returns the volume id.
    pub fn volume_id(&self) -> &str {
        &self.volume_id
    }

    /// Returns the bytes of the file at a path.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it cannot be read.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.volume.read(rooted(path)).map_err(|error| self.failed(path, error.into()))
    }

    /// Copies the file at a path and returns its length.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it cannot be read, or the sink fails.
    pub fn copy(&self, path: &str, out: &mut impl Write) -> Result<u64, Error> {
        let opened = self.volume.open(rooted(path), OpenOptions::new().read());
        let mut file = opened.map_err(|error| self.failed(path, error.into()))?;
        let mut buffer = vec![0; 256 * 1024];
        let mut copied = 0;
        loop {
            let read = file.read(&mut buffer).map_err(|error| self.failed(path, error.into()))?;
            if read == 0 {
                return Ok(copied);
            }
            out.write_all(&buffer[..read]).map_err(|error| self.failed(path, error))?;
            copied += read as u64;
        }
    }

    /// Returns all files and folders in byte order of their paths.
    ///
    /// # Errors
    ///
    /// When the image or a folder of it cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let mut walk = self.volume.walk("/").map_err(|error| self.failed("/", error.into()))?;
        let mut found = Vec::new();
        while let Some(entry) = walk.next_entry() {
            let entry = entry.map_err(|error| self.failed("/", error.into()))?;
            let path = String::from_utf8_lossy(entry.path()).trim_start_matches('/').to_owned();
            let metadata = self.volume.symlink_metadata(rooted(&path));
            let metadata = metadata.map_err(|error| self.failed(&path, error.into()))?;
            let folder = metadata.file_type() == FileType::Dir;
            found.push(Listed { path, folder, size: if folder { 0 } else { metadata.len() } });
        }
        found.sort();
        Ok(found)
    }

    fn failed(&self, path: &str, source: io::Error) -> Error {
        Error::Read { image: self.image.clone(), path: path.to_owned(), source }
    }
}

fn rooted(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}
