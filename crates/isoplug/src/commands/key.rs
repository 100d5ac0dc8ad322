//! `isoplug key`: makes the key that signs images and plugins, and shows its public half.

use std::path::PathBuf;

use clap::Subcommand;
use isoplug_registry::VerifyingKey;

use super::plugin::keys::{KeygenArgs, keygen};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signing::{key_of, shown};

/// Make the key that signs images and plugins, and show its public half
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug key generate acme.key          # and acme.key.pub beside it\n  \
    isoplug key show acme.key              # what others need to believe it\n  \
    isoplug key show acme.key --pem        # the same key as openssl reads it")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key pair, as minisign writes it
    Generate(KeygenArgs),
    Show(ShowArgs),
}

/// Show the public half of a key
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The key's file: a secret key of minisign, or a secret or public key in PEM
    file: PathBuf,
    /// Print it in PEM, as openssl reads it
    #[arg(long)]
    pem: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    match &args.command {
        Command::Generate(args) => keygen(args, session),
        Command::Show(args) => show(args, session),
    }
}

fn show(args: &ShowArgs, session: &Session) -> Result<Exit, Failure> {
    let (public, minisign) = key_of(&args.file, session)?;
    if args.pem {
        session.out(&public.to_pem());
        return Ok(Exit::Done);
    }
    match minisign {
        Some(line) => session.out(&line),
        None => session.out(&VerifyingKey::to_pem(&public)),
    }
    session.note(&format!("key {}", shown(&public)));
    Ok(Exit::Done)
}
