//! What can be typed: the arguments of every command, and the way from them to an exit code.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::commands;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "Examples:
  isoplug new rescue-stick          # a manifest to start from
  isoplug build rescue-stick        # prints the path of the finished ISO
  isoplug run rescue-stick          # boots it in QEMU
  isoplug test rescue-stick         # boots it and checks what the manifest promises";

/// Turns a TOML manifest into a bootable Linux ISO.
#[derive(Debug, Parser)]
#[command(
    name = "isoplug",
    version,
    arg_required_else_help = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP)
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Keep artifacts in this folder [default: $ISOPLUG_STORE, else isoplug in the user's cache
    /// folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Take packages from this mirror unless the manifest names one [default: $ISOPLUG_MIRROR]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) mirror: Option<String>,
    /// Use the network for nothing; what is not in the store is an error
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// How many threads compress and hash [default: one per processor]
    #[arg(long, short = 'j', global = true, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Print events as JSON, one a line, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors and results
    #[arg(long, short = 'q', global = true)]
    pub(crate) quiet: bool,
    /// Print what the stages log
    #[arg(long, short = 'v', global = true)]
    pub(crate) verbose: bool,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(commands::new::Args),
    Build(commands::build::Args),
    Test(commands::test::Args),
    Run(commands::run::Args),
    Check(commands::check::Args),
    Plan(commands::plan::Args),
    Explain(commands::explain::Args),
    Lock(commands::lock::Args),
    Update(commands::update::Args),
    Cache(commands::cache::Args),
    Plugin(commands::plugin::Args),
    Schema(commands::schema::Args),
    Doctor(commands::doctor::Args),
    Completions(commands::completions::Args),
}

/// Parses the arguments, runs the command and reports what went wrong.
pub(crate) fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let printed = error.print();
            drop(printed);
            return if error.use_stderr() { Exit::Manifest } else { Exit::Done };
        }
    };
    let session = Session::new(cli.global);
    match dispatch(cli.command, &session).and_then(|exit| session.written().map(|()| exit)) {
        Ok(exit) => exit,
        Err(failure) => session.fail(&failure),
    }
}

fn dispatch(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::New(args) => commands::new::run(&args, session),
        Command::Build(args) => commands::build::run(&args, session),
        Command::Test(args) => commands::test::run(&args, session),
        Command::Run(args) => commands::run::run(&args, session),
        Command::Check(args) => commands::check::run(&args, session),
        Command::Plan(args) => commands::plan::run(&args, session),
        Command::Explain(args) => commands::explain::run(&args, session),
        Command::Lock(args) => commands::lock::run(&args, session),
        Command::Update(args) => commands::update::run(&args, session),
        Command::Cache(args) => commands::cache::run(&args, session),
        Command::Plugin(args) => commands::plugin::run(&args, session),
        Command::Schema(args) => commands::schema::run(&args, session),
        Command::Doctor(args) => commands::doctor::run(&args, session),
        Command::Completions(args) => commands::completions::run(&args, session),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_well_formed() {
        super::Cli::command().debug_assert();
    }
}
