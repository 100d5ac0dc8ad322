//! Scripts of the image's author that an installer runs: where they lie. What runs them is in `isoplug-install`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FOLDER;
use crate::file::File;
use crate::option::option;
use crate::part::Contribution;

/// Scripts that are run as root before and after an installation, in their order. Each begins with `#!`. They see
/// `ISOPLUG_TARGET`, `ISOPLUG_DISK` and `ISOPLUG_HOSTNAME`, and have no network unless they ask for it. One that fails
/// ends the installation with what it said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstallHooks {
    /// Run in the live system, when the disk is chosen and nothing was written yet.
    pub before: Vec<InstallHook>,
    /// Run in the installed system, when all but its boot loader is there.
    pub after: Vec<InstallHook>,
}

/// A script that an installer runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstallHook {
    /// The script, relative to the file that says so.
    #[schemars(extend("format" = "local-path"))]
    pub source: String,
    /// Whether it has the network of the live system.
    #[serde(default)]
    pub network: bool,
}

impl InstallHooks {
    /// Returns those that are run before: each with its place below the folder of the plan.
    pub fn before(&self) -> impl Iterator<Item = (String, &InstallHook)> {
        placed("before", &self.before)
    }

    /// Returns those that are run after.
    pub fn after(&self) -> impl Iterator<Item = (String, &InstallHook)> {
        placed("after", &self.after)
    }
}

fn placed<'a>(
    moment: &'a str,
    hooks: &'a [InstallHook],
) -> impl Iterator<Item = (String, &'a InstallHook)> {
    hooks.iter().enumerate().map(move |(index, hook)| (format!("hooks/{moment}/{index}"), hook))
}

/// Puts the scripts beside the plan, for root alone.
pub(super) fn contribute(hooks: &InstallHooks, out: &mut Contribution) {
    let before = hooks.before().map(|hook| (option!(install.hooks.before), hook));
    let after = hooks.after().map(|hook| (option!(install.hooks.after), hook));
    for (option, (place, hook)) in before.chain(after) {
        let (source, mode) = (Some(hook.source.clone()), Some("0700".to_owned()));
        let target = format!("{FOLDER}/{place}");
        out.because(option).file(File { text: None, source, mode, ..File::text(&target, "") });
    }
}
