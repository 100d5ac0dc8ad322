//! Compares what packages say of themselves with what the lock says of them.
//!
//! Their digests were compared before: what differs here, the archive itself calls by two names. All that
//! is told of an image, its bill of materials too, goes by the lock; dpkg goes by the package.

use std::collections::BTreeSet;
use std::fs::File;

use isoplug_engine::Context;
use isoplug_formats::apt::stanza;
use isoplug_formats::deb::Deb;
use isoplug_manifest::lock::LockedPackage;
use rayon::prelude::*;

use super::{Error, digest};

/// Fails at the first package whose control file has another name, version or architecture.
pub(super) fn compare(packages: &BTreeSet<LockedPackage>, cx: &Context) -> Result<(), Error> {
    let paths = packages.iter().map(|package| Ok((package, cx.referred(&digest(package)?)?)));
    let paths = paths.collect::<Result<Vec<_>, Error>>()?;
    paths.into_par_iter().try_for_each(|(package, path)| {
        let file = File::open(&path).map_err(|source| Error::Read { path, source })?;
        let control = Deb::open(file).and_then(|deb| deb.known().control());
        let damaged = |source| Error::Damaged { package: package.title(), source };
        compare_one(package, &control.map_err(damaged)?)
    })
}

fn compare_one(package: &LockedPackage, control: &str) -> Result<(), Error> {
    let LockedPackage { name, version, architecture, .. } = package;
    for (field, expected) in
        [("Package", name.as_str()), ("Version", version), ("Architecture", architecture)]
    {
        let found = stanza::field(control, field).unwrap_or_default();
        if found != expected {
            // Quoted, since it may hold anything.
            let found = format!("{:?}", found.chars().take(100).collect::<String>());
            return Err(Error::Mismatch { package: package.title(), field, found });
        }
    }
    Ok(())
}
