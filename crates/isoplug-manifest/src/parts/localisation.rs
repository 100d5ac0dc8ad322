//! Language, keyboard and time zone: each but the plainest needs its package.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::names;
use crate::option::option;
use crate::part::{self, Contribution};

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

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) localisation: &'a Localisation,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("localisation")
    }

    fn owns(&self) -> &[&str] {
        &["localisation"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Localisation { locale, keymap, timezone } = self.localisation;
        if !["C", "C.UTF-8", "POSIX"].contains(&&**locale) {
            out.because(option!(localisation.locale)).package("locales");
        }
        if keymap != "us" {
            out.because(option!(localisation.keymap)).package("console-setup");
        }
        if !["UTC", "Etc/UTC"].contains(&&**timezone) {
            out.because(option!(localisation.timezone)).package("tzdata");
        }
        // Older Debians have all time zones in `tzdata` itself.
        if names::is_legacy_zone(timezone) {
            out.because(option!(localisation.timezone)).optional_package("tzdata-legacy");
        }
    }
}
