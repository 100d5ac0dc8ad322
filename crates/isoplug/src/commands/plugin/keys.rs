//! `isoplug plugin keygen` and `trust`: makes a key to sign with, and believes those of others.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use isoplug_registry::{PublicKey, generate};

use super::Folder;
use super::publish::read_text;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// Make a key pair to sign plugins with, as minisign writes it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    ISOPLUG_KEY_PASSWORD=… isoplug plugin keygen isoplug.key  # and .pub beside it")]
pub(crate) struct KeygenArgs {
    /// The secret key's file; the public key is put beside it with `.pub` behind
    file: PathBuf,
}

/// Believe what a publisher signs
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug plugin trust acme RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3")]
pub(crate) struct TrustArgs {
    /// What to call the publisher
    publisher: String,
    /// The publisher's public key, or a file with it
    key: String,
    #[command(flatten)]
    folder: Folder,
}

pub(crate) fn keygen(args: &KeygenArgs, session: &Session) -> Result<Exit, Failure> {
    let password = session.key_password();
    let (secret, public) = generate(password.as_deref())?;
    let public_file = PathBuf::from(format!("{}.pub", args.file.display()));
    write(&args.file, &secret, 0o600)?;
    write(&public_file, &public.to_file(), 0o644)?;
    if password.is_none() {
        session.note("the secret key has no password; set ISOPLUG_KEY_PASSWORD to give it one");
    }
    session.out(&line(&public));
    Ok(Exit::Done)
}

pub(crate) fn trust(args: &TrustArgs, session: &Session) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder.path)?;
    let text = match Path::new(&args.key).is_file() {
        true => read_text(Path::new(&args.key))?,
        false => args.key.clone(),
    };
    let text = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let key: PublicKey = text.trim().parse()?;
    let mut new = false;
    let alone = project.alone(session)?;
    project.edit(&alone, |manifest| {
        new = manifest.add_key(&args.publisher, &line(&key))?;
        Ok(())
    })?;
    let what = if new { "is believed now" } else { "was believed already" };
    session.note(&format!("key {} of {} {what}", key.id(), args.publisher));
    Ok(Exit::Done)
}

/// Returns a key on one line, as it stands in its file.
fn line(key: &PublicKey) -> String {
    key.to_file().lines().last().unwrap_or_default().to_owned()
}

/// Writes a new file; an old one stays, since nobody gets back a lost key.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let file = fs::File::options().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::new(Exit::Manifest, format!("cannot write {}", path.display())).because(&error)
    })
}
