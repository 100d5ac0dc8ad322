//! `isoplug sign`: signs a finished image and what lies beside it.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use crate::signing::{Asked, Signers, sign};

/// Sign a finished ISO and what lies beside it
///
/// Writes beside the ISO: NAME.iso.minisig, NAME.iso.intoto.jsonl with the provenance and the bills of materials in
/// signed envelopes, and SHA256SUMS of all files that a rebuild gives again, with SHA256SUMS.minisig. No byte of the
/// ISO changes. Several people can sign one image: equal envelopes hold the signatures of all. A password is taken
/// from ISOPLUG_KEY_PASSWORD.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug sign out/stick.iso --key acme.key\n  \
    isoplug sign out/*.iso --key acme.key --openpgp images@acme.example\n  \
    isoplug sign out/stick.iso --program ./hsm-sign --public-key hsm.pem")]
pub(crate) struct Args {
    /// The ISOs; all of one folder
    #[arg(required = true, value_name = "ISO")]
    isos: Vec<PathBuf>,
    /// Sign with this key: a secret key of minisign, or one for Ed25519 or P-256 in PEM
    #[arg(long, short = 'k', value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Let this program sign, as for a key in hardware: it gets the bytes on standard input and answers with the
    /// signature
    #[arg(long, value_name = "COMMAND", requires = "public_key")]
    program: Option<String>,
    /// The public key of --program, in PEM
    #[arg(long, value_name = "FILE", requires = "program")]
    public_key: Option<PathBuf>,
    /// Let gpg sign SHA256SUMS with this key of its keyring
    #[arg(long, value_name = "KEY")]
    openpgp: Option<String>,
    /// Write the signed provenance as NAME.iso.sigstore.json, too, a bundle that cosign reads
    #[arg(long)]
    bundle: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if args.key.is_empty() && args.program.is_none() && args.openpgp.is_none() {
        let hint = "name a key with --key; `isoplug key generate acme.key` makes one";
        return Err(Failure::new(Exit::Manifest, "nothing to sign with").hint(hint));
    }
    let program = args.program.as_deref().zip(args.public_key.as_deref());
    let signers = Signers::open(&args.key, program, session)?;
    let openpgp = args.openpgp.as_deref();
    let asked = Asked { isos: &args.isos, signers, openpgp, is_bundled: args.bundle };
    for written in sign(&asked, session)? {
        session.out(&written.display().to_string());
    }
    Ok(Exit::Done)
}
