//! `isoplug why-differs`: which options, packages, files and stages differ between two profiles, and why.

use std::path::PathBuf;

use super::select::{Vars, host_arch};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::pick::Pick;
use crate::project::Project;
use crate::session::Session;
use crate::two::{Side, Two};

/// Tell what differs between two profiles: options, packages, files and stages, each with who brings it
///
/// Uses no network: why a package is there is known as far as the indices of the lock are in the store.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug why-differs minimal rescue\n  \
    isoplug why-differs minimal rescue stick --json    # the folder `stick`")]
pub(crate) struct Args {
    /// The first profile
    first: String,
    /// The other profile
    second: String,
    /// The folder of the manifest
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The architecture of both images [default: this machine's]
    #[arg(long, value_name = "ARCH", value_parser = isoplug_arch::with_images())]
    arch: Option<String>,
    #[command(flatten)]
    vars: Vars,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut project = Project::open(&args.folder)?;
    project.vars = args.vars.given();
    let arch = args.arch.clone().unwrap_or_else(|| host_arch().to_owned());
    let side = |profile: &String| {
        let profile = project.choose(std::slice::from_ref(profile), false)?.remove(0);
        Side::of(&project, Pick { profile, arch: arch.clone() }, session)
    };
    let two = Two::of(&project, [side(&args.first)?, side(&args.second)?], session)?;
    let text = if session.global.json { two.json().to_string() } else { two.text() };
    session.out(&text);
    Ok(Exit::Done)
}
