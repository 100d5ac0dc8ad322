//! Lets one run at a time change what lies in a folder of the user: manifest, lock, finished images.
//!
//! What is read by a run that is alone, and then written, loses nothing that another run has written.

use std::path::Path;

use isoplug_engine::{CancelToken, Error, Guard, hold_folder};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// No other run changes the folder while this lives. Where the file system has no locks (some network
/// file systems), nobody is kept away.
#[derive(Debug)]
pub(crate) struct Alone {
    _guard: Option<Guard>,
}

impl Alone {
    /// Waits until no other run has the folder.
    pub(crate) fn in_folder(folder: &Path, session: &Session) -> Result<Self, Failure> {
        Self::in_folder_shown_as(folder, folder, session)
    }

    /// The same, of a folder that people know by another path.
    pub(crate) fn in_folder_shown_as(
        folder: &Path,
        shown: &Path,
        session: &Session,
    ) -> Result<Self, Failure> {
        Self::with(folder, &session.cancel, || {
            let shown = if shown.as_os_str().is_empty() { Path::new(".") } else { shown };
            session
                .note(&format!("waiting for another isoplug that writes to {}", shown.display()));
        })
    }

    /// The same, with what is called if another run has the folder.
    pub(crate) fn with(
        folder: &Path,
        cancel: &CancelToken,
        waiting: impl FnOnce(),
    ) -> Result<Self, Failure> {
        let held = hold_folder(folder, || cancel.is_cancelled(), waiting);
        held.map(|guard| Self { _guard: guard }).map_err(|error| match error {
            Error::Cancelled => Failure::new(Exit::Interrupted, "stopped"),
            error => Failure::new(Exit::Failed, format!("cannot use {}", folder.display()))
                .because(&error),
        })
    }
}
