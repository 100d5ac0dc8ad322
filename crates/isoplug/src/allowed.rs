//! What the user allowed folders to reach on this machine: kept in the user's own state folder, one file for each
//! folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::place;
use crate::reach::Reach;
use crate::read::read_text;
use crate::session::Session;

/// What one folder is allowed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Allowed {
    /// The folder, links followed.
    pub(crate) folder: PathBuf,
    /// The identities of what it may reach, sorted.
    pub(crate) reaches: BTreeSet<String>,
}

/// Returns once everything that the folder reaches for is allowed: remembered, said on the command line, or
/// answered to a question, which is then remembered.
pub(crate) fn settle(
    folder: &Path,
    asked: &BTreeSet<Reach>,
    session: &Session,
) -> Result<(), Failure> {
    // Where everything is allowed nothing has to be remembered, such as in a home folder that CI lacks.
    if asked.is_empty() || session.global.trust_folder {
        return Ok(());
    }
    let remembered = recall(folder, session)?.reaches;
    let new: Vec<&Reach> =
        asked.iter().filter(|reach| !remembered.contains(&reach.identity)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let asks =
        format!("{} asks for more than an image of what lies in it:{}", named(folder), lines(&new));
    match session.ask(&format!("{asks}\nAllow this, and remember it?"))? {
        Some(true) => remember(folder, asked, session),
        Some(false) => Err(Failure::new(Exit::Untrusted, "that was not allowed")),
        None => Err(unanswered(asks, folder)),
    }
}

fn unanswered(asks: String, folder: &Path) -> Failure {
    let trust = format!("isoplug trust {}", folder_argument(folder));
    Failure::new(Exit::Untrusted, asks)
        .hint(format!("look at it, then allow it with `{trust}`"))
        .hint("in CI, where the folder is your own: --trust-folder")
}

/// Returns what is asked for, a line each.
pub(crate) fn lines(reaches: &[&Reach]) -> String {
    reaches.iter().map(|reach| format!("\n  {}", reach.words)).collect()
}

/// Returns what messages call a folder.
pub(crate) fn named(folder: &Path) -> String {
    if folder.as_os_str().is_empty() {
        "this folder".to_owned()
    } else {
        folder.display().to_string()
    }
}

fn folder_argument(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}

/// Reads what a folder is allowed.
pub(crate) fn recall(folder: &Path, session: &Session) -> Result<Allowed, Failure> {
    let path = file(folder, session)?;
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Allowed::default()),
        Err(error) => return Err(unusable(&path, &error)),
    };
    serde_json::from_str(&text).map_err(|error| unusable(&path, &error))
}

/// Remembers what a folder is allowed, in place of what was.
pub(crate) fn remember(
    folder: &Path,
    reaches: &BTreeSet<Reach>,
    session: &Session,
) -> Result<(), Failure> {
    let path = file(folder, session)?;
    let reaches = reaches.iter().map(|reach| reach.identity.clone()).collect();
    let allowed = Allowed { folder: real(folder)?, reaches };
    let text = format!("{:#}\n", serde_json::json!(allowed));
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| place::write(&path, &text)).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(&error)
    })
}

/// Forgets what a folder is allowed.
pub(crate) fn forget(folder: &Path, session: &Session) -> Result<(), Failure> {
    let path = file(folder, session)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&path, &error)),
        _ => Ok(()),
    }
}

fn file(folder: &Path, session: &Session) -> Result<PathBuf, Failure> {
    let state = session.state().ok_or_else(|| {
        Failure::new(Exit::Untrusted, "there is no home folder to remember in what is allowed")
            .hint("set XDG_STATE_HOME, or allow it for this run with --trust-folder")
    })?;
    let name = Digest::of(real(folder)?.as_os_str().as_encoded_bytes()).hex();
    Ok(state.join("allowed").join(format!("{name}.json")))
}

fn real(folder: &Path) -> Result<PathBuf, Failure> {
    let path = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::canonicalize(path).map_err(|error| {
        Failure::new(Exit::Manifest, format!("cannot read {}", path.display())).because(&error)
    })
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot use {}", path.display()))
        .because(error)
        .hint("remove it; isoplug then asks again")
}
