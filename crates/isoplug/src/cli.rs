//! What can be typed: the arguments of every command, and the way from them to an exit code.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{
    Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum as _,
};

use crate::commands;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::session::Session;

const EXAMPLES: &str = "Examples:
  isoplug new rescue-stick          # a manifest to start from
  isoplug build rescue-stick        # prints the path of the finished ISO
  isoplug run rescue-stick          # boots it in QEMU
  isoplug test rescue-stick         # boots it, checks what it promises";

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
    #[arg(long, global = true, value_name = "DIR", display_order = 101)]
    pub(crate) store: Option<PathBuf>,
    /// Take packages from this mirror unless the manifest names one [default: $ISOPLUG_MIRROR]
    #[arg(long, global = true, value_name = "URL", display_order = 102)]
    pub(crate) mirror: Option<String>,
    /// Ask this service of snapshots for locked packages that no mirror of the distribution has any more
    #[arg(long, global = true, value_name = "URL", display_order = 102, hide_short_help = true)]
    pub(crate) snapshot_service: Option<String>,
    /// Do not use the network; fail if something is not in the store
    #[arg(long, global = true, display_order = 103)]
    pub(crate) offline: bool,
    /// Allow the folder all that it asks for beyond itself, for this run (for CI; see `isoplug trust`)
    #[arg(long, global = true, display_order = 103)]
    pub(crate) trust_folder: bool,
    /// How many threads compress and hash [default: one per processor]
    #[arg(long, short = 'j', global = true, value_name = "N", display_order = 104)]
    pub(crate) threads: Option<usize>,
    /// Print events as JSON, one a line, on standard error
    #[arg(long, global = true, display_order = 105)]
    pub(crate) json: bool,
    /// Print nothing but errors and results
    #[arg(long, short = 'q', global = true, display_order = 106)]
    pub(crate) quiet: bool,
    /// Print what the stages log
    #[arg(long, short = 'v', global = true, display_order = 107)]
    pub(crate) verbose: bool,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 108)]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(commands::new::Args),
    Build(commands::build::Args),
    Test(commands::test::Args),
    Run(commands::run::Args),
    Shell(commands::shell::Args),
    Persistence(commands::persistence::Args),
    Check(commands::check::Args),
    Plan(commands::plan::Args),
    Explain(commands::explain::Args),
    WhyDiffers(commands::why_differs::Args),
    Inspect(commands::inspect::Args),
    Diff(commands::diff::Args),
    Verify(commands::verify::Args),
    Cve(commands::cve::Args),
    Size(commands::size::Args),
    Licences(commands::licences::Args),
    Lock(commands::lock::Args),
    Update(commands::update::Args),
    Vendor(commands::vendor::Args),
    Key(commands::key::Args),
    Sign(commands::sign::Args),
    Publish(commands::publish::Args),
    Trust(commands::trust::Args),
    Cache(commands::cache::Args),
    Plugin(commands::plugin::Args),
    Module(commands::module::Args),
    Schema(commands::schema::Args),
    Doctor(commands::doctor::Args),
    Completions(commands::completions::Args),
}

impl Command {
    /// Returns what is typed for a command that only looks, and so uses no network.
    fn stays_local(&self) -> Option<&'static str> {
        match self {
            Self::Check(args) => (!args.rebuild).then_some("check"),
            Self::Plan(_) => Some("plan"),
            Self::Explain(_) => Some("explain"),
            Self::WhyDiffers(_) => Some("why-differs"),
            Self::Schema(_) => Some("schema"),
            Self::Trust(_) => Some("trust"),
            Self::Inspect(_) => Some("inspect"),
            Self::Diff(_) => Some("diff"),
            Self::Cve(args) => args.only_reads().then_some("cve"),
            _ => None,
        }
    }
}

/// Parses the arguments, of which the first is the program, runs the command and reports what went
/// wrong.
pub(crate) fn run(arguments: Vec<OsString>) -> Exit {
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let printed = error.print();
            drop(printed);
            return if error.use_stderr() { Exit::Manifest } else { Exit::Done };
        }
    };
    let session = Session::new(cli.global, cli.command.stays_local());
    match dispatch(cli.command, &session).and_then(|exit| session.written().map(|()| exit)) {
        Ok(exit) => exit,
        Err(failure) => session.fail(&failure),
    }
}

fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command().color(color(&arguments));
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Returns the value of `--color` before anything is parsed, since what parsing says heeds it too.
fn color(arguments: &[OsString]) -> ColorChoice {
    let texts = arguments.iter().filter_map(|argument| argument.to_str());
    let mut texts = texts.take_while(|&text| text != "--");
    let value = match texts.find_map(|text| text.strip_prefix("--color")) {
        Some("") => texts.next(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    };
    value.and_then(|value| ColorChoice::from_str(value, false).ok()).unwrap_or_default()
}

#[expect(clippy::too_many_lines, reason = "a line for each command")]
fn dispatch(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::New(args) => commands::new::run(&args, session),
        Command::Build(args) => commands::build::run(&args, session),
        Command::Test(args) => commands::test::run(&args, session),
        Command::Run(args) => commands::run::run(&args, session),
        Command::Persistence(args) => commands::persistence::run(&args, session),
        Command::Shell(args) => commands::shell::run(&args, session),
        Command::Check(args) => commands::check::run(&args, session),
        Command::Plan(args) => commands::plan::run(&args, session),
        Command::Explain(args) => commands::explain::run(&args, session),
        Command::WhyDiffers(args) => commands::why_differs::run(&args, session),
        Command::Size(args) => commands::size::run(&args, session),
        Command::Licences(args) => commands::licences::run(&args, session),
        Command::Inspect(args) => commands::inspect::run(&args, session),
        Command::Cve(args) => commands::cve::run(&args, session),
        Command::Verify(args) => commands::verify::run(&args, session),
        Command::Diff(args) => commands::diff::run(&args, session),
        Command::Lock(args) => commands::lock::run(&args, session),
        Command::Vendor(args) => commands::vendor::run(&args, session),
        Command::Key(args) => commands::key::run(&args, session),
        Command::Sign(args) => commands::sign::run(&args, session),
        Command::Publish(args) => commands::publish::run(&args, session),
        Command::Trust(args) => commands::trust::run(&args, session),
        Command::Update(args) => commands::update::run(&args, session),
        Command::Cache(args) => commands::cache::run(&args, session),
        Command::Plugin(args) => commands::plugin::run(&args, session),
        Command::Module(args) => commands::module::run(&args, session),
        Command::Schema(args) => commands::schema::run(&args, session),
        Command::Doctor(args) => commands::doctor::run(&args, session),
        Command::Completions(args) => commands::completions::run(&args, session),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_said_of_examples_fits_a_terminal() {
        let mut commands = vec![Cli::command()];
        while let Some(command) = commands.pop() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter(|line| line.contains(" # ")) {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn what_the_guides_tell_to_type_is_understood() {
        for guide in ["README.md", "docs/plugins.md"] {
            let text = format!("{}/../../{guide}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(text).unwrap();
            let lines = text.split("```").skip(1).step_by(2).flat_map(str::lines);
            let lines: Vec<&str> = lines.filter(|line| line.starts_with("isoplug ")).collect();
            assert!(lines.len() > 4, "{guide} has no commands");
            for line in lines {
                let (line, _) = line.split_once(" #").unwrap_or((line, ""));
                let parsed = Cli::command().try_get_matches_from(line.split_whitespace());
                assert!(parsed.is_ok(), "{guide}: {line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn the_color_is_known_before_the_arguments_are() {
        let color = |line: &str| color(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(color("isoplug --color never buil"), ColorChoice::Never);
        assert_eq!(color("isoplug build --wrong --color=always"), ColorChoice::Always);
        for line in ["isoplug", "isoplug --color", "isoplug --color x", "isoplug -- --color never"]
        {
            assert_eq!(color(line), ColorChoice::Auto, "{line}");
        }
    }
}
