//! Hashes packages once more, with SHA-512, which no index of an archive has and some readers of bills ask for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};
use rayon::prelude::*;
use ring::digest;

use super::fetch;
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Sha512 {
    /// The fetched packages ([`fetch::read`]).
    pub debs: Artifact<Blob>,
    /// What they are called together.
    pub group: String,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The digests by SHA-256, both in hexadecimal digits, as JSON.
    pub digests: Artifact<Blob>,
}

/// Why they could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of packages cannot be read.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// A package could not be read, or the digests not be stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

impl Stage for Sha512 {
    const NAME: &'static str = "sha512";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("sha512 {}", self.group)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { digests: slots.slot("sha512.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        // What they are called decides no byte.
        let Self { debs, group: _ } = self;
        key.artifact("debs", *debs);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let packages = fetch::read(&cx.path(self.debs)?)?;
        let hashed = packages.into_par_iter().map(|package| {
            let path = cx.referred(&fetch::digest(&package)?)?;
            Ok((package.sha256, of_file(&path)?))
        });
        let digests = hashed.collect::<Result<BTreeMap<String, String>, Error>>()?;
        Ok(stored::write_json(out.digests, &digests, &[], cx)?)
    }
}

/// Returns the SHA-512 of a file in hexadecimal digits.
///
/// # Errors
///
/// When it cannot be read.
pub fn of_file(path: &Path) -> Result<String, stored::Error> {
    hash(path).map_err(stored::Error::read(path))
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = digest::Context::new(&digest::SHA512);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let bytes = context.finish();
            return Ok(bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        context.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own example.
    #[test]
    fn it_is_the_sha512() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        assert!(of_file(file.path()).unwrap().starts_with("ddaf35a193617abacc417349ae204131"));
    }
}
