//! Decides by signatures and the user's policy whether a plugin may be used.
//!
//! ```toml
//! [trust]
//! default = "signed"                      # signed | locked | any
//! publishers.acme = ["RWQ…", "RWQ…"]      # several keys, so that one can follow another
//! allow = [{ ref = "registry.corp/*", publisher = "corp", threshold = 2 }]
//! deny = ["sha256:…"]                     # components or manifests
//! ```
//!
//! A rule that fits binds. A publisher who has rules is believed only where they fit. Of several
//! policies, such as the user's and the organisation's, each must agree.

mod policy;
mod refusal;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;

use super::keys::{KeyId, signer};
use super::pin::Pin;
use super::reference::Reference;
use super::release::Release;
use super::signature::Signature;
use super::statement::Statement;
use isoplug_engine::Digest;
use isoplug_manifest::plugin::TrustLevel;
pub use policy::Policy;
use policy::Rule;
pub use refusal::Refusal;

/// What a plugin claims to be.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The registry and repository; none if it comes from a folder that does not say.
    pub reference: Option<String>,
    /// The version.
    pub version: Option<&'a Version>,
    /// The plugin's `id`, if the release says it.
    pub id: Option<&'a str>,
    /// The digest of the component.
    pub component: Digest,
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The digest of what `describe` says, if the release says it.
    pub describe: Option<Digest>,
    /// Whether the lock holds this component, or the user approved of it just now.
    pub is_locked: bool,
    /// The signatures that came with it.
    pub signatures: &'a [Signature],
}

/// Who signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The keys that signed, by publisher. None if the policy lets it in unsigned.
    pub publishers: BTreeMap<String, BTreeSet<KeyId>>,
}

/// What the lock says of the publisher of a plugin that nobody known signed.
const UNSIGNED: &str = "unsigned";

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.publishers.keys().map(String::as_str).collect();
        f.write_str(if names.is_empty() { UNSIGNED.to_owned() } else { names.join("+") }.as_str())
    }
}

impl<'a> Claim<'a> {
    /// Returns what a release claims that came from this place.
    #[must_use]
    pub fn of(reference: &Reference, release: &'a Release, signatures: &'a [Signature]) -> Self {
        let description = release.description.as_ref();
        Self {
            reference: reference.name(),
            version: release.version.as_ref(),
            id: description.map(|description| description.id.as_str()),
            component: release.component.digest,
            manifest: release.manifest,
            describe: description.map(super::release::Description::digest),
            is_locked: false,
            signatures,
        }
    }

    /// Tells that the lock holds it, if the lock does.
    #[must_use]
    pub fn locked(self, pin: Option<&Pin>) -> Self {
        let is_locked =
            pin.is_some_and(|pin| pin.component == self.component && pin.manifest == self.manifest);
        Self { is_locked, ..self }
    }

    /// Returns the name for messages.
    fn shown(&self) -> String {
        let reference = self.reference.as_deref().or(self.id).unwrap_or("the plugin");
        self.version.map_or(reference.to_owned(), |version| format!("{reference} {version}"))
    }

    /// Tells whether a statement speaks of this.
    fn is_stated(&self, statement: &Statement) -> bool {
        statement.component == self.component
            && statement.manifest == self.manifest
            && self.version.is_none_or(|version| *version == statement.version)
            && self.id.is_none_or(|id| id == statement.name)
            && self.describe.is_none_or(|describe| describe == statement.describe)
            && self.reference.as_ref().is_none_or(|reference| *reference == statement.reference)
    }
}

/// A signature by a key of a publisher, of a statement that fits the claim.
struct Proof<'a> {
    publisher: &'a str,
    key: KeyId,
    reference: String,
}

/// Decides by all policies. Without any, nothing is let in.
///
/// # Errors
///
/// The first refusal.
pub fn judge(policies: &[Policy], claim: &Claim<'_>) -> Result<Verdict, Refusal> {
    let mut verdict = Verdict::default();
    if policies.is_empty() {
        judge_by(&Policy::default(), claim)?;
    }
    for policy in policies {
        for (publisher, keys) in judge_by(policy, claim)?.publishers {
            verdict.publishers.entry(publisher).or_default().extend(keys);
        }
    }
    Ok(verdict)
}

fn judge_by(policy: &Policy, claim: &Claim<'_>) -> Result<Verdict, Refusal> {
    let what = claim.shown();
    if let Some(digest) = policy.denies([claim.component, claim.manifest]) {
        return Err(Refusal::Denied { what, digest });
    }
    let proofs = proofs(policy, claim);
    let references = proofs.iter().map(|proof| proof.reference.as_str());
    let references = claim.reference.as_deref().into_iter().chain(references).collect();
    let rules: Vec<&Rule> = policy.rules_for(&references).collect();
    match rules.first() {
        Some(first) => judge_by_rules(what, &rules, first, &proofs),
        None => judge_without_rules(what, policy, claim, &proofs),
    }
}

/// One rule that is met is enough.
fn judge_by_rules(
    what: String,
    rules: &[&Rule],
    first: &Rule,
    proofs: &[Proof<'_>],
) -> Result<Verdict, Refusal> {
    let is_met = |rule: &&&Rule| signed_by(proofs, &rule.publisher) >= rule.threshold;
    match rules.iter().find(is_met) {
        Some(rule) => Ok(verdict(proofs.iter().filter(|proof| proof.publisher == rule.publisher))),
        None => Err(Refusal::Rule {
            what,
            rule: first.pattern.to_string(),
            publisher: first.publisher.clone(),
            threshold: first.threshold,
            found: signed_by(proofs, &first.publisher),
        }),
    }
}

fn judge_without_rules(
    what: String,
    policy: &Policy,
    claim: &Claim<'_>,
    proofs: &[Proof<'_>],
) -> Result<Verdict, Refusal> {
    let free = verdict(proofs.iter().filter(|proof| !policy.is_confined(proof.publisher)));
    match policy.default {
        _ if !free.publishers.is_empty() => Ok(free),
        TrustLevel::Any => Ok(free),
        TrustLevel::Locked if claim.is_locked => Ok(free),
        TrustLevel::Locked => Err(Refusal::NotLocked { what }),
        TrustLevel::Signed => Err(unsigned(what, claim, proofs)),
    }
}

/// Finds the signatures that count: by keys of the policy, of what is claimed.
fn proofs<'a>(policy: &'a Policy, claim: &Claim<'_>) -> Vec<Proof<'a>> {
    let mut proofs = Vec::new();
    for signature in claim.signatures {
        let Ok(statement) = Statement::read(&signature.statement) else { continue };
        if !claim.is_stated(&statement) {
            continue;
        }
        for (publisher, key) in policy.keys() {
            if key.verifies(&signature.statement, &signature.text) {
                let reference = statement.reference.clone();
                proofs.push(Proof { publisher, key: key.id(), reference });
            }
        }
    }
    proofs
}

fn signed_by(proofs: &[Proof<'_>], publisher: &str) -> usize {
    let keys = proofs.iter().filter(|proof| proof.publisher == publisher).map(|proof| proof.key);
    keys.collect::<BTreeSet<_>>().len()
}

fn verdict<'a>(proofs: impl Iterator<Item = &'a Proof<'a>>) -> Verdict {
    let mut verdict = Verdict::default();
    for proof in proofs {
        verdict.publishers.entry(proof.publisher.to_owned()).or_default().insert(proof.key);
    }
    verdict
}

fn unsigned(what: String, claim: &Claim<'_>, proofs: &[Proof<'_>]) -> Refusal {
    if let Some(proof) = proofs.first() {
        return Refusal::Confined { what, publisher: proof.publisher.to_owned() };
    }
    let statements = claim.signatures.iter().map(|signature| Statement::read(&signature.statement));
    let fits = statements.map(|statement| statement.is_ok_and(|one| claim.is_stated(&one)));
    let (about_this, others): (Vec<_>, Vec<_>) =
        claim.signatures.iter().zip(fits).partition(|(_, fits)| *fits);
    let ids = |signed: &[(&Signature, bool)]| -> BTreeSet<KeyId> {
        signed.iter().filter_map(|(signature, _)| signer(&signature.text)).collect()
    };
    match (about_this.as_slice(), others.as_slice()) {
        ([], []) => Refusal::Unsigned { what },
        ([], others) => Refusal::Misapplied { what, keys: ids(others) },
        (some, _) => Refusal::Unknown { what, keys: ids(some) },
    }
}

#[cfg(test)]
mod tests;
