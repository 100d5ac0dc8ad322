//! `isoplug build`: makes the ISO of each chosen profile and prints its path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isoplug_engine::{Options, plan_targets};
use isoplug_image::image::file_name;
use isoplug_image::papers::sources::SourceList;
use serde_json::{Value as Json, json};

use super::select::{Locking, Select, Sharding};
use crate::alone::Alone;
use crate::exit::Exit;
use crate::export::Output;
use crate::failure::Failure;
use crate::locking::LockUse;
use crate::matrix::Matrix;
use crate::pick::Pick;
use crate::project::Project;
use crate::session::Session;
use crate::signing::{self, Asked, Signers};
use crate::sources::Form;
use crate::timings::{Listener, Timings};
use crate::{export, pick, sources};

/// Make the ISO; print its path on standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug build                          # the default profiles of isoplug.toml\n  \
    isoplug build stick -p rescue          # one profile of stick/isoplug.toml\n  \
    isoplug build --all --locked --json    # in CI\n  \
    isoplug build -p nightly --arch amd64,arm64    # a group, for two machines\n  \
    isoplug build --all --shard 2/4        # the second of four machines\n  \
    isoplug build --sources=iso            # and an ISO of its source packages\n  \
    isoplug build --sign acme.key          # and signatures")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    sharding: Sharding,
    #[command(flatten)]
    locking: Locking,
    /// Put the ISOs into this folder [default: out, beside the manifest]
    #[arg(long, short = 'o', value_name = "DIR")]
    output: Option<PathBuf>,
    /// Put the source packages of all that is in the image beside it, in this form
    #[arg(long, value_name = "FORM", value_enum)]
    sources: Option<Form>,
    /// Sign each ISO and its papers with this key once they are there, as `isoplug sign` does; may be given several times
    #[arg(long, value_name = "KEY", conflicts_with = "list")]
    sign: Vec<PathBuf>,
    /// With --sign: write the signed provenance as NAME.iso.sigstore.json, too, a bundle that cosign reads
    #[arg(long, requires = "sign")]
    bundle: bool,
    /// Keep the work folder of a stage that fails, to look at it
    #[arg(long)]
    keep_failed: bool,
    /// Write a page that shows where the time went [default: timings.html, beside the ISOs]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    timings: Option<Option<PathBuf>>,
    /// Print what would be built, a profile and its architecture a line; with --json a document for a CI's matrix
    #[arg(long)]
    list: bool,
}

const PAGE: &str = "timings.html";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, picks) = args.select.open()?;
    let picks = args.sharding.deal(picks, session);
    let output = export::output(&project, args.output.as_deref())?;
    if args.list {
        list(&project, &picks, &output, session);
        return Ok(Exit::Done);
    }
    let timings = args.timings.as_ref().map(|_| Timings::new());
    let built = build(args, (&project, &picks), (&output, timings.as_ref()), session);
    let Some(timings) = timings else { return built };
    // The page of a failed build tells how far it came; what failed is said first.
    let (page, written) = write_page(&timings, args.timings.clone().flatten(), &output);
    let exit = built?;
    written?;
    session.note(&format!("timings: {}", page.display()));
    Ok(exit)
}

/// Prints what would be built: lines for people, for machines what a matrix of GitHub Actions includes.
fn list(project: &Project, picks: &[Pick], output: &Output, session: &Session) {
    if !session.global.json {
        picks.iter().for_each(|Pick { profile, arch }| session.out(&format!("{profile} {arch}")));
        return;
    }
    let included = |Pick { profile, arch }: &Pick| {
        let iso = output.folder.join(format!("{}.iso", file_name(&project.image, profile, arch)));
        json!({ "profile": profile, "arch": arch, "iso": iso })
    };
    let all: Vec<Json> = picks.iter().map(included).collect();
    session.out(&json!({ "include": all }).to_string());
}

/// Builds the images and prints where they are.
fn build(
    args: &Args,
    (project, picks): (&Project, &[Pick]),
    (output, timings): (&Output, Option<&Timings>),
    session: &Session,
) -> Result<Exit, Failure> {
    // Keys that cannot be read, and sources that are missing, are told before the work.
    let signers = Signers::open(&args.sign, None, session)?;
    let mut matrix = Matrix::prepare(project, picks, args.locking.into(), session)?;
    let sources = args.sources.map(|form| find_sources(&matrix, form, session)).transpose()?;
    let listener = timings.and_then(|timings| listen(timings, &matrix, picks, session));
    let options = Options { keep_failed: args.keep_failed, ..session.run_options() };
    let options = match &listener {
        Some(listener) => Options { reporter: listener, ..options },
        None => options,
    };
    matrix.build(output, &options, session)?;
    if let (Some(lists), Some(form)) = (sources, args.sources) {
        add_sources(&matrix, lists, form, output, session)?;
    }
    let isos: Vec<&Path> = matrix.built().map(|(_, built)| &*built.iso).collect();
    if !args.sign.is_empty() && !isos.is_empty() {
        sign_in(output, &isos, (signers, args.bundle), session)?;
    }
    matrix.built().for_each(|(_, built)| session.out(&built.iso.display().to_string()));
    matrix.summarise(session);
    Ok(matrix.exit().unwrap_or(Exit::Done))
}

/// Returns the lists of source packages of the images that can be built, by image.
fn find_sources(
    matrix: &Matrix,
    form: Form,
    session: &Session,
) -> Result<BTreeMap<String, SourceList>, Failure> {
    let found = matrix.ready_images().map(|prepared| {
        Ok((prepared.image.name.clone(), sources::find(prepared.into(), form, session)?))
    });
    found.collect()
}

/// Puts the source packages of each finished image beside it.
fn add_sources(
    matrix: &Matrix,
    mut lists: BTreeMap<String, SourceList>,
    form: Form,
    output: &Output,
    session: &Session,
) -> Result<(), Failure> {
    for (prepared, _) in matrix.built() {
        if let Some(list) = lists.remove(&prepared.image.name) {
            sources::add(prepared, list, form, output, session)?;
        }
    }
    Ok(())
}

/// Signs finished images in the folder for results, which is held meanwhile.
fn sign_in(
    output: &Output,
    isos: &[&Path],
    (signers, is_bundled): (Signers, bool),
    session: &Session,
) -> Result<(), Failure> {
    let top = output.hold()?;
    let _alone = Alone::in_folder_shown_as(&top.path(), &output.folder, session)?;
    let inside = |iso: &&Path| top.path().join(iso.file_name().unwrap_or_default());
    let isos: Vec<PathBuf> = isos.iter().map(inside).collect();
    signing::sign(&Asked { isos: &isos, signers, openpgp: None, is_bundled }, session)?;
    Ok(())
}

/// Lets `timings` listen to a run.
fn listen<'a>(
    timings: &'a Timings,
    matrix: &Matrix,
    picks: &[Pick],
    session: &'a Session,
) -> Option<Listener<'a>> {
    let (goals, store) = matrix.goals()?;
    let plan = plan_targets(&matrix.graph, &goals.concat(), &store).ok()?;
    let title = pick::list(&picks.iter().collect::<Vec<_>>());
    Some(timings.listen(title, &plan, &*session.reporter))
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

/// Builds one image for a command that needs its ISO, or returns the ISO that is there.
pub(crate) fn build_one(
    project: &Project,
    pick: &Pick,
    lock_use: LockUse,
    session: &Session,
) -> Result<Result<PathBuf, Exit>, Failure> {
    let mut matrix = Matrix::prepare(project, std::slice::from_ref(pick), lock_use, session)?;
    matrix.build(&export::output(project, None)?, &session.run_options(), session)?;
    let built = matrix.built().next().map(|(_, built)| built.iso.clone());
    Ok(built.ok_or(matrix.exit().unwrap_or(Exit::Failed)))
}
