//! `isoplug schema`: the JSON schema of the manifest for editors, or the reference of all options.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// Print the JSON schema of isoplug.toml, for editors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  isoplug schema > isoplug.schema.json\n  \
    then begin isoplug.toml with:  #:schema ./isoplug.schema.json")]
pub(crate) struct Args {
    /// Print the reference page of all options instead, in Markdown
    #[arg(long)]
    reference: bool,
    /// The folder of the manifest whose plugins' options the schema is to have
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if args.reference {
        session.out(&isoplug_manifest::reference());
    } else {
        let plugins = match Project::open(&args.folder) {
            Ok(project) => crate::plugins::schemas(&project, session),
            // Without a manifest, or with a broken one, there are no plugins to ask.
            Err(_) => BTreeMap::new(),
        };
        session.out(&format!("{:#}", isoplug_manifest::schema_with(&plugins)));
    }
    Ok(Exit::Done)
}
