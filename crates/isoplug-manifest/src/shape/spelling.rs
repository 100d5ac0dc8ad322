//! What else of a table's keys is understood, where they are those of a program.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// What else of a table's keys is understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spelling {
    /// Whether a key may be written in any case and without hyphens, as the program writes it that the keys are of.
    pub any_case: bool,
    /// Keys that the program has and the table has not, with the options that stand for them.
    pub elsewhere: BTreeMap<String, String>,
}

impl Spelling {
    /// Reads what a schema says of it.
    pub(super) fn read(schema: &Json) -> Self {
        let elsewhere = schema["x-elsewhere"].as_object().into_iter().flatten();
        let elsewhere =
            elsewhere.filter_map(|(key, to)| Some((key.clone(), to.as_str()?.to_owned())));
        Self { any_case: schema["x-any-case"] == true, elsewhere: elsewhere.collect() }
    }

    /// Returns the key that another one is a spelling of.
    #[must_use]
    pub fn known<'k>(
        &self,
        key: &str,
        keys: impl Iterator<Item = &'k String>,
    ) -> Option<&'k String> {
        let letters = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
        { keys }.find(|known| self.any_case && letters(known) == letters(key))
    }
}
