//! Empties a folder of what a sandbox left in it, whoever owns it.

use std::path::Path;

use super::job::{Answer, Failure, Kept};
use super::launch::{Launch, Watch};
use super::room::{Room, WORK};
use super::rooted::still::Still;
use super::{Error, Limits, apart, init};

/// Empties the folder. Needs a sandbox only if it holds files of other users than this one's, as
/// a killed build of an ordinary user leaves them.
///
/// # Errors
/// Those of [`super::run`], or that an entry cannot be removed.
pub fn clean(folder: &Path) -> Result<(), Error> {
    if Still(folder).empty().is_ok() {
        return Ok(());
    }
    let limits = Limits::default();
    let role = "clean";
    let launch =
        Launch { role, input: "", files: Vec::new(), folder: Some(folder), limits: &limits };
    launch.run(&Blind).map(|_| ())
}

pub(super) struct Blind;

impl Watch for Blind {
    fn line(&self, _: &str) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Plays the role, inside.
pub(super) fn main() -> u8 {
    apart::keep_descriptors_back();
    let done = init::prepare().and_then(|()| {
        Room { memory: None, foreign: None }.enter()?;
        Still(Path::new(WORK)).empty().map_err(Failure::of("empty the folder"))
    });
    match done {
        Ok(()) => Answer::Done(Kept::default()).send(),
        Err(failure) => Answer::Failed(failure).send(),
    }
    0
}
