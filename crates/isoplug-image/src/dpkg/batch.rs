//! Decompresses packages into the folder that programs see, a bounded batch at a time.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use rayon::prelude::*;

use super::Package;
use crate::sandbox::{Failure, Inside};

/// The most bytes of compressed packages in one batch, unless one package alone has more.
const BATCH: u64 = 48 << 20;
/// The most packages in one batch, so that the command line stays short.
const COUNT: usize = 200;

/// Splits packages into batches, keeping their order.
pub(super) fn batches(packages: &[Package]) -> Result<Vec<Vec<Package>>, Failure> {
    let mut batches: Vec<Vec<Package>> = Vec::new();
    let mut free = 0;
    for package in packages {
        let metadata = package.deb.metadata();
        let size = metadata.map_err(Failure::of(format!("open {}", package.name)))?.len();
        match batches.last_mut() {
            Some(batch) if size <= free && batch.len() < COUNT => {
                free -= size;
                batch.push(package.clone());
            }
            _ => {
                free = BATCH.saturating_sub(size);
                batches.push(vec![package.clone()]);
            }
        }
    }
    Ok(batches)
}

/// Decompresses packages into the folder that programs see.
pub(super) fn decompress(inside: &Inside, packages: &[Package]) -> Result<(), Failure> {
    decompress_into(&inside.packages(), packages)
}

/// Decompresses packages into a folder.
pub(super) fn decompress_into(folder: &Path, packages: &[Package]) -> Result<(), Failure> {
    packages.par_iter().try_for_each(|package| {
        let file = File::create(folder.join(package.file_name()))
            .map_err(Failure::of(format!("decompress {}", package.name)))?;
        let out = BufWriter::with_capacity(1 << 20, file);
        let done = package.open()?.repack_uncompressed(out);
        done.map_err(Failure::of(format!("decompress {}", package.name)))
    })
}

/// Removes what [`decompress`] made.
pub(super) fn remove(inside: &Inside, packages: &[Package]) -> Result<(), Failure> {
    for package in packages {
        let path = inside.packages().join(package.file_name());
        std::fs::remove_file(path).map_err(Failure::of(format!("remove {}", package.name)))?;
    }
    Ok(())
}
