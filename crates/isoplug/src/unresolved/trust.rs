//! What to try about keys and signatures that do not count.

use isoplug_packages::keyring::Error;

use crate::failure::Failure;

/// Adds what to try about a Release file that is not trusted.
pub(super) fn hint(error: &Error, failure: Failure) -> Failure {
    let plain = match error {
        Error::Unsigned(_) | Error::Malformed(_) => {
            "again later; what came is not a signed Release file, perhaps a login page of the network"
        }
        Error::Bad(_) => "another mirror; this one, or somebody on the way, changed the file",
        Error::UnknownKey(_) => "a `keyring` with the key that signs it, if you trust it",
        Error::NotNamed(_) => "its fingerprint in `fingerprints` of the source, if you trust it",
        Error::Weak { fingerprint, .. } => {
            return failure
                .hint("a newer key: apt of Debian 13 refuses this one, too, so its owner probably has one")
                .hint(format!("`allow-weak-keys = [\"{fingerprint}\"]` in the source accepts it"));
        }
        _ => "a newer `keyring` of the archive",
    };
    failure.hint(plain)
}

/// Returns what to do about a keyring that cannot be used.
pub(super) fn usable(error: &Error) -> String {
    match error {
        Error::Keybox => {
            "export its keys: `gpg --no-default-keyring --keyring ./FILE --export > keys.gpg`, \
             and name that file"
                .to_owned()
        }
        Error::Private => "export the public key: `gpg --export --armor KEY > keys.asc`".to_owned(),
        Error::NotThere(_) => "`gpg --show-keys FILE` prints those of a file".to_owned(),
        Error::Unreadable(_) => "name a file of keys that this user can read".to_owned(),
        _ => "it takes OpenPGP public keys, armored or binary".to_owned(),
    }
}

/// Returns the key of the source's table that is at fault.
pub(super) fn place(error: &Error) -> &'static str {
    match error {
        Error::NotThere(_) => "fingerprints",
        _ => "keyring",
    }
}
