//! Writes a few files as a FAT image: the EFI System Partition of a boot medium.
//!
//! Knows no partition tables; the image is the volume alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;

use hadris_fat::{FatOptions, VolumeLabel};
use hadris_fs::{Content, DateTime, Node, PathError, SetAttr, Tree};
use hadris_storage::host::FileDevice;

/// The largest ESP that El Torito can name: its length is 16 bits of 512-byte sectors.
pub const MAX_SIZE: u64 = 65535 * 512;

const MEBIBYTE: u64 = 1024 * 1024;

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The volume label: up to 11 ASCII characters.
    pub label: String,
    /// The one time of all files and folders, in seconds since 1970; FAT keeps years from 1980 on.
    pub epoch: u64,
    /// The volume's serial number.
    pub serial: u32,
    /// The files by path, without a leading slash.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Why a volume is not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The label is empty, too long or has characters that FAT cannot keep.
    #[error("{0:?} is not a FAT volume label, which has up to 11 ASCII characters")]
    Label(String),
    /// The epoch is outside of the years that FAT can say.
    #[error("epoch {0} is outside the times that FAT can store")]
    Epoch(u64),
    /// The files need more room than an El Torito boot image can have.
    #[error("the files need {0} bytes, and an ESP on an ISO holds {MAX_SIZE}")]
    TooLarge(u64),
    /// A name cannot be kept or the volume could not be written.
    #[error("cannot write the FAT image")]
    Write(#[source] io::Error),
}

/// Writes the volume into the file, which is emptied first, and returns its length in bytes.
/// Equal volumes give equal bytes.
///
/// # Errors
///
/// When FAT cannot hold a name, the label, the time or so many bytes, or the file cannot be written.
pub fn write(out: &File, volume: &Volume) -> Result<u64, Error> {
    let size = size(&volume.files)?;
    let options = options(volume)?.with_size(size);
    let tree = tree(volume)?;
    out.set_len(0).map_err(Error::Write)?;
    let file = out.try_clone().map_err(Error::Write)?;
    let device = FileDevice::new(file).map_err(Error::Write)?;
    hadris_fat::sync::write(device, &tree, &options).map_err(refused)?;
    out.set_len(size).map_err(Error::Write)?;
    Ok(size)
}

/// Returns the length in bytes of the volume for these files: whole mebibytes, with room to spare
/// for the two file allocation tables and the folders.
fn size(files: &BTreeMap<String, Vec<u8>>) -> Result<u64, Error> {
    const CLUSTER: u64 = 4096;
    let clusters: u64 =
        files.values().map(|bytes| (bytes.len() as u64).div_ceil(CLUSTER) + 1).sum();
    let folders = folders(files).len() as u64;
    let needed = (clusters + folders) * CLUSTER;
    let size = (needed + needed / 64 + MEBIBYTE / 2).next_multiple_of(MEBIBYTE);
    if size > MAX_SIZE { Err(Error::TooLarge(size)) } else { Ok(size) }
}

fn folders(files: &BTreeMap<String, Vec<u8>>) -> BTreeSet<&str> {
    let parents = |path: &'_ String| path.match_indices('/').map(|(slash, _)| slash).collect();
    files
        .keys()
        .flat_map(|path| {
            let slashes: Vec<usize> = parents(path);
            slashes.into_iter().map(move |slash| &path[..slash])
        })
        .collect()
}

fn options(volume: &Volume) -> Result<FatOptions, Error> {
    let label = VolumeLabel::new(&volume.label).map_err(|_| Error::Label(volume.label.clone()))?;
    Ok(FatOptions::new()
        .with_time(time(volume.epoch)?)
        .with_label(label)
        .with_serial(volume.serial))
}

fn tree(volume: &Volume) -> Result<Tree, Error> {
    let time = time(volume.epoch)?;
    let attributes = || SetAttr::new().with_modified(time).with_created(time).with_accessed(time);
    let mut tree = Tree::new();
    for folder in folders(&volume.files) {
        tree.insert(folder, Node::dir().with_attrs(attributes())).map_err(refused)?;
    }
    for (path, bytes) in &volume.files {
        let node = Node::file(Content::bytes(bytes.clone())).with_attrs(attributes());
        tree.insert(path, node).map_err(refused)?;
    }
    Ok(tree)
}

fn time(epoch: u64) -> Result<DateTime, Error> {
    const YEARS_1980_TO_2107: std::ops::Range<u64> = 315_532_800..4_354_819_200;
    let seconds = YEARS_1980_TO_2107.contains(&epoch).then_some(epoch);
    seconds
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| DateTime::from_unix_seconds(seconds).ok())
        .ok_or(Error::Epoch(epoch))
}

fn refused(error: PathError) -> Error {
    Error::Write(io::Error::from(error))
}
