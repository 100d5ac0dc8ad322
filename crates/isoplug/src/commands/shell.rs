//! `isoplug shell`: looks into the root filesystem of a build, or of one that failed, in a copy that is thrown away.

use isoplug_engine::{Artifact, Error, Graph, Outputs, Tree};
use isoplug_image::pipeline::{Products, pipeline};
use isoplug_sandbox::{self as sandbox, Job};

use super::select::{Locking, Select};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inside::{self, Printed};
use crate::outcome;
use crate::prepare::{Planned, plan};
use crate::session::{Session, terminal_type};
use crate::terminal::{self, Terminal};

/// Look into the root filesystem of a build: a shell in a copy of it, of which nothing is kept
///
/// Builds the root filesystem if it is not in the store yet. Where a stage fails, the shell is in the tree that the last
/// layer before it made. Programs run as in the build: confined, as root of their own, without a network.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug shell                       # a shell\n  \
    isoplug shell -p rescue -- dpkg -l  # one command, whose output is printed")]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    locking: Locking,
    /// What to run in place of a shell
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (project, pick) = args.select.open_one()?;
    if args.command.is_empty() && !terminal::is_here() {
        return Err(Failure::new(Exit::Manifest, "a shell needs a terminal")
            .hint("name a command: isoplug shell -- ls /etc"));
    }
    let planned = plan(&project, &pick, args.locking.into(), session)?;
    let mut graph = Graph::new();
    let products = pipeline(&planned.image, &mut graph);
    let (tree, outputs) = made(&planned, &graph, &products, session)?;
    let job = inside::job(&planned, &outputs, tree, vec![command(args)])?;
    let title = graph.title(tree).unwrap_or_default().to_owned();
    enter(args, job, &title, session)
}

/// Makes the root filesystem; where that fails, the last layer before what failed.
fn made(
    planned: &Planned,
    graph: &Graph,
    products: &Products,
    session: &Session,
) -> Result<(Artifact<Tree>, Outputs), Failure> {
    let Planned { system, store, .. } = planned;
    let run = |tree: Artifact<Tree>| {
        isoplug_engine::run(graph, &[tree.id()], store, &session.run_options())
    };
    let error = match run(products.rootfs) {
        Ok(outputs) => return Ok((products.rootfs, outputs)),
        Err(error) => error,
    };
    let failure = outcome::failure(&error, system);
    let Error::Stage { title, .. } = &error else { return Err(failure) };
    let failed = |layer: &Artifact<Tree>| graph.title(*layer) == Some(title.as_str());
    let before = products.layers.iter().position(failed).unwrap_or(products.layers.len());
    let Some(layer) = before.checked_sub(1).map(|index| products.layers[index]) else {
        return Err(failure);
    };
    session.fail(&failure);
    match run(layer) {
        Ok(outputs) => Ok((layer, outputs)),
        // Nothing else to look into: what failed is told already.
        Err(error) => Err(outcome::failure(&error, system)),
    }
}

/// Returns what to run, and what it must know of the caller's terminal.
fn command(args: &Args) -> sandbox::Command {
    let shell = ["sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"];
    let mut command = match args.command.is_empty() {
        true => sandbox::Command::new(shell),
        false => sandbox::Command::new(args.command.clone()),
    };
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
    let variables = [("PATH", path), ("LC_ALL", "C.UTF-8".to_owned()), ("TERM", terminal_type())];
    command.environment = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
    command
}

fn enter(args: &Args, mut job: Job, title: &str, session: &Session) -> Result<Exit, Failure> {
    if !args.command.is_empty() {
        return ended(sandbox::run(&job, &Printed(session)), args);
    }
    let no_terminal = |error: std::io::Error| {
        Failure::new(Exit::Failed, "cannot make a terminal for the shell").because(&error)
    };
    let terminal = Terminal::new().map_err(no_terminal)?;
    job.terminal = Some(terminal.path().to_owned());
    session.note(&format!(
        "in a copy of what stage `{title}` made; `exit` leaves it, and nothing of it is kept"
    ));
    let done = terminal.during(|| sandbox::run(&job, &Printed(session)));
    ended(done.map_err(no_terminal)?, args)
}

/// How a shell ends is its user's business.
fn ended(done: Result<sandbox::Kept, sandbox::Error>, args: &Args) -> Result<Exit, Failure> {
    match done {
        Ok(_) => Ok(Exit::Done),
        Err(sandbox::Error::Command { .. }) if args.command.is_empty() => Ok(Exit::Done),
        Err(sandbox::Error::Command { command, status, .. }) => {
            Err(Failure::new(Exit::Failed, format!("`{command}` failed ({status})")))
        }
        Err(sandbox::Error::Cancelled) => Err(Failure::new(Exit::Interrupted, "stopped")),
        Err(error) => Err(Failure::new(Exit::Host, "the shell could not run").because(&error)),
    }
}
