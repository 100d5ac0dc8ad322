//! What a profile says of drivers, in the words of the stages: which packages they are in, for which kernels, and who
//! signs them.
//!
//! Reads the certificate to put it on the medium; knows no stage.

use std::fs;
use std::path::{Path, PathBuf};

use isoplug_manifest::System;
use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::package::name_in;

use crate::module_signature;

/// The drivers of an image.
#[derive(Clone, Default)]
pub struct Drivers {
    /// The names of the packages that they are in.
    pub packages: Vec<String>,
    /// The versions of the kernels that they are compiled for.
    pub kernels: Vec<String>,
    /// Who signs them.
    pub signing: Option<Signing>,
}

/// Who signs drivers.
#[derive(Clone)]
pub struct Signing {
    /// The key, in PEM; empty where nobody builds.
    pub key: String,
    /// Its certificate, in DER.
    pub certificate: Vec<u8>,
}

/// Why drivers cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificate cannot be read.
    #[error("cannot read the certificate {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no certificate.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: module_signature::Error,
    },
}

/// Returns the drivers of a profile, if it has any. `folder` is that of the user's files.
///
/// # Errors
///
/// When the certificate cannot be read.
pub fn drivers(
    system: &System,
    locked: &LockedImage,
    folder: &Path,
) -> Result<Option<Drivers>, Error> {
    let options = &system.options.drivers;
    if options.is_empty() {
        return Ok(None);
    }
    let wishes = options.wishes(system.distribution());
    let packages = wishes.iter().map(|wish| name_in(wish).to_owned()).collect();
    let key = options.signing_key.as_ref().map(|key| key.text().unwrap_or_default().to_owned());
    let signing = key.zip(certificate(system, folder)?);
    let signing = signing.map(|(key, certificate)| Signing { key, certificate });
    Ok(Some(Drivers { packages, kernels: locked.kernels(), signing }))
}

/// Returns the certificate of a profile's drivers in DER, if there are drivers and it has one.
///
/// # Errors
///
/// When it cannot be read.
pub fn certificate(system: &System, folder: &Path) -> Result<Option<Vec<u8>>, Error> {
    let options = &system.options.drivers;
    let Some(path) = options.signing_certificate.as_ref().filter(|_| !options.is_empty()) else {
        return Ok(None);
    };
    let path = folder.join(path);
    let bytes = fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let der = module_signature::to_der(&bytes);
    der.map(Some).map_err(|source| Error::Certificate { path, source })
}
