//! Compiled components, kept in a private folder: compiling costs up to seconds, loading under a
//! millisecond.
//!
//! A compiled component is native code, so it is never taken from elsewhere. Beside each lies a
//! seal over it and the component, and what does not match is compiled again.

use std::fs::{self, DirBuilder, File, Permissions};
use std::hash::Hash;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use isoplug_engine::{Digest, Hasher, mark_used};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component as Compiled;

use crate::{Component, Error};

/// Compiles components and keeps them.
pub(crate) struct Compiler {
    engine: Engine,
    folder: PathBuf,
}

impl Compiler {
    /// Keeps compiled components below a folder, apart for each version and setting of the engine.
    pub(crate) fn new(engine: &Engine, folder: &Path) -> Result<Self, Error> {
        let mut compatible = Compatible(Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut compatible);
        let folder = folder.join(&compatible.0.finish().hex()[..16]);
        private_folder(&folder)?;
        Ok(Self { engine: engine.clone(), folder })
    }

    /// Returns a component, ready to be linked.
    pub(crate) fn load(&self, component: &Component) -> Result<Compiled, Error> {
        let path = self.folder.join(format!("{}.cwasm", component.digest.hex()));
        if let Some(compiled) = self.kept(&path, component.digest) {
            return Ok(compiled);
        }
        let refused = |error: wasmtime::Error| Error::Component(format!("{error:#}"));
        let code = self.engine.precompile_component(&component.bytes).map_err(refused)?;
        let seal = seal(component.digest, Digest::of(&code));
        write(&path.with_extension("sha256"), seal.to_string().as_bytes())?;
        write(&path, &code)?;
        match self.kept(&path, component.digest) {
            Some(compiled) => Ok(compiled),
            // Another process has written the two at the same moment.
            None => Compiled::from_binary(&self.engine, &component.bytes).map_err(refused),
        }
    }

    /// Returns a kept component that is as it was written.
    fn kept(&self, path: &Path, component: Digest) -> Option<Compiled> {
        let sidecar = path.with_extension("sha256");
        let written = fs::read_to_string(&sidecar).ok()?;
        let found = Digest::of_file(&File::open(path).ok()?).ok()?;
        if written.parse() != Ok(seal(component, found)) {
            return None;
        }
        mark_used(path);
        mark_used(&sidecar);
        self.trust(path)
    }

    #[expect(
        unsafe_code,
        reason = "the file is our own: it lies in a folder that only we can write to, and its \
                  seal is the one that we wrote beside it"
    )]
    fn trust(&self, path: &Path) -> Option<Compiled> {
        // SAFETY: the bytes are what `precompile_component` gave us, as said above. wasmtime checks
        // that they are of its own version and settings.
        unsafe { Compiled::deserialize_file(&self.engine, path) }.ok()
    }
}

/// Says which code a component was compiled to, so that none is taken for another's.
fn seal(component: Digest, code: Digest) -> Digest {
    Digest::of(format!("{component} {code}").as_bytes())
}

/// Makes a folder that nobody else can look into.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700)))
        .map_err(Error::folder(folder))
}

/// Writes a file in one step.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(Error::folder(path))
}

/// Hashes what the engine says of itself.
struct Compatible(Hasher);

impl std::hash::Hasher for Compatible {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
