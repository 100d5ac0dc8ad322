//! `isoplug plugin`: plugins of a manifest, their registries, and what their authors need.

mod add;
mod author;
mod grant;
pub(crate) mod keys;
mod list;
mod look;
pub(crate) mod mirror;
pub(crate) mod publish;
mod remove;
mod search;
pub(crate) mod shown;
mod update;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Add, update and write plugins
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug plugin search hardening\n  \
    isoplug plugin add registry.example.com/isoplug/hardening --version ^1.2\n  \
    isoplug plugin update                   # shows what newer versions ask for\n  \
    isoplug plugin new my-plugin --language rust")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// The manifest that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Folder {
    /// The folder of the manifest
    #[arg(long = "folder", short = 'C', value_name = "DIR", default_value = ".")]
    pub(crate) path: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    Remove(remove::Args),
    Update(update::Args),
    List(list::Args),
    Info(look::InfoArgs),
    Options(look::OptionsArgs),
    Search(search::Args),
    Verify(verify::Args),
    Mirror(mirror::MirrorArgs),
    Vendor(mirror::VendorArgs),
    Pack(publish::PackArgs),
    Sign(publish::SignArgs),
    Publish(publish::PublishArgs),
    Keygen(keys::KeygenArgs),
    Trust(keys::TrustArgs),
    New(author::NewArgs),
    Build(author::BuildArgs),
    Test(author::TestArgs),
    Run(author::RunArgs),
    Lint(author::LintArgs),
}

#[expect(clippy::too_many_lines, reason = "a table: which command is where")]
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    match &args.command {
        Command::Add(args) => add::run(args, session),
        Command::Remove(args) => remove::run(args, session),
        Command::Update(args) => update::run(args, session),
        Command::List(args) => list::run(args, session),
        Command::Info(args) => look::info(args, session),
        Command::Options(args) => look::options(args, session),
        Command::Search(args) => search::run(args, session),
        Command::Verify(args) => verify::run(args, session),
        Command::Mirror(args) => mirror::mirror(args, session),
        Command::Vendor(args) => mirror::vendor(args, session),
        Command::Pack(args) => publish::pack(args, session),
        Command::Sign(args) => publish::sign(args, session),
        Command::Publish(args) => publish::publish(args, session),
        Command::Keygen(args) => keys::keygen(args, session),
        Command::Trust(args) => keys::trust(args, session),
        Command::New(args) => author::new(args, session),
        Command::Build(args) => author::build(args, session),
        Command::Test(args) => author::test(args, session),
        Command::Run(args) => author::run(args, session),
        Command::Lint(args) => author::lint(args, session),
    }
}
