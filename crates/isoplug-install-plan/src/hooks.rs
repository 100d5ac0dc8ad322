//! Scripts of an image's author that an installer runs before and after it.

use serde::{Deserialize, Serialize};

use super::Fault;
use super::fault::is_relative;

/// The scripts, each list in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hooks {
    /// Run in the live system when all is decided and nothing was written yet.
    pub before: Vec<Hook>,
    /// Run in the installed system when its files are there, and before its boot loader is.
    pub after: Vec<Hook>,
}

/// One script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hook {
    /// What people read.
    pub name: String,
    /// Where it lies, below the folder of the plan.
    pub source: String,
    /// Whether it has the network of the live system.
    #[serde(default)]
    pub network: bool,
}

impl Hooks {
    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Returns what is wrong with them.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let all = self.before.iter().chain(&self.after);
        let wrong = all.filter(|hook| !is_relative(&hook.source));
        let expected = "expected a path below the plan, found";
        wrong.map(|hook| Fault::new("hooks", &format!("{expected} `{}`", hook.source))).collect()
    }
}
