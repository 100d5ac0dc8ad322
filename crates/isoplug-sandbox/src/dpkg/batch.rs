//! Decompresses packages into the folder that programs see, a bounded batch at a time.

use std::io::BufWriter;

use rayon::prelude::*;

use super::Package;
use crate::{Failure, Inside};

/// The most bytes of compressed packages in one batch, unless one package alone has more.
pub(crate) const BATCH: u64 = 48 << 20;
/// The most packages in one batch, so that the command line stays short.
const COUNT: usize = 200;

/// Splits packages into batches, keeping their order.
pub(super) fn batches(inside: &Inside, packages: &[Package]) -> Result<Vec<Vec<Package>>, Failure> {
    let mut batches: Vec<Vec<Package>> = Vec::new();
    let mut free = 0;
    for package in packages {
        let metadata = inside.open(&package.deb).and_then(|deb| deb.metadata());
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
    let folder = inside.packages();
    packages.par_iter().try_for_each(|package| {
        let file = folder
            .create(&package.file_name(), 0o644)
            .map_err(Failure::of(format!("decompress {}", package.name)))?;
        let out = BufWriter::with_capacity(1 << 20, file);
        let done = package.open(inside)?.repack_uncompressed(out);
        done.map_err(Failure::of(format!("decompress {}", package.name)))
    })
}

/// Removes what [`decompress`] made.
pub(super) fn remove(inside: &Inside, packages: &[Package]) -> Result<(), Failure> {
    for package in packages {
        let removed = inside.packages().remove(&package.file_name());
        removed.map_err(Failure::of(format!("remove {}", package.name)))?;
    }
    Ok(())
}
