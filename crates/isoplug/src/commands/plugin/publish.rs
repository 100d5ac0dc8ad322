//! `isoplug plugin pack`, `sign` and `publish`: brings a component into a folder or registry.

use std::fs;
use std::path::{Path, PathBuf};

use isoplug_registry::{
    self, At, Kind, Publication, Published, Reference, Release, SecretKey, sign_release,
};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::find;
use crate::plugins::lookup::Lookup;
use crate::session::Session;

/// Put a component into a folder as a registry would hold it (an OCI image layout)
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug plugin pack my-plugin.wasm oci-layout:out#registry.example.com/isoplug/my-plugin")]
pub(crate) struct PackArgs {
    /// The component
    component: PathBuf,
    /// The folder, and the name that the plugin has in it
    target: String,
}

/// Sign a release that is published already
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug plugin sign registry.example.com/isoplug/my-plugin:1.0.0 --key isoplug.key")]
pub(crate) struct SignArgs {
    /// The release: a repository with a tag or digest
    release: String,
    #[command(flatten)]
    key: Key,
}

/// Publish a component in a registry, signed and listed in its index
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    isoplug plugin publish my-plugin.wasm registry.example.com/isoplug/my-plugin --key isoplug.key\n\n\
    A version is never published twice, and a minor version must take all options of those before.")]
pub(crate) struct PublishArgs {
    /// The component
    component: PathBuf,
    /// The repository
    repository: String,
    #[command(flatten)]
    key: Key,
    /// Publish without a signature
    #[arg(long, conflicts_with = "file")]
    unsigned: bool,
    /// Leave the index beside the repository as it is
    #[arg(long)]
    no_index: bool,
}

/// The key to sign with.
#[derive(Debug, clap::Args)]
pub(crate) struct Key {
    /// The secret key's file; its password is $ISOPLUG_KEY_PASSWORD
    #[arg(long = "key", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Key {
    /// Reads the key, if one was named.
    pub(crate) fn read(&self, session: &Session) -> Result<Option<SecretKey>, Failure> {
        let Some(path) = &self.file else { return Ok(None) };
        let text = read_text(path)?;
        let password = session.key_password();
        let key = SecretKey::read(&path.display().to_string(), &text, password.as_deref());
        key.map(Some).map_err(|error| {
            Failure::from(error).hint("the password of a key is taken from $ISOPLUG_KEY_PASSWORD")
        })
    }
}

pub(crate) fn pack(args: &PackArgs, session: &Session) -> Result<Exit, Failure> {
    let what = What { component: &args.component, target: &args.target, list: false };
    let published = put(&what, None, session)?;
    session.out(&published.reference.to_string());
    Ok(Exit::Done)
}

pub(crate) fn publish(args: &PublishArgs, session: &Session) -> Result<Exit, Failure> {
    let key = args.key.read(session)?;
    if key.is_none() && !args.unsigned {
        return Err(Failure::new(Exit::Manifest, "a release needs a signature").hint(
            "make a key with `isoplug plugin keygen FILE`, then add --key FILE; or --unsigned",
        ));
    }
    let (component, target, list) = (&args.component, &args.repository, !args.no_index);
    let published = put(&What { component, target, list }, key.as_ref(), session)?;
    if published.was_there {
        session.note("the same was published before");
    }
    session.out(&published.reference.to_string());
    Ok(Exit::Done)
}

pub(crate) fn sign(args: &SignArgs, session: &Session) -> Result<Exit, Failure> {
    let Some(key) = args.key.read(session)? else {
        return Err(Failure::new(Exit::Manifest, "there is nothing to sign with")
            .hint("add --key FILE; `isoplug plugin keygen` makes one"));
    };
    let reference: Reference = args.release.parse()?;
    let at = release(&reference)?;
    let name = reference.name().ok_or_else(|| {
        Failure::new(Exit::Manifest, format!("{reference} does not say the plugin's name"))
            .hint("write it behind `#`, as `isoplug plugin pack` did")
    })?;
    let to = Lookup::new(None, session)?.registries.open_origin(&reference)?;
    let release = Release::fetch(&*to, at)?;
    let statement = sign_release(&*to, &name, &release, None, &key)?;
    session.out(&format!("{} {} {}", statement.name, statement.version, statement.manifest));
    Ok(Exit::Done)
}

/// Returns which release of its repository a reference names.
fn release(reference: &Reference) -> Result<At<'_>, Failure> {
    match (reference.digest, &reference.tag) {
        (Some(digest), _) => Ok(At::Digest(digest)),
        (None, Some(tag)) => Ok(At::Tag(tag)),
        (None, None) => Err(Failure::new(Exit::Manifest, format!("{reference} names no release"))
            .hint("add its version: NAME:1.0.0")),
    }
}

/// What goes where.
struct What<'a> {
    component: &'a Path,
    target: &'a str,
    list: bool,
}

fn put(what: &What, key: Option<&SecretKey>, session: &Session) -> Result<Published, Failure> {
    let lookup = Lookup::new(None, session)?;
    let bytes = find::bytes(&what.component.display().to_string())?;
    let found = find::read(&bytes, &lookup.runtime)?;
    let reference: Reference = what.target.parse()?;
    let publication = Publication {
        reference: &reference,
        kind: Kind::Plugin,
        component: &bytes,
        describe: &found.description.json,
        epoch: session.source_date_epoch().unwrap_or(0),
        key,
        list: what.list,
    };
    Ok(isoplug_registry::publish(&lookup.registries, &publication)?)
}

pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Manifest, format!("cannot read {}", path.display())).because(&error)
    })
}
