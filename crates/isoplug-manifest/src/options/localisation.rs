//! Options for language, keyboard and time zone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Language, keyboard and time zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Localisation {
    /// The locale, such as `de_DE.UTF-8`. All but `C.UTF-8` install the package `locales`.
    #[schemars(extend("format" = "locale"))]
    pub locale: String,
    /// The keyboard layout, such as `us` or `de`.
    pub keymap: String,
    /// The time zone, such as `Europe/Berlin`. All but `UTC` install the package `tzdata`, former
    /// names such as `US/Eastern` also `tzdata-legacy` where there is one.
    #[schemars(extend("format" = "timezone"))]
    pub timezone: String,
}

impl Default for Localisation {
    fn default() -> Self {
        let [locale, keymap, timezone] = ["C.UTF-8", "us", "Etc/UTC"].map(str::to_owned);
        Self { locale, keymap, timezone }
    }
}
