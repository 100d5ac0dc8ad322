//! Runs plugins.

use std::path::{Path, PathBuf};

use crate::{
    Component, Contribution, Description, Error, Plan, Plugin, Report, Rootfs, Surroundings,
};

/// Runs plugins, and keeps what it compiled and what they made.
pub struct Runtime {
    folder: PathBuf,
}

impl Runtime {
    /// Makes a runtime that keeps its caches in a folder of its own.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self { folder: folder.to_owned() })
    }

    /// Checks a component's imports and contract. Nothing is compiled before it first runs.
    pub fn component(&self, bytes: &[u8]) -> Result<Component, Error> {
        Component::read(bytes)
    }

    /// Asks a component what it is.
    pub fn describe(&self, _: &Component) -> Result<Description, Error> {
        Err(Error::Engine(format!("{} is empty", self.folder.display())))
    }

    /// Lets a plugin contribute while the manifest is evaluated.
    pub fn contribute(&self, _: &Plugin, _: &dyn Surroundings) -> Result<Contribution, Error> {
        Err(Error::Engine(format!("{} is empty", self.folder.display())))
    }

    /// Lets a plugin add files with the packages in.
    pub fn furnish(
        &self,
        _: &Plugin,
        _: &dyn Surroundings,
        _: &dyn Rootfs,
    ) -> Result<Contribution, Error> {
        Err(Error::Engine(format!("{} is empty", self.folder.display())))
    }

    /// Lets a plugin plan a stage.
    pub fn plan(&self, _: &Plugin, _: &dyn Surroundings, _: &str, _: &str) -> Result<Plan, Error> {
        Err(Error::Engine(format!("{} is empty", self.folder.display())))
    }

    /// Lets a plugin judge a finished image.
    pub fn check(&self, _: &Plugin, _: &dyn Surroundings, _: &dyn Rootfs) -> Result<Report, Error> {
        Err(Error::Engine(format!("{} is empty", self.folder.display())))
    }
}
