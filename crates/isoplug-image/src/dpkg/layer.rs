//! Makes a layer of the fetched packages of one install group: what the stages `base` and
//! `packages` have in common.

use isoplug_engine::{Artifact, Blob, Context, Tree};

use super::{Install, Package, failed_package};
use crate::sandbox;
use crate::sandbox::stored::{self, Lines, StoredError};
use crate::stages::fetch;

/// Why a layer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The list of packages.
    #[error(transparent)]
    List(#[from] fetch::Error),
    /// A package whose scripts, or whose installation, failed.
    #[error("the package {package} cannot be installed{}", lines(tail))]
    Package {
        /// Its name.
        package: String,
        /// The last lines of dpkg.
        tail: Vec<String>,
    },
    /// The sandbox; not transparent, so that it can be found among the causes.
    #[error("{0}")]
    Sandbox(#[source] sandbox::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

fn lines(tail: &[String]) -> String {
    tail.iter().map(|line| format!("\n  {line}")).collect()
}

impl From<StoredError> for Error {
    fn from(error: StoredError) -> Self {
        match error {
            StoredError::Engine(error) => Self::Engine(error),
            StoredError::Sandbox(sandbox::Error::Command { command, status, tail }) => {
                match failed_package(&tail) {
                    Some(package) => Self::Package { package, tail },
                    None => Self::Sandbox(sandbox::Error::Command { command, status, tail }),
                }
            }
            StoredError::Sandbox(error) => Self::Sandbox(error),
        }
    }
}

/// Installs the packages over the parent; without one, as the Essential set of a new tree.
pub fn layer(
    parent: Option<Artifact<Tree>>,
    debs: Artifact<Blob>,
    arch: &str,
    epoch: u32,
    out: Artifact<Tree>,
    cx: &Context,
) -> Result<(), Error> {
    let packages = packages(debs, cx)?;
    let lines = Lines::new(cx, &["Unpacking ", "Setting up "], 2 * packages.len());
    let mut job = stored::begin(parent, arch, epoch, cx)?;
    job.install = Some(Install { packages, essential: parent.is_none() });
    Ok(stored::keep(job, out, parent, &lines)?)
}

fn packages(debs: Artifact<Blob>, cx: &Context) -> Result<Vec<Package>, Error> {
    let listed = fetch::read(&cx.path(debs)?)?.into_iter();
    let package = |listed: fetch::Package| {
        let deb = cx.referred(&listed.digest()?)?;
        Ok(Package { name: listed.name, architecture: listed.architecture, deb })
    };
    listed.map(package).collect()
}
