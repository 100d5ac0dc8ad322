//! Where the data of vulnerabilities are kept.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// The folder of the store.
const FOLDER: &str = "cve";
/// The tracker's data, which say more.
pub(super) const TRACKER: &str = "tracker.json";
/// OSV's data.
pub(super) const OSV: &str = "osv.zip";

/// Returns where the store keeps data.
pub(super) fn folder(session: &Session) -> Result<PathBuf, Failure> {
    session.cache_dir(FOLDER)
}

/// Returns the files that were named, else what the store has.
pub(crate) fn files(named: &[PathBuf], session: &Session) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let folder = folder(session)?;
    let kept = [TRACKER, OSV].map(|name| folder.join(name));
    let kept: Vec<PathBuf> = kept.into_iter().filter(|path| path.is_file()).collect();
    if kept.is_empty() {
        return Err(Failure::new(Exit::Manifest, "there are no data of vulnerabilities")
            .hint("`isoplug cve update` fetches those of Debian's security tracker")
            .hint("--db FILE names the tracker's JSON, or OSV's zip of Debian"));
    }
    Ok(kept)
}
