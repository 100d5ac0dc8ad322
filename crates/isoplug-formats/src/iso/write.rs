//! Lays an image out with hadris-iso.

use std::fs::File;
use std::io;

use hadris_fs::{Content, DateTime, Node, Owner, PathError, Permissions, SetAttr, Tree, host};
use hadris_iso::{
    AppendedPartition, BootEntry, BootInfo, ElTorito, Hybrid, IsoDate, IsoId, IsoLevel, IsoOptions,
};

use super::device::Output;
use super::shared::Passages;
use super::{Entry, Error, Image, IsoWriter, Report, Source, Watch};

/// The part of an MBR that is code: what follows is the disk's id and the partition table.
const BOOTSTRAP: usize = 440;

const CATALOG: &str = "boot/boot.cat";

/// Writes with hadris-iso.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hadris;

impl IsoWriter for Hadris {
    fn write(&self, out: &File, image: &Image, watch: Watch<'_>) -> Result<Report, Error> {
        write(out, image, watch, Passages::find)
    }
}

fn write(
    out: &File,
    image: &Image,
    watch: Watch<'_>,
    find: impl FnOnce(&Image, &hadris_fs::Report, &File) -> io::Result<Passages>,
) -> Result<Report, Error> {
    let tree = tree(image)?;
    let options = options(image)?;
    out.set_len(0).map_err(Error::Write)?;
    let plan = hadris_iso::plan(&tree, &options).map_err(refused)?;
    let passages = find(image, &plan, out).map_err(Error::Write)?;
    let mut output = Output::new(out, watch, image.bios.is_some(), passages);
    let report = hadris_iso::sync::write(&mut output, &tree, &options).map_err(refused)?;
    let (size, sha256) = output.finish();
    debug_assert_eq!(size, report.size());
    let warnings = report.warnings().iter().map(ToString::to_string).collect();
    Ok(Report { size, sha256, warnings })
}

fn refused(error: PathError) -> Error {
    Error::Write(io::Error::from(error))
}

fn tree(image: &Image) -> Result<Tree, Error> {
    let time = time(image.epoch)?;
    let mut tree = Tree::new();
    for path in folders(image) {
        tree.insert(path, Node::dir().with_attrs(attributes(0o755, time))).map_err(refused)?;
    }
    for (path, Entry { source, mode }) in &image.files {
        let content = match source {
            Source::Bytes(bytes) => Content::bytes(bytes.clone()),
            Source::File(path) => host::file(path).map_err(refused)?,
        };
        let node = Node::file(content).with_attrs(attributes(*mode, time));
        tree.insert(path, node).map_err(refused)?;
    }
    Ok(tree)
}

/// Returns the folders that the files and the boot catalog lie in, parents first.
fn folders(image: &Image) -> std::collections::BTreeSet<&str> {
    let catalog = (image.bios.is_some() || image.esp.is_some()).then_some(CATALOG);
    let paths = image.files.keys().map(String::as_str).chain(catalog);
    paths.flat_map(|path| path.match_indices('/').map(|(slash, _)| &path[..slash])).collect()
}

fn attributes(mode: u16, time: DateTime) -> SetAttr {
    SetAttr::new()
        .with_permissions(Permissions::new(mode.into()))
        .with_owner(Owner::new(0, 0))
        .with_modified(time)
}

fn options(image: &Image) -> Result<IsoOptions, Error> {
    let options = IsoOptions::new()
        .with_id(IsoId::Volume, &image.volume_id)
        .with_id(IsoId::Application, "ISOPLUG")
        .with_level(IsoLevel::L3)
        .with_rock_ridge()
        .with_joliet()
        .with_time(time(image.epoch)?)
        .with_date(IsoDate::Modified, modified(image)?)
        .with_seed(image.identity);
    if image.bios.is_none() && image.esp.is_none() {
        return Ok(options);
    }
    Ok(options.with_el_torito(el_torito(image)?).with_hybrid(hybrid(image)?))
}

fn el_torito(image: &Image) -> Result<ElTorito, Error> {
    let mut catalog = ElTorito::new().with_catalog_path(CATALOG);
    if let Some(bios) = &image.bios {
        if !image.files.contains_key(&bios.eltorito) {
            return Err(Error::BootImage(bios.eltorito.clone()));
        }
        let entry = BootEntry::bios(&bios.eltorito).with_load_size(4);
        catalog = catalog.with_entry(entry.with_boot_info(BootInfo::Grub2));
    }
    if image.esp.is_some() {
        catalog = catalog.with_entry(BootEntry::uefi_appended(0));
    }
    Ok(catalog)
}

fn hybrid(image: &Image) -> Result<Hybrid, Error> {
    let mut hybrid = Hybrid::gpt_hybrid_mbr();
    if let Some(bios) = &image.bios {
        let code = bios.bootstrap.get(..BOOTSTRAP).unwrap_or(&bios.bootstrap);
        hybrid = hybrid.with_bootstrap(code);
    }
    if let Some(esp) = &image.esp {
        hybrid = hybrid.with_appended(AppendedPartition::esp(host::file(esp).map_err(refused)?));
    }
    Ok(hybrid)
}

fn time(epoch: u64) -> Result<DateTime, Error> {
    // A folder's record keeps the year in one byte from 1900 on (ECMA-119 9.1.5).
    const YEAR_2156: u64 = 5_869_584_000;
    let seconds = i64::try_from(epoch).ok().filter(|_| epoch < YEAR_2156);
    seconds.and_then(|seconds| DateTime::from_unix_seconds(seconds).ok()).ok_or(Error::Epoch(epoch))
}

/// Two images of one epoch would share their file system's UUID, and live-boot skips a medium
/// whose UUID it has tried before: with two such sticks in a machine neither would be sure to boot.
fn modified(image: &Image) -> Result<DateTime, Error> {
    const HUNDREDTHS_OF_A_DAY: u64 = 24 * 60 * 60 * 100;
    let earlier = image.identity % HUNDREDTHS_OF_A_DAY + 1;
    let hundredths = (image.epoch * 100).saturating_sub(earlier);
    let seconds = i64::try_from(hundredths / 100).map_err(|_| Error::Epoch(image.epoch))?;
    let nanoseconds = u32::try_from(hundredths % 100).unwrap_or(0) * 10_000_000;
    DateTime::new(seconds, nanoseconds).map_err(|_| Error::Epoch(image.epoch))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::FileExt;
    use std::path::Path;

    use super::*;

    /// What is copied in place of being written: the same image, whatever lies before the file.
    #[test]
    fn shared_passages_change_no_byte() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large");
        let bytes: Vec<u8> = (0..3_000_001_u32).map(|at| (at / 777) as u8).collect();
        std::fs::write(&large, bytes).unwrap();
        let mut shared = 0;
        for before in 0..3 {
            let image = image_with(before * 2048, &large);
            let (one, other) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
            let plain = write(&one, &image, &mut |_| Ok(()), |_, _, _| Ok(Passages::default()));
            let copied = write(&other, &image, &mut |_| Ok(()), |image, report, _| {
                let passages = Passages::all(image, report)?;
                shared += passages.len();
                Ok(passages)
            });
            let plain = plain.unwrap();
            assert_eq!(plain, copied.unwrap());
            assert!(whole(&one, plain.size) == whole(&other, plain.size), "{before}");
        }
        assert!((1..3).contains(&shared), "{shared}");
    }

    fn image_with(before: usize, large: &Path) -> Image {
        let first = Source::Bytes(vec![1; before]).into();
        let second = Source::File(large.to_owned()).into();
        let files = BTreeMap::from([("a".to_owned(), first), ("b".to_owned(), second)]);
        let volume_id = "TEST".to_owned();
        let (epoch, identity, bios, esp) = (1_700_000_000, 1, None, None);
        Image { volume_id, epoch, identity, files, bios, esp }
    }

    fn whole(file: &File, size: u64) -> Vec<u8> {
        let mut read = vec![0; size as usize];
        file.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(file.metadata().unwrap().len(), size);
        read
    }
}
