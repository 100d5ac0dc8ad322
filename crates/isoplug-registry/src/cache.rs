//! The plugins that are on this machine: a folder with an OCI image layout.
//!
//! What is fetched lies here with its manifest and signatures, so that it can be run, verified
//! and mirrored without a network.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::layout::Layout;
use super::oci::OciManifest;
use super::pin::Pin;
use super::release::Release;
use super::signature::referrers;
use super::transport::{At, Transport, check_same, copy};
use isoplug_engine::{Digest, mark_used};

/// A folder of fetched plugins.
#[derive(Debug, Clone)]
pub struct Cache {
    layout: Layout,
}

impl Cache {
    /// Opens a folder, which is made when something is put there.
    ///
    /// # Errors
    ///
    /// When something else is there.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Ok(Self { layout: Layout::open(folder, None)? })
    }

    /// Returns the folder as a repository, in which manifests are found by digest.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the file of a component, if it is there and undamaged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn component(&self, component: Digest) -> Result<Option<PathBuf>, Error> {
        let is_there = self.layout.has_blob(component)?;
        Ok(is_there.then(|| self.layout.blob_path(component)))
    }

    /// Returns the file of the component that the lock names, if it is there, undamaged and with
    /// its manifest.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn locked(&self, pin: &Pin) -> Result<Option<PathBuf>, Error> {
        self.whole(pin.manifest, pin.component)
    }

    fn whole(&self, manifest: Digest, component: Digest) -> Result<Option<PathBuf>, Error> {
        let found = match self.layout.has_blob(manifest)? {
            true => self.component(component)?,
            false => None,
        };
        if found.is_some() {
            self.mark_used(manifest)?;
        }
        Ok(found)
    }

    /// Says of all files of a release that they were used, its signatures among them: without these nobody believes it.
    fn mark_used(&self, manifest: Digest) -> Result<(), Error> {
        let signatures = referrers(&self.layout, manifest)?.into_iter().map(|it| it.digest);
        for digest in signatures.chain([manifest]) {
            mark_used(&self.layout.blob_path(digest));
            let read = self.layout.manifest(At::Digest(digest))?;
            let manifest = read.map(|read| OciManifest::read(&read.bytes, "", ""));
            for blob in manifest.iter().flatten().flat_map(OciManifest::blobs) {
                mark_used(&self.layout.blob_path(blob.digest));
            }
        }
        Ok(())
    }

    /// Fetches a release with its signatures, unless it is there. Returns the component's file.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or is not what was asked for.
    pub fn fetch(&self, from: &dyn Transport, release: &Release) -> Result<PathBuf, Error> {
        self.fetch_digests(from, release.manifest, release.component.digest)
    }

    /// Fetches what the lock names, unless it is there. Returns the component's file.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or is not what was locked.
    pub fn fetch_locked(&self, from: &dyn Transport, locked: &Pin) -> Result<PathBuf, Error> {
        self.fetch_digests(from, locked.manifest, locked.component)
    }

    fn fetch_digests(
        &self,
        from: &dyn Transport,
        manifest: Digest,
        component: Digest,
    ) -> Result<PathBuf, Error> {
        if let Some(path) = self.whole(manifest, component)? {
            return Ok(path);
        }
        let found = Release::fetch(from, At::Digest(manifest))?.component.digest;
        check_same(&from.place(), "the locked component", component, found)?;
        copy(from, &self.layout, manifest, None)?;
        Ok(self.layout.blob_path(component))
    }
}
