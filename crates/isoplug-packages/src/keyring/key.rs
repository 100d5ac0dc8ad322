//! Whether a key counts at a time: bound to its owner, allowed to sign, not expired, not revoked.
//!
//! Policy after RFC 9580 and what gpgv does. Of several self-signatures the newest counts, since it is
//! the owner's last word. A revocation counts from its own time on, unless the key was compromised or
//! no reason is given: then it counts always. Revocations by other keys are not followed. Weak hashes
//! count for nothing, and those of [`weak`] only if the user says so.

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{RevocationCode, Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, Tag};

use super::weak::{self, weakness};

/// Why a key does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    Expired(u64),
    Revoked,
    Weak(String),
    Broken(&'static str),
}

/// A primary key or one of its subkeys.
pub(super) struct Component<'k> {
    owner: &'k SignedPublicKey,
    subkey: Option<&'k SignedPublicSubKey>,
}

/// Returns the primary key and the subkeys.
pub(super) fn components(owner: &SignedPublicKey) -> impl Iterator<Item = Component<'_>> {
    let subkeys = owner.public_subkeys.iter().map(Some);
    std::iter::once(None).chain(subkeys).map(move |subkey| Component { owner, subkey })
}

impl Component<'_> {
    pub(super) fn fingerprint(&self) -> String {
        format!("{:X}", self.details().fingerprint())
    }

    /// Returns the fingerprint of the primary key.
    pub(super) fn owner(&self) -> String {
        super::fingerprint(&self.owner.primary_key)
    }

    /// Tells whether the signature names this key, or no key at all.
    pub(super) fn is_issuer_of(&self, signature: &Signature) -> bool {
        let (ids, fingerprints) = (signature.issuer_key_id(), signature.issuer_fingerprint());
        let key = self.details();
        match fingerprints.is_empty() {
            true => ids.is_empty() || ids.contains(&&key.legacy_key_id()),
            false => fingerprints.contains(&&key.fingerprint()),
        }
    }

    /// Checks the cryptography of a signature on a text.
    pub(super) fn verify(&self, signature: &Signature, text: &[u8]) -> pgp::errors::Result<()> {
        match self.subkey {
            Some(subkey) => signature.verify(&subkey.key, text),
            None => signature.verify(&self.owner.primary_key, text),
        }
    }

    /// Tells whether the key may sign at this time, even if it is weak.
    pub(super) fn trust(&self, at: u64, weak: bool) -> Result<(), Trust> {
        check_algorithm(&self.owner.primary_key, at, weak)?;
        let own = self_signature(self.owner, weak)?
            .ok_or(Trust::Broken("the key has no valid self-signature"))?;
        check_revocations(primary_revocations(self.owner), at)?;
        check_expiry(&self.owner.primary_key, own, at)?;
        let Some(subkey) = self.subkey else { return check_may_sign(own) };
        check_algorithm(&subkey.key, at, weak)?;
        let binding = newest(bindings(self.owner, subkey), weak)?
            .ok_or(Trust::Broken("the subkey is not bound to its key"))?;
        check_revocations(subkey_revocations(self.owner, subkey), at)?;
        check_expiry(&subkey.key, binding, at)?;
        check_may_sign(binding)?;
        check_back_signature(self.owner, subkey, binding)
    }

    fn details(&self) -> &dyn KeyDetails {
        match self.subkey {
            Some(subkey) => &subkey.key,
            None => &self.owner.primary_key,
        }
    }
}

/// Returns when a signature was made, in seconds since 1970.
pub(super) fn created(signature: &Signature) -> u64 {
    signature.created().map_or(0, |time| u64::from(time.as_secs()))
}

/// Tells whether a signature that verified is of a kind that counts.
pub(super) fn signature_counts(signature: &Signature, at: u64) -> Result<(), Trust> {
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return Err(Trust::Broken("it is not a signature of a text"));
    }
    if !is_strong(signature) {
        return Err(Trust::Broken("its hash algorithm is too weak"));
    }
    let lasts = signature.signature_expiration_time().map_or(0, |time| u64::from(time.as_secs()));
    match lasts > 0 && created(signature) + lasts <= at {
        true => Err(Trust::Broken("it has expired")),
        false => Ok(()),
    }
}

fn is_strong(signature: &Signature) -> bool {
    signature.hash_alg().is_some_and(weak::is_strong)
}

fn was_strong(signature: &Signature) -> bool {
    signature.hash_alg().is_some_and(weak::was_strong)
}

fn check_algorithm(key: &impl KeyDetails, at: u64, weak: bool) -> Result<(), Trust> {
    match weakness(key, at).filter(|_| !weak) {
        Some(reason) => Err(Trust::Weak(reason)),
        None => Ok(()),
    }
}

/// The newest strong statement, or a weak one if there is no other and weak ones count.
fn newest<'k>(
    signatures: impl Iterator<Item = &'k Signature>,
    weak: bool,
) -> Result<Option<&'k Signature>, Trust> {
    let all: Vec<&Signature> = signatures.collect();
    let last = |counts: fn(&Signature) -> bool| {
        all.iter().copied().filter(|one| counts(one)).max_by_key(|one| created(one))
    };
    match (last(is_strong), last(was_strong)) {
        (None, Some(_)) if !weak => Err(Trust::Weak("only SHA-1 binds it to its owner".to_owned())),
        (None, old) => Ok(old),
        (strong, _) => Ok(strong),
    }
}

/// The owner's newest statement about the primary key. That on a user id counts before those on the key
/// alone: GnuPG writes the latter to name revokers, without expiry or flags.
fn self_signature(owner: &SignedPublicKey, weak: bool) -> Result<Option<&Signature>, Trust> {
    match newest(user_certifications(owner), weak) {
        Ok(Some(found)) => Ok(Some(found)),
        none => match newest(direct_signatures(owner), weak)? {
            Some(found) => Ok(Some(found)),
            None => none,
        },
    }
}

/// The owner's signatures on user ids that are not revoked.
fn user_certifications(owner: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    let key = &owner.primary_key;
    owner.details.users.iter().flat_map(move |user| {
        let valid = |signature: &&Signature| {
            signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
        };
        let signatures: Vec<&Signature> = user.signatures.iter().filter(valid).collect();
        let revoked =
            signatures.iter().any(|found| found.typ() == Some(SignatureType::CertRevocation));
        if revoked { Vec::new() } else { signatures }
    })
}

fn direct_signatures(owner: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    let key = &owner.primary_key;
    owner
        .details
        .direct_signatures
        .iter()
        .filter(move |signature| signature.verify_key(key).is_ok())
}

fn primary_revocations(owner: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    let key = &owner.primary_key;
    let revocations = owner.details.revocation_signatures.iter();
    revocations.filter(move |signature| signature.verify_key(key).is_ok())
}

fn bindings<'k>(
    owner: &'k SignedPublicKey,
    subkey: &'k SignedPublicSubKey,
) -> impl Iterator<Item = &'k Signature> {
    statements(owner, subkey, SignatureType::SubkeyBinding)
}

fn subkey_revocations<'k>(
    owner: &'k SignedPublicKey,
    subkey: &'k SignedPublicSubKey,
) -> impl Iterator<Item = &'k Signature> {
    statements(owner, subkey, SignatureType::SubkeyRevocation)
}

fn statements<'k>(
    owner: &'k SignedPublicKey,
    subkey: &'k SignedPublicSubKey,
    typ: SignatureType,
) -> impl Iterator<Item = &'k Signature> {
    let valid = move |signature: &&Signature| {
        signature.typ() == Some(typ)
            && signature.verify_subkey_binding(&owner.primary_key, &subkey.key).is_ok()
    };
    subkey.signatures.iter().filter(valid)
}

fn check_revocations<'k>(
    mut revocations: impl Iterator<Item = &'k Signature>,
    at: u64,
) -> Result<(), Trust> {
    use RevocationCode::{KeyRetired, KeySuperseded};
    let counts = |signature: &Signature| match signature.revocation_reason_code() {
        Some(KeySuperseded | KeyRetired) => created(signature) <= at,
        _ => true,
    };
    if revocations.any(counts) { Err(Trust::Revoked) } else { Ok(()) }
}

fn check_expiry(key: &impl KeyDetails, statement: &Signature, at: u64) -> Result<(), Trust> {
    let made = u64::from(key.created_at().as_secs());
    let lasts = statement.key_expiration_time().map_or(0, |time| u64::from(time.as_secs()));
    if made > at {
        return Err(Trust::Broken("it is older than its key"));
    }
    if lasts > 0 && made + lasts <= at { Err(Trust::Expired(made + lasts)) } else { Ok(()) }
}

/// A key without flags may do all that its algorithm can.
fn check_may_sign(statement: &Signature) -> Result<(), Trust> {
    let has_flags = statement.config().is_some_and(|config| {
        config.hashed_subpackets().any(|part| matches!(part.data, SubpacketData::KeyFlags(_)))
    });
    match !has_flags || statement.key_flags().sign() {
        true => Ok(()),
        false => Err(Trust::Broken("the key is not for signing")),
    }
}

/// A signing subkey must itself agree to belong to the key, or it could be somebody else's.
fn check_back_signature(
    owner: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    binding: &Signature,
) -> Result<(), Trust> {
    let agreed = binding.embedded_signature().is_some_and(|signature| {
        signature.verify_primary_key_binding(&subkey.key, &owner.primary_key).is_ok()
    });
    if agreed { Ok(()) } else { Err(Trust::Broken("the subkey does not agree to its key")) }
}
