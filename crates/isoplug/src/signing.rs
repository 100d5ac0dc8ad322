//! Signs finished images. Nothing that is written here is an input of anything: keys reach no cache key, and a second
//! signature changes no byte that was published.

mod beside;
mod sums;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isoplug_registry::{SecretKey, SigningKey, VerifyingKey};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;
use beside::Image;

/// What is to be signed, and with what.
pub(crate) struct Asked<'a> {
    /// The ISOs.
    pub(crate) isos: &'a [PathBuf],
    /// Who signs.
    pub(crate) signers: Signers,
    /// The key of gpg that signs the checksums, too.
    pub(crate) openpgp: Option<&'a str>,
    /// Whether the provenance is written as a bundle of Sigstore, too.
    pub(crate) is_bundled: bool,
}

/// Who signs.
pub(crate) struct Signers(Vec<Signer>);

enum Signer {
    Key(Box<SigningKey>),
    Program { command: String, public: VerifyingKey },
}

impl Signers {
    /// Reads the keys.
    pub(crate) fn open(
        keys: &[PathBuf],
        program: Option<(&str, &Path)>,
        session: &Session,
    ) -> Result<Self, Failure> {
        let mut all = Vec::new();
        for file in keys {
            all.push(Signer::Key(Box::new(secret(file, session)?)));
        }
        if let Some((command, file)) = program {
            let public = VerifyingKey::read(&file.display().to_string(), &text(file)?)?;
            all.push(Signer::Program { command: command.to_owned(), public });
        }
        Ok(Self(all))
    }

    /// Returns the keys that write signatures of minisign.
    fn minisign(&self) -> impl Iterator<Item = &SecretKey> {
        self.0.iter().filter_map(|signer| match signer {
            Signer::Key(key) => key.minisign(),
            Signer::Program { .. } => None,
        })
    }
}

impl Signer {
    fn public(&self) -> VerifyingKey {
        match self {
            Self::Key(key) => key.public(),
            Self::Program { public, .. } => public.clone(),
        }
    }

    /// Signs bytes; returns the hint for the key with the signature, which was verified.
    fn sign(&self, bytes: &[u8]) -> Result<(String, Vec<u8>), Failure> {
        let public = self.public();
        let signature = match self {
            Self::Key(key) => key.sign(bytes)?,
            Self::Program { command, .. } => ask(command, bytes)?,
        };
        let accepted = public.accepted(bytes, &signature).ok_or_else(|| {
            let message = "the public key does not verify what was signed";
            Failure::new(Exit::Failed, message)
                .hint("does --public-key belong to the key of --program, and does it hash with SHA-256 itself?")
        })?;
        Ok((public.id(), accepted))
    }
}

/// Runs a program of the user's own: it gets bytes and gives a signature.
fn ask(command: &str, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut words = command.split_whitespace();
    let mut run = Command::new(words.next().unwrap_or_default());
    answer(run.args(words), command, bytes)
}

/// Gives a program bytes and takes its answer.
fn answer(run: &mut Command, shown: &str, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Failed, format!("`{shown}` did not sign")).because(error)
    };
    run.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = run.spawn().map_err(|error| failed(&error))?;
    let given = child.stdin.take().map(|mut stdin| stdin.write_all(bytes)).transpose();
    let output = child.wait_with_output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(Failure::new(Exit::Failed, format!("`{shown}` failed: {}", output.status)));
    }
    given.map_err(|error| failed(&error))?;
    Ok(output.stdout)
}

/// Signs; returns the files that were written.
pub(crate) fn sign(asked: &Asked, session: &Session) -> Result<Vec<PathBuf>, Failure> {
    let images = asked.isos.iter().map(|iso| Image::open(iso)).collect::<Result<Vec<_>, _>>()?;
    let folder = sums::folder(&images)?;
    let mut written = Vec::new();
    for image in &images {
        written.extend(beside::minisign(image, &asked.signers, session)?);
        written.extend(beside::envelopes(image, &asked.signers)?);
        if asked.is_bundled {
            written.extend(beside::bundle(image, &asked.signers, session)?);
        }
    }
    written.extend(sums::write(&folder, &images, asked, session)?);
    Ok(written)
}

/// Signs the provenance and the bills beside an image, as whoever made the same bytes again can: what is signed is equal.
pub(crate) fn attest(iso: &Path, key: &Path, session: &Session) -> Result<Vec<PathBuf>, Failure> {
    let signers = Signers::open(&[key.to_owned()], None, session)?;
    Ok(beside::envelopes(&Image::open(iso)?, &signers)?.into_iter().collect())
}

/// Returns the public half of a key in a file, and the line by which minisign knows it.
pub(crate) fn key_of(
    file: &Path,
    session: &Session,
) -> Result<(VerifyingKey, Option<String>), Failure> {
    let content = text(file)?;
    if content.contains("-----BEGIN PUBLIC KEY-----") {
        return Ok((VerifyingKey::read(&file.display().to_string(), &content)?, None));
    }
    let key = secret(file, session)?;
    let line = key.minisign().map(SecretKey::public).transpose()?.map(|public| public.to_string());
    Ok((key.public(), line))
}

fn secret(file: &Path, session: &Session) -> Result<SigningKey, Failure> {
    let content = text(file)?;
    let password = SigningKey::is_encrypted(&content).then(|| session.key_password()).flatten();
    Ok(SigningKey::read(&file.display().to_string(), &content, password.as_deref())?)
}

/// Returns how a key is called in envelopes.
pub(crate) fn shown(public: &VerifyingKey) -> String {
    format!("sha256:{}", public.id())
}

fn text(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Manifest, format!("cannot read {}", file.display())).because(error)
}

/// Returns the path of a file with more behind its name.
fn with(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(OsStr::new(suffix));
    file.with_file_name(name)
}

/// Puts a file in its place at once.
fn put(file: &Path, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).and_then(|mut new| {
            new.write_all(bytes)?;
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
            new.as_file().set_permissions(mode)?;
            new.persist(file).map_err(|error| error.error).map(drop)
        });
    written.map(|()| file.to_owned()).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", file.display())).because(&error)
    })
}
