//! What can go wrong, with the path or stage at fault.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, StageKey};

/// Why the engine could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was tried, as an infinitive.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The disk or the quota is full.
    #[error("no space left to {doing} {}", path.display())]
    Full {
        /// What was tried, as an infinitive.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The store cannot be used as it is.
    #[error("cannot use {} as the store: {reason}", path.display())]
    NotAStore {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        reason: NotWritable,
        /// What the file system said.
        source: io::Error,
    },
    /// Another process uses the store and the work needs it alone.
    #[error("the store {} is in use by a build", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// A blob that was there is gone, or its bytes are not what its name says.
    #[error("the blob {digest} is not in the store")]
    Vanished {
        /// Which.
        digest: Digest,
    },
    /// A stage asked for an artifact that its `key` did not show.
    #[error("`{artifact}` is not a declared input of this stage")]
    Undeclared {
        /// The name of the artifact, or the digest of the blob.
        artifact: String,
    },
    /// A stage finished an output that is not its own, or one twice.
    #[error("`{artifact}` cannot be finished here: {reason}")]
    WrongOutput {
        /// The name of the artifact.
        artifact: String,
        /// Why.
        reason: &'static str,
    },
    /// A stage ended without all its outputs.
    #[error("the stage did not finish its outputs {}", outputs.join(", "))]
    Unfinished {
        /// Their names.
        outputs: Vec<String>,
    },
    /// A stage is wired to what is not an earlier stage of the same graph, or its inputs cannot be written down.
    #[error("stage `{title}` is wired wrongly: {reason}")]
    Wiring {
        /// The stage.
        title: String,
        /// Why.
        reason: String,
    },
    /// The graph has no such stage.
    #[error("there is no stage `{title}`; there are {}", titles.join(", "))]
    NoSuchStage {
        /// What was asked for.
        title: String,
        /// What there is.
        titles: Vec<String>,
    },
    /// A stage failed; the first one, when several did.
    #[error("stage `{title}` failed")]
    Stage {
        /// Which.
        title: String,
        /// Its key.
        key: StageKey,
        /// The whole log.
        log: PathBuf,
        /// Why, as the stage said it.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A stage panicked: our fault.
    #[error("panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The build was stopped on request.
    #[error("stopped on request")]
    Cancelled,
}

/// Why a folder cannot be the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotWritable {
    /// Something else has its name.
    #[error("it is not a folder")]
    NotAFolder,
    /// The user may not write there.
    #[error("no permission to write there")]
    NoPermission,
    /// It is mounted read-only.
    #[error("the file system is read-only")]
    ReadOnly,
    /// No space, not even for a folder.
    #[error("no space is left there")]
    Full,
    /// It cannot be made.
    #[error("it cannot be made")]
    Impossible,
}

impl Error {
    /// Wraps what the file system said about a path; a full disk gets its own variant.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { doing, path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }

    /// Whether a full disk or quota is behind it, in the store or where a stage wrote.
    pub fn is_full(&self) -> bool {
        self.find().is_some_and(|error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        })
    }

    /// Finds an error of type `E` among the causes, e.g. the one of the stage that failed.
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        let mut cause = self.source();
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}
