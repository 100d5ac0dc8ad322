//! `isoplug completions`: completion scripts for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  source <(isoplug completions bash)    # in ~/.bashrc; zsh in ~/.zshrc
  isoplug completions fish | source     # in ~/.config/fish/config.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "isoplug", &mut script);
    session.out(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
