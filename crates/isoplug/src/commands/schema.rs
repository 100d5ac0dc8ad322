//! `isoplug schema`: the JSON schema of the manifest for editors, or the reference of all options.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Print the JSON schema of isoplug.toml, for editors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug schema > isoplug.schema.json\n  \
    then begin isoplug.toml with:  #:schema ./isoplug.schema.json")]
pub(crate) struct Args {
    /// Print the reference page of all options instead, in Markdown
    #[arg(long)]
    reference: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if args.reference {
        session.out(&isoplug_manifest::reference());
    } else {
        session.out(&format!("{:#}", isoplug_manifest::schema()));
    }
    Ok(Exit::Done)
}
