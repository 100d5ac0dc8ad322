//! Why a plugin is not let in, and what to try.

use std::collections::BTreeSet;

use super::super::keys::KeyId;
use isoplug_engine::Digest;

/// Why the policy does not let a plugin in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its digest is on the list.
    #[error("{what} is denied by the policy: {digest}")]
    Denied {
        /// The plugin and its version.
        what: String,
        /// The digest on the list.
        digest: Digest,
    },
    /// Nobody signed it.
    #[error("{what} is not signed")]
    Unsigned {
        /// The plugin and its version.
        what: String,
    },
    /// Only keys signed it that no publisher has.
    #[error("{what} is signed with an unknown key: {}", listed(keys))]
    Unknown {
        /// The plugin and its version.
        what: String,
        /// The numbers of the keys.
        keys: BTreeSet<KeyId>,
    },
    /// The signatures are of another plugin, version or place.
    #[error("{what} comes with signatures of something else: key {}", listed(keys))]
    Misapplied {
        /// The plugin and its version.
        what: String,
        /// The numbers of the keys.
        keys: BTreeSet<KeyId>,
    },
    /// A publisher signed who is believed elsewhere only.
    #[error("{what} is signed by {publisher}, who may not publish there")]
    Confined {
        /// The plugin and its version.
        what: String,
        /// The publisher.
        publisher: String,
    },
    /// A rule wants other signatures.
    #[error("{what} has {found} of {threshold} signatures of {publisher} that \"{rule}\" wants")]
    Rule {
        /// The plugin and its version.
        what: String,
        /// The pattern of the rule.
        rule: String,
        /// Who must have signed.
        publisher: String,
        /// With how many keys.
        threshold: usize,
        /// With how many the publisher signed.
        found: usize,
    },
    /// It is neither signed nor in the lock.
    #[error("{what} is neither signed by a publisher nor in the lock")]
    NotLocked {
        /// The plugin and its version.
        what: String,
    },
}

fn listed(keys: &BTreeSet<KeyId>) -> String {
    let keys: Vec<String> = keys.iter().map(KeyId::to_string).collect();
    keys.join(", ")
}

const SIGN: &str = "ask its publisher to sign it with `isoplug plugin sign`, or set trust.default to \
     \"locked\" to rely on the lock alone";

const ADD_THE_KEY: &str = "if you know the publisher, get the public key from them and add \
     publishers.NAME = [\"RW…\"] to [trust]";

const MOVED: &str = "somebody may have moved a tag or put one plugin in the place of another: ask the \
     publisher";

impl Refusal {
    /// Returns what to try, if there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Denied { .. } => return None,
            Self::Unsigned { .. } => SIGN,
            Self::Unknown { .. } => ADD_THE_KEY,
            Self::Misapplied { .. } => MOVED,
            Self::Confined { .. } => {
                "if the publisher moved, add a rule to trust.allow with the new place"
            }
            Self::Rule { .. } => {
                "wait for the missing signatures, or ask who wrote the rule in trust.allow"
            }
            Self::NotLocked { .. } => "approve of it with `isoplug plugin add`, which locks it",
        };
        Some(help.to_owned())
    }
}
