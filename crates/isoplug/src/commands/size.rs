//! `isoplug size`: what takes the room of an image, and why it is there.

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use isoplug_image::stages::sizes::Report;

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::prepare::{Planned, plan};
use crate::session::Session;
use crate::size::{self, page, table, why};

/// Show what takes the room of an image: packages, folders, and why they are there
///
/// Builds the root filesystem if it is not in the store yet. Sizes are those before compression.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  isoplug size                      # the largest packages and folders\n  \
    isoplug size --why perl-base      # who needs a package\n  \
    isoplug size --why /usr/lib/firmware\n  \
    isoplug size --page size.html     # a map to look at"
)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// How many packages and folders to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Show why a package is there, or whose a file or folder is
    #[arg(long, value_name = "PACKAGE|PATH")]
    why: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "why")]
    format: Format,
    /// Write a page with a map of packages and their files
    #[arg(long, value_name = "FILE", conflicts_with = "why")]
    page: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines
    Json,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    if let (Some(page), [_, _, ..]) = (&args.page, &picks[..]) {
        let message = format!("{} can show one profile", page.display());
        return Err(Failure::new(Exit::Manifest, message).hint("choose it with `--profile`"));
    }
    for pick in &picks {
        let planned = plan(&project, pick, args.locking.into(), session)?;
        let report = measured(&planned, session)?;
        show(args, &planned, &report, session)?;
    }
    Ok(Exit::Done)
}

fn measured(planned: &Planned, session: &Session) -> Result<Report, Failure> {
    let Planned { system, image, store } = planned;
    let report = size::measured(image, store, &session.run_options());
    report
        .map_err(|error| outcome::failure(&error, system))?
        .ok_or_else(|| Failure::new(Exit::Internal, "the sizes are lost"))
}

fn show(args: &Args, planned: &Planned, report: &Report, session: &Session) -> Result<(), Failure> {
    let Planned { system, image, .. } = planned;
    let title = format!("{} ({})", system.profile, system.arch);
    if let Some(what) = &args.why {
        session.out(&why::why(what, report, &why::roots(system, image))?);
        return Ok(());
    }
    if let Some(path) = &args.page {
        fs::write(path, page::page(&title, report)).map_err(|error| {
            let message = format!("cannot write {}", path.display());
            Failure::new(Exit::Failed, message).because(&error)
        })?;
        session.note(&format!("made {}", path.display()));
        return Ok(());
    }
    session.out(&match args.format {
        Format::Text => table::text(&title, report, args.top),
        Format::Json => table::json(&title, report),
    });
    Ok(())
}
