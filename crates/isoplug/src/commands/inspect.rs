//! `isoplug inspect`: what is in a finished image, of isoplug or of others.

use std::path::PathBuf;

use clap::ValueEnum;
use isoplug_inspect::report::parts::Part;
use isoplug_inspect::report::{check, overview};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::{Format, open, pretty};
use crate::session::Session;

/// Show what is in a finished image: how it boots, its system, packages and users
///
/// Reads live images of isoplug and of others: Debian, Ubuntu, grml and their kin. Needs no root, mounts nothing, and
/// says what it could not read.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  isoplug inspect stick.iso                    # all of it on one page\n  \
    isoplug inspect stick.iso packages           # every package with its version\n  \
    isoplug inspect stick.iso --check            # is the medium in order?\n  \
    isoplug inspect stick.iso files --format json | jq '.files[] | .path'"
)]
pub(crate) struct Args {
    /// The image
    image: PathBuf,
    /// Show only this, but in full
    #[arg(value_enum)]
    what: Option<What>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Look whether the medium is in order; exit code 9 if it is not
    #[arg(long, conflicts_with = "what")]
    check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The packages that are installed
    Packages,
    /// All files of the root filesystem, with mode, owner, attributes and package
    Files,
    /// The entries of boot menus with their kernel parameters
    Menu,
    /// The units that start by themselves, and those that cannot
    Units,
    /// All users
    Users,
    /// How it boots: El Torito, partitions, loaders, kernels, initrds
    Boot,
}

impl From<What> for Part {
    fn from(what: What) -> Self {
        match what {
            What::Packages => Self::Packages,
            What::Files => Self::Files,
            What::Menu => Self::Menu,
            What::Units => Self::Units,
            What::Users => Self::Users,
            What::Boot => Self::Boot,
        }
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let image = open(&args.image)?;
    if args.check {
        return checked(args, &image, session);
    }
    let part = args.what.map(Part::from);
    session.out(&match args.format {
        Format::Json => pretty(&overview::json(&image, part)),
        format => format.page(&overview::page(&image, part)),
    });
    Ok(Exit::Done)
}

fn checked(
    args: &Args,
    image: &isoplug_inspect::image::Image,
    session: &Session,
) -> Result<Exit, Failure> {
    let checks = check::run(image);
    let faults: usize = checks.iter().map(|check| check.faults.len()).sum();
    let mut page = overview::page(image, None);
    page.sections = vec![check::section(&checks)];
    let verdict =
        if faults == 0 { "in order".to_owned() } else { format!("not in order: {faults} faults") };
    page.verdict = verdict;
    session.out(&match args.format {
        Format::Json => pretty(&serde_json::json!({ "schema": 1, "kind": "check", "faults": faults, "checks": checks })),
        format => format.page(&page),
    });
    Ok(if faults == 0 { Exit::Done } else { Exit::NotAsSaid })
}
