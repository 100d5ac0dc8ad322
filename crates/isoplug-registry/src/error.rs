//! What can go wrong between here and a registry, and what to try.

use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_fetch::{AuthoritiesError, DISTRUSTED};

/// Why something in a registry could not be had, made or believed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no reference of a plugin.
    #[error("\"{text}\" does not say where a plugin is: {why}")]
    Reference {
        /// As it was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server cannot be reached or keeps failing.
    #[error("failed to {doing}: {url}: {why}")]
    Unreachable {
        /// What was tried: `fetch the tags`.
        doing: String,
        /// The address.
        url: String,
        /// Why it gave up.
        why: String,
    },
    /// Nobody who is believed vouches for the server.
    #[error("failed to {doing}: {url}: its certificate is not accepted: {why}")]
    Untrusted {
        /// What was tried.
        doing: String,
        /// The address.
        url: String,
        /// What is wrong with the certificate.
        why: String,
    },
    /// The server wants other credentials, or any.
    #[error("may not {doing}: {url}: {why}")]
    Denied {
        /// What was tried.
        doing: String,
        /// The address.
        url: String,
        /// What the server said.
        why: String,
    },
    /// The server answers what no registry answers.
    #[error("failed to {doing}: {url}: {why}")]
    Answer {
        /// What was tried.
        doing: String,
        /// The address.
        url: String,
        /// What is odd about the answer.
        why: String,
    },
    /// There is no such tag, manifest or blob.
    #[error("{place} has no {what}")]
    Absent {
        /// The repository or folder.
        place: String,
        /// What it lacks: `tag 1.2.0`.
        what: String,
    },
    /// Other bytes than those that were asked for.
    #[error("{place} sent other bytes than {what}: expected {expected}, found {found}")]
    WrongDigest {
        /// The repository or folder.
        place: String,
        /// What was asked for: `the component`.
        what: String,
        /// Its digest.
        expected: Digest,
        /// That of the bytes that came.
        found: Digest,
    },
    /// More bytes than are accepted, or not as many as stated.
    #[error("{what} in {place} has {found} bytes, expected {expected}")]
    WrongSize {
        /// The repository or folder.
        place: String,
        /// What was asked for.
        what: String,
        /// `at most 100` or `100`.
        expected: String,
        /// How many there are, or at least are.
        found: u64,
    },
    /// A document in a registry or folder is damaged or of another kind.
    #[error("{what} in {place} cannot be used: {why}")]
    Document {
        /// The repository, folder or file.
        place: String,
        /// Which document.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// No version meets the requirement.
    #[error("{place} has no version that meets \"{requirement}\": {seen}")]
    NoVersion {
        /// The repository.
        place: String,
        /// What was required.
        requirement: String,
        /// `it has 1.0.0, 1.1.0`.
        seen: String,
    },
    /// The tag points at something else than when it was locked.
    #[error("the tag {tag} of {place} moved: locked {was}, now {now}")]
    Moved {
        /// The repository.
        place: String,
        /// The tag.
        tag: String,
        /// The manifest's digest in the lock.
        was: Digest,
        /// The digest of the manifest that it points at now.
        now: Digest,
    },
    /// The policy does not let it in.
    #[error(transparent)]
    Refused(#[from] super::trust::Refusal),
    /// A plugin that is not fit to be published.
    #[error("{name} is not published: {why}")]
    Unfit {
        /// The plugin and its version.
        name: String,
        /// Why.
        why: String,
    },
    /// A key cannot be used.
    #[error("{what} cannot be used: {why}")]
    Key {
        /// Which key.
        what: String,
        /// Why.
        why: String,
    },
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
    /// A local file cannot be read or written.
    #[error("failed to {doing} {}", path.display())]
    Local {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<AuthoritiesError> for Error {
    fn from(error: AuthoritiesError) -> Self {
        match error {
            AuthoritiesError::Read { path, source } => Self::read(&path)(source),
            AuthoritiesError::Unusable { path, why } => {
                Self::document(&path.display().to_string(), "certificates", why)
            }
        }
    }
}

const WRITTEN_AS: &str = "write it as registry.example.com/acme/hardening, with :tag or @sha256:… after it \
     if needed, or as oci-layout:/folder";

const WITHOUT_NETWORK: &str = "check the name and the network; a mirror made by `isoplug plugin mirror` works \
     without one";

const LOG_IN: &str = "log in with `docker login`, `podman login` or `skopeo login` so that a \
     credentials file names this registry, and check that the account may do it";

const ASK_WHY: &str = "ask the publisher why, since a version must never change; to take what is there \
     now, `isoplug plugin remove` it and add it anew";

impl Error {
    pub(super) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Local { doing: "read", path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Local { doing: "write", path: path.to_owned(), source }
    }

    pub(super) fn document(place: &str, what: &str, why: impl ToString) -> Self {
        let (place, what) = (place.to_owned(), what.to_owned());
        Self::Document { place, what, why: why.to_string() }
    }

    /// Returns what to try, if there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Reference { .. } => WRITTEN_AS,
            Self::Unreachable { .. } => WITHOUT_NETWORK,
            Self::Untrusted { .. } => DISTRUSTED,
            Self::Denied { .. } => LOG_IN,
            Self::Absent { .. } => "check the name and the version",
            Self::WrongDigest { .. } => {
                "what is there was damaged or replaced: ask its publisher, or fetch from a mirror"
            }
            Self::NoVersion { .. } => "loosen the requirement, or check the name",
            Self::Moved { .. } => ASK_WHY,
            Self::Refused(refusal) => return refusal.help(),
            _ => return None,
        };
        Some(help.to_owned())
    }
}
