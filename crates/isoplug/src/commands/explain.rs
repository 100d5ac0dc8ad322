//! `isoplug explain`: why an option has its value, or why a stage has its key.

use std::fmt::Write as _;
use std::path::PathBuf;

use isoplug_engine::{Change, Graph, Row, RowValue};

use super::select::{Locking, Vars, host_arch};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::pick::Pick;
use crate::prepare::{Prepared, prepare};
use crate::project::Project;
use crate::session::Session;

/// Tell who set an option and whom it beat, or what a stage depends on and why it would run
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug explain networking.hostname      # an option, or a table of options\n  \
    isoplug explain packages.install stick\n  \
    isoplug explain --stage squashfs         # the inputs of a stage\n  \
    isoplug explain --stage squashfs --why   # what changed since it last ran")]
pub(crate) struct Args {
    /// The path of an option, or with --stage the name of a stage
    subject: String,
    /// The folder of the manifest
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Which profile [default: the first that a build would make]
    #[arg(long, short = 'p', value_name = "NAME")]
    profile: Option<String>,
    /// The architecture of the image [default: this machine's]
    #[arg(long, value_name = "ARCH", value_parser = isoplug_arch::with_images())]
    arch: Option<String>,
    #[command(flatten)]
    vars: Vars,
    /// Explain a stage
    #[arg(long)]
    stage: bool,
    /// Print what differs from the stage's last run
    #[arg(long, requires = "stage")]
    why: bool,
    #[command(flatten)]
    locking: Locking,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut project = Project::open(&args.folder)?;
    project.vars = args.vars.given();
    let named: Vec<String> = args.profile.iter().cloned().collect();
    let profile = project.choose(&named, false)?.remove(0);
    let arch = args.arch.clone().unwrap_or_else(|| host_arch().to_owned());
    if args.stage {
        let pick = Pick { profile, arch };
        let (graph, prepared) = prepare(&project, &pick, args.locking.looking(), session)?;
        session.out(&stage(args, &graph, &prepared)?);
        return Ok(Exit::Done);
    }
    let system = project.evaluate(&profile, &arch, session)?;
    let text = isoplug_manifest::explain(&system, &args.subject).map_err(|mistake| {
        let failure = Failure::new(Exit::Manifest, mistake.message);
        let meant = mistake.help.iter().filter_map(|help| help.strip_prefix("did you mean "));
        let failure = meant.fold(failure, |f, name| f.hint(name.trim_end_matches('?')));
        failure.hint("`isoplug schema --reference` lists every option")
    })?;
    session.out(&text);
    Ok(Exit::Done)
}

fn stage(args: &Args, graph: &Graph, prepared: &Prepared) -> Result<String, Failure> {
    let Prepared { store, system, .. } = prepared;
    let failed = |error| outcome::failure(&error, system);
    if !args.why {
        let rows = isoplug_engine::explain(graph, store, &args.subject).map_err(failed)?;
        return Ok(rows.iter().map(row).collect());
    }
    let changes = isoplug_engine::why(graph, store, &args.subject).map_err(failed)?;
    if changes.is_empty() {
        return Ok("nothing to compare: it ran with no other inputs before".to_owned());
    }
    Ok(changes.iter().map(change).collect())
}

/// Characters of a line that a terminal shows without a break.
const LINE: usize = 100;

/// Returns a change as one line, or where its values are long as a difference with whole values.
fn change(change: &Change) -> String {
    let (label, gone, new) = match change {
        Change::Value { label, was, is } => (label, as_list(was), as_list(is)),
        Change::List { label, gained, lost } => (label, lost.clone(), gained.clone()),
        Change::Input { .. } => return format!("{change}\n"),
    };
    let values = || gone.iter().chain(&new);
    if values().map(|value| value.chars().count() + 2).sum::<usize>() + label.len() + 30 < LINE {
        return format!("{change}\n");
    }
    let lines = |sign, values: Vec<String>| {
        values.into_iter().map(move |value| format!("  {sign} {value}\n"))
    };
    let lines: String = lines('-', gone).chain(lines('+', new)).collect();
    format!("value `{label}` changed\n{lines}")
}

fn as_list(value: &Option<String>) -> Vec<String> {
    value.iter().cloned().collect()
}

fn row(row: &Row) -> String {
    let mut text = format!("{:<14} ", row.label);
    // Writing to a string has no way to fail.
    let _ = match &row.value {
        RowValue::Value(json) => writeln!(text, "{json}"),
        RowValue::Secret(_) => writeln!(text, "(secret)"),
        RowValue::Input { from, artifact, digest: Some(digest) } => {
            writeln!(text, "{artifact} of {from}, {digest}")
        }
        RowValue::Input { from, artifact, digest: None } => {
            writeln!(text, "{artifact} of {from}, not made yet")
        }
    };
    text
}
