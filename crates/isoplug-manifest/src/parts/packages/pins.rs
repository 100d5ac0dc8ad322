//! Priorities of single packages, as apt_preferences(5) has them: `packages.pins`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::manifest::Source;
use crate::option::option;
use crate::part::Lint;

use super::from::unknown;

/// How readily some versions of some packages are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pin {
    /// The packages, by name; `*` stands for any part of one.
    #[schemars(extend("format" = "package-pattern"))]
    pub packages: Vec<String>,
    /// Only what comes from this source, by the source's name, a pocket such as `backports`, or a suite.
    #[serde(default)]
    pub from: Option<String>,
    /// Only this version; with `*` at the end, those that begin so.
    #[serde(default)]
    #[schemars(extend("format" = "version-pattern"))]
    pub version: Option<String>,
    /// Their priority, in place of the source's: the highest is chosen, then the newest. Below 0, they are never
    /// installed.
    pub priority: i32,
}

pub(super) fn lint(pins: &[Pin], sources: &BTreeMap<String, Source>, lint: &mut Lint<'_>) {
    for (pin, origin) in pins.iter().zip(lint.items(&option!(packages.pins))) {
        if pin.packages.is_empty() {
            let diagnostic = Diagnostic::error("empty-pin", "this pin names no packages");
            let help =
                "`packages = [\"firefox-esr\"]`; for all of a source, `priority` of the source";
            lint.report(diagnostic.help(help).at(origin, ""));
        }
        if pin.priority == 0 {
            let diagnostic = Diagnostic::error("bad-priority", "a priority of 0 means nothing");
            let help = "500 is that of a source, 100 that of what is only taken when asked for, -1 keeps it out";
            lint.report(diagnostic.help(help).at(origin, ""));
        }
        if let Some(diagnostic) = pin.from.as_deref().and_then(|from| unknown(from, sources)) {
            lint.report(diagnostic.at(origin, ""));
        }
    }
}
