//! `isoplug build`: makes the ISO of each chosen profile and prints its path.

use std::path::PathBuf;

use isoplug_engine::Reporter;
use isoplug_image::failed;

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::export::Output;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::prepare::{Prepared, prepare};
use crate::project::Project;
use crate::session::Session;
use crate::size::{self, smaller};
use crate::sources::Form;
use crate::timings::Timings;
use crate::{export, outcome, plugins, room, secrets_found, sources};

/// Make the ISO; print its path on standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug build                          # the default profiles of isoplug.toml\n  \
    isoplug build stick -p rescue          # one profile of stick/isoplug.toml\n  \
    isoplug build --all --locked --json    # in CI\n  \
    isoplug build --sources=iso            # with an ISO of its source packages beside it")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// Put the ISOs into this folder [default: out, beside the manifest]
    #[arg(long, short = 'o', value_name = "DIR")]
    output: Option<PathBuf>,
    /// Put the source packages of all that is in the image beside it, in this form
    #[arg(long, value_name = "FORM", value_enum)]
    sources: Option<Form>,
    /// Keep the work folder of a stage that fails, to look at it
    #[arg(long)]
    keep_failed: bool,
    /// Write a page that shows where the time went [default: timings.html, beside the ISOs]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    timings: Option<Option<PathBuf>>,
}

const PAGE: &str = "timings.html";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, profiles) = args.select.open()?;
    let output = export::output(&project, args.output.as_deref())?;
    let timings = args.timings.as_ref().map(|_| Timings::new());
    let built = profiles.iter().try_for_each(|profile| {
        let lock_use = args.locking.into();
        let prepared = prepare(&project, profile, &args.select.arch(), lock_use, session)?;
        // What is missing of them is told before the work.
        let sources = args.sources.map(|form| sources::find(&prepared, form, session));
        let sources = sources.transpose()?;
        let iso = build_timed(&prepared, &output, args.keep_failed, timings.as_ref(), session)?;
        if let (Some(list), Some(form)) = (sources, args.sources) {
            sources::add(&prepared, list, form, &output, session)?;
        }
        session.out(&iso.display().to_string());
        Ok(())
    });
    let Some(timings) = timings else { return built.map(|()| Exit::Done) };
    let (page, written) = write_page(&timings, args.timings.clone().flatten(), &output);
    // The page of a failed build tells how far it came; what failed is said first.
    built.and(written)?;
    session.note(&format!("timings: {}", page.display()));
    Ok(Exit::Done)
}

/// Writes the page where it was asked for, else into the folder for results. Returns where, and whether it went well.
fn write_page(
    timings: &Timings,
    asked: Option<PathBuf>,
    output: &Output,
) -> (PathBuf, Result<(), Failure>) {
    if let Some(page) = asked {
        let written = timings.write(&page, &page);
        return (page, written);
    }
    let page = output.folder.join(PAGE);
    let written = output.hold().and_then(|top| timings.write(&top.path().join(PAGE), &page));
    (page, written)
}

/// Builds, and lets `timings` listen if there are any.
fn build_timed(
    prepared: &Prepared,
    output: &Output,
    keep_failed: bool,
    timings: Option<&Timings>,
    session: &Session,
) -> Result<PathBuf, Failure> {
    let Some(timings) = timings else {
        return build(prepared, output, keep_failed, session);
    };
    let targets = prepared.products.artifacts();
    let plan = isoplug_engine::plan_targets(&prepared.graph, &targets, &prepared.store)
        .map_err(|error| outcome::failure(&error, &prepared.system))?;
    let title = format!("{} ({})", prepared.system.profile, prepared.system.arch);
    let listener = timings.listen(title, &plan, &*session.reporter);
    build_told(prepared, output, keep_failed, &listener, session)
}

/// Builds what was prepared and puts it into a folder; returns the path of the ISO there.
pub(crate) fn build(
    prepared: &Prepared,
    output: &Output,
    keep_failed: bool,
    session: &Session,
) -> Result<PathBuf, Failure> {
    build_told(prepared, output, keep_failed, &*session.reporter, session)
}

fn build_told(
    prepared: &Prepared,
    output: &Output,
    keep_failed: bool,
    reporter: &dyn Reporter,
    session: &Session,
) -> Result<PathBuf, Failure> {
    session.warn(&room::warning(prepared));
    let targets = prepared.products.artifacts();
    let options = isoplug_engine::Options { keep_failed, reporter, ..session.run_options() };
    let outputs = isoplug_engine::run(&prepared.graph, &targets, &prepared.store, &options)
        .map_err(|error| failure(&error, prepared, &options))?;
    let checks = &prepared.products.checks;
    session.warn(&plugins::checked(checks, &outputs, &prepared.system));
    session.warn(&secrets_found::look(prepared, &outputs)?);
    export::export(prepared, &outputs, output, session)
}

/// Returns the failure for an error of a run; of an ISO that is too large, with what makes it smaller.
fn failure(
    error: &isoplug_engine::Error,
    prepared: &Prepared,
    options: &isoplug_engine::Options,
) -> Failure {
    let Prepared { system, image, store, .. } = prepared;
    let failure = outcome::failure(error, system);
    if !failed::is_too_large(error) {
        return failure;
    }
    // The root filesystem is there, or there would be no ISO.
    let report = size::measured(image, store, options).ok().flatten();
    smaller::hints(system, report.as_ref()).into_iter().fold(failure, Failure::hint)
}

/// Builds one profile for a command that needs its ISO, or returns the ISO that is there.
pub(crate) fn build_one(
    project: &Project,
    profile: &str,
    arch: &str,
    lock_use: LockUse,
    session: &Session,
) -> Result<(Prepared, PathBuf), Failure> {
    let prepared = prepare(project, profile, arch, lock_use, session)?;
    let iso = build(&prepared, &export::output(project, None)?, false, session)?;
    Ok((prepared, iso))
}
