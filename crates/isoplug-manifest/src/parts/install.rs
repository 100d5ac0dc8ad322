//! What a medium installs: which systems, how their disks are laid out, what is asked, and what happens without questions.
//!
//! What depends on the systems themselves, `evaluate/targets.rs` looks at. Knows no program that installs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

use super::boot::Loader;

/// What a medium installs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Install {
    /// The profiles of this manifest that the medium installs, each of which extends `isoplug:target`; the first is
    /// the one that is offered first. What the live system and they have alike is on the medium once.
    #[schemars(extend("format" = "image-name"))]
    pub targets: Vec<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) install: &'a Install,
    pub(crate) loader: Loader,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("install")
    }

    fn owns(&self) -> &[&str] {
        &["install"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if self.install.targets.is_empty() {
            return;
        }
        let mut asked = out.because(option!(install.targets));
        for package in TOOLS {
            asked.package(package);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.loader != Loader::None && !self.install.targets.is_empty() {
            let message = "a system for a disk installs no others: only a medium does";
            let help = "name the targets in the profile of a live system";
            let error = Diagnostic::error("target-installs", message).help(help);
            lint.report_at(error, &option!(install.targets));
        }
    }
}

/// What every installation runs.
const TOOLS: [&str; 6] =
    ["dosfstools", "e2fsprogs", "efibootmgr", "fdisk", "squashfs-tools", "systemd-repart"];
