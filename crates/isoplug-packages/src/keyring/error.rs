//! Why a keyring or a signature is not good, in words for people.

/// Why a keyring or a signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A keyring file that cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A keyring that has no usable key.
    #[error("it has no OpenPGP public key: {0}")]
    NoKeys(String),
    /// The database that GnuPG keeps its keys in.
    #[error("it is a keybox, the database of GnuPG, and not a file of exported keys")]
    Keybox,
    /// A key that should be in nobody else's hands.
    #[error("it has a private key, and a source needs public ones")]
    Private,
    /// A fingerprint that no key has.
    #[error("no key has the fingerprint {0}")]
    NotThere(String),
    /// A text that is not signed in the clear.
    #[error("it is not signed in the clear")]
    Unsigned(#[from] isoplug_formats::apt::clearsign::Malformed),
    /// A signature that cannot be read.
    #[error("its signature is malformed: {0}")]
    Malformed(String),
    /// The text is not what the key signed.
    #[error("bad signature of {0}: the text is not what was signed")]
    Bad(String),
    /// Only keys that are not trusted signed it.
    #[error("it is signed by {}, which the keyring does not have", .0.join(", "))]
    UnknownKey(Vec<String>),
    /// A key of the keyring that the source does not name.
    #[error("it is signed by {0}, which is not among the `fingerprints` of the source")]
    NotNamed(String),
    /// The key had expired when the text was signed, or has by now.
    #[error("the key {fingerprint} expired on {}", day(*at))]
    Expired {
        /// The key.
        fingerprint: String,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// The key was revoked.
    #[error("the key {fingerprint} is revoked")]
    Revoked {
        /// The key.
        fingerprint: String,
    },
    /// The key could be forged with today's means.
    #[error("the key {fingerprint} is too weak: {reason}")]
    Weak {
        /// The key.
        fingerprint: String,
        /// What is weak.
        reason: String,
    },
    /// The key or the signature breaks a rule.
    #[error("the signature of {fingerprint} does not count: {reason}")]
    Unusable {
        /// The key.
        fingerprint: String,
        /// Which rule.
        reason: &'static str,
    },
}

/// A good key's bad signature says more than a key that nobody knows.
pub(super) fn most_telling(mut errors: Vec<Error>) -> Error {
    let mut unknown = Vec::new();
    errors.retain(|error| match error {
        Error::UnknownKey(keys) => {
            unknown.extend(keys.iter().cloned());
            false
        }
        _ => true,
    });
    let rank = |error: &Error| !matches!(error, Error::Bad(_));
    errors.sort_by_key(rank);
    errors.into_iter().next().unwrap_or(match unknown.is_empty() {
        true => Error::Malformed("it has no signature".to_owned()),
        false => Error::UnknownKey(unknown),
    })
}

fn day(at: u64) -> String {
    let moment = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    moment.map_or_else(|| at.to_string(), |moment| moment.strftime("%Y-%m-%d").to_string())
}
