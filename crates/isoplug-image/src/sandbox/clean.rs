//! Empties a folder of what a sandbox left in it, whoever owns it.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use isoplug_formats::tree::sorted_names;

use super::Error;
use super::job::{Answer, Failure, Kept};
use super::launch::{Watch, launch};

/// Empties the folder. Needs a sandbox only if it holds files of other users than this one's, as
/// a killed build of an ordinary user leaves them.
///
/// # Errors
/// Those of [`super::run`], or that an entry cannot be removed.
pub fn clean(folder: &Path) -> Result<(), Error> {
    if empty(folder).is_ok() {
        return Ok(());
    }
    launch("clean", &serde_json::to_string(folder).unwrap_or_default(), &Blind).map(|_| ())
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
    let mut line = String::new();
    _ = std::io::stdin().lock().read_line(&mut line);
    let folder: PathBuf = serde_json::from_str(&line).unwrap_or_default();
    match empty(&folder) {
        Ok(()) => Answer::Done(Kept::default()).send(),
        Err(error) => {
            Answer::Failed(Failure::of(format!("empty {}", folder.display()))(error)).send();
        }
    }
    0
}

/// Removes all that is in a folder but not the folder, which may be missing.
pub(super) fn empty(folder: &Path) -> std::io::Result<()> {
    let names = match sorted_names(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        names => names?,
    };
    for name in names {
        let path = folder.join(name);
        if path.symlink_metadata()?.is_dir() {
            std::fs::remove_dir_all(&path)?;
        } else {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
