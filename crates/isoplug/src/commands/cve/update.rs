//! `isoplug cve update`: fetches the data of vulnerabilities, the one thing about them that needs a network.
//!
//! What comes takes the place of what is there only if it is such data. Beside it lies where it came from, when, and its
//! digest: a report is true for a file, not for a day.

use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_fetch::{Downloader, Expected, Patience, Unwatched, without_password};
use isoplug_inspect::cve;
use serde_json::json;
use tempfile::NamedTempFile;

use super::data;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::pretty;
use crate::place;
use crate::session::Session;
use crate::today;

const TRACKER: &str = "https://security-tracker.debian.org/tracker/data/json";
const OSV: &str = "https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip";
/// The most bytes that are taken.
const LARGEST: u64 = 1 << 30;

/// Fetch the data of Debian's security tracker, for reports without a network
///
/// Keeps it in the store, or in the folder that --output names: tracker.json, osv.zip, each with NAME.origin.json, which
/// says where it came from, when, and its SHA-256. Prints the path and the SHA-256 of each.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  isoplug cve update\n  \
    isoplug cve update --osv -o data         # OSV's data, too\n  \
    isoplug cve update --url https://mirror.example.com/tracker.json")]
pub(crate) struct Args {
    /// Fetch OSV's data of Debian, too
    #[arg(long)]
    osv: bool,
    /// Fetch the tracker's data from here [default: Debian's security tracker]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Fetch OSV's data from here, if they are fetched [default: OSV]
    #[arg(long, value_name = "URL", requires = "osv")]
    osv_url: Option<String>,
    /// Put the data into this folder [default: the store]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if let Some(why) = session.offline() {
        return Err(Failure::new(Exit::Manifest, format!("cannot fetch data: {why}")));
    }
    let folder = args.output.clone().map_or_else(|| data::folder(session), Ok)?;
    std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
    let tracker = (data::TRACKER, args.url.as_deref().unwrap_or(TRACKER), "tracker");
    let osv = (data::OSV, args.osv_url.as_deref().unwrap_or(OSV), "osv");
    for (name, url, form) in [Some(tracker), args.osv.then_some(osv)].into_iter().flatten() {
        let digest = fetch(url, form, &folder.join(name), session)?;
        session.out(&format!("{}  {}", digest.hex(), folder.join(name).display()));
    }
    Ok(Exit::Done)
}

/// Fetches a file, looks at what it is, and puts it in its place.
fn fetch(url: &str, form: &str, target: &Path, session: &Session) -> Result<Digest, Failure> {
    let shown = without_password(url);
    session.note(&format!("fetching {shown}"));
    let folder = target.parent().unwrap_or(Path::new("."));
    let new = NamedTempFile::new_in(folder).map_err(|error| unwritten(folder, &error))?;
    download(url, &new, session)?;
    let found = cve::read(new.path(), &[]).map_err(|error| unfetched(url, &error))?.0;
    if found.form != form {
        let message = format!("{shown} has no data of the form that is wanted: {form}");
        return Err(Failure::new(Exit::Failed, message));
    }
    let digest = Digest::of_file(new.as_file()).map_err(|error| unwritten(target, &error))?;
    let origin = json!({ "url": shown, "fetched": today::today(), "sha256": digest.hex() });
    new.persist(target).map_err(|error| unwritten(target, &error.error))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!("{name}.origin.json"));
    let written = place::write(&beside, &(pretty(&origin) + "\n"));
    written.map_err(|error| unwritten(&beside, &error))?;
    Ok(digest)
}

fn download(url: &str, new: &NamedTempFile, session: &Session) -> Result<(), Failure> {
    let (mirror, name) = url.rsplit_once('/').unwrap_or((url, ""));
    let expected = Expected { limit: LARGEST, ..Expected::default() };
    let downloader = Downloader::new(1, Patience::default(), &session.authorities());
    let downloader = downloader.map_err(|error| unfetched(url, &error))?;
    let mirrors = [mirror.to_owned()];
    let fetched = downloader.fetch(&mirrors, name, &expected, new.as_file(), &Unwatched);
    fetched.map(drop).map_err(|error| unfetched(url, &error))
}

fn unfetched(url: &str, error: &dyn std::error::Error) -> Failure {
    let message = format!("cannot fetch {}", without_password(url));
    Failure::new(Exit::Failed, message).because(error)
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(error)
}
