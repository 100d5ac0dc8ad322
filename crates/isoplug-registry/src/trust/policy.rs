//! The table `[trust]` with its keys, digests and patterns read: who may publish what.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_engine::Digest;
use isoplug_manifest::plugin::{Trust, TrustLevel};

use super::super::keys::PublicKey;

/// A policy. Without a word of the user's it wants a signature, and knows nobody.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub(super) default: TrustLevel,
    publishers: BTreeMap<String, Vec<PublicKey>>,
    rules: Vec<Rule>,
    deny: BTreeSet<Digest>,
}

/// Plugins that fit the pattern must be signed by this publisher.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) pattern: glob::Pattern,
    pub(super) publisher: String,
    /// How many different keys of the publisher must have signed.
    pub(super) threshold: usize,
}

impl Policy {
    /// Reads the texts of a policy.
    ///
    /// # Errors
    ///
    /// What is wrong with the first key, pattern or digest that cannot be used.
    pub fn new(trust: &Trust) -> Result<Self, String> {
        let mut publishers = BTreeMap::new();
        for (publisher, texts) in &trust.publishers {
            let keys: Result<Vec<PublicKey>, _> = texts.iter().map(|text| text.parse()).collect();
            publishers.insert(publisher.clone(), keys.map_err(|error| error.to_string())?);
        }
        let mut rules = Vec::new();
        for allow in &trust.allow {
            let pattern = glob::Pattern::new(&allow.reference)
                .map_err(|why| format!("\"{}\" is not a valid pattern: {why}", allow.reference))?;
            let (publisher, threshold) = (allow.publisher.clone(), allow.threshold as usize);
            let rule = Rule { pattern, publisher, threshold };
            rule.check(&publishers)?;
            rules.push(rule);
        }
        let digest = |text: &String| text.parse().map_err(|why| format!("trust.deny: {why}"));
        let deny: Result<_, String> = trust.deny.iter().map(digest).collect();
        Ok(Self { default: trust.default, publishers, rules, deny: deny? })
    }

    pub(super) fn denies(&self, digests: [Digest; 2]) -> Option<Digest> {
        digests.into_iter().find(|digest| self.deny.contains(digest))
    }

    pub(super) fn rules_for<'a>(
        &'a self,
        references: &'a BTreeSet<&str>,
    ) -> impl Iterator<Item = &'a Rule> {
        let fits = |rule: &&Rule| references.iter().any(|reference| rule.fits(reference));
        self.rules.iter().filter(fits)
    }

    /// Tells whether the publisher is believed only where its rules fit.
    pub(super) fn is_confined(&self, publisher: &str) -> bool {
        self.rules.iter().any(|rule| rule.publisher == publisher)
    }

    /// Returns each key with its publisher.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        let each = self.publishers.iter();
        each.flat_map(|(name, keys)| keys.iter().map(move |key| (name.as_str(), key)))
    }
}

impl Rule {
    fn check(&self, publishers: &BTreeMap<String, Vec<PublicKey>>) -> Result<(), String> {
        let Self { pattern, publisher, threshold } = self;
        let keys = publishers.get(publisher).map_or(0, Vec::len);
        match (keys, *threshold) {
            (0, _) => Err(format!("the publisher {publisher} of \"{pattern}\" has no key")),
            (_, 0) => Err(format!("the threshold of \"{pattern}\" is 0, expected 1 or more")),
            (keys, wanted) if wanted > keys => {
                Err(format!("\"{pattern}\" wants {wanted} keys of {publisher}, who has {keys}"))
            }
            _ => Ok(()),
        }
    }

    /// `*` does not go over `/`, `**` does.
    fn fits(&self, reference: &str) -> bool {
        let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
        self.pattern.matches_with(reference, options)
    }
}
