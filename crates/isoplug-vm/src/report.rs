//! What a test found, and its three renderings: text, JSON by serde, JUnit XML.

mod junit;
mod text;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Accelerator, Firmware, Medium, Trouble, TroubleKind};

/// What a test of one image found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The image's file name.
    pub image: String,
    /// One per boot, in the plan's order.
    pub combos: Vec<ComboReport>,
}

/// What one boot showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComboReport {
    /// Which image it was, in a report of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The machine's firmware.
    pub firmware: Firmware,
    /// How it held the image.
    pub medium: Medium,
    /// What ran it.
    pub accelerator: Accelerator,
    /// Seconds from power-on to power-off.
    pub seconds: f64,
    /// How the boot ended.
    pub boot: Boot,
    /// One per check that applies, in the plan's order; all skipped if there was no shell.
    pub results: Vec<TestResult>,
    /// Why the later checks were not asked, if they were not.
    #[serde(default)]
    pub cut: Option<Trouble>,
    /// Why it was started anew in another way, if it was.
    #[serde(default)]
    pub note: Option<String>,
    /// All that came over the serial port.
    pub serial_log: PathBuf,
    /// The screen at the end, if something failed.
    pub screenshot: Option<PathBuf>,
}

/// How a boot ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Boot {
    /// There was a root shell.
    Up {
        /// Seconds from power-on to the shell.
        seconds: f64,
    },
    /// There was none.
    Failed {
        /// What was seen.
        trouble: Trouble,
        /// The last lines of the serial port.
        tail: Vec<String>,
    },
    /// There was none yet when the machine that ran it failed, was too slow, or the user stopped it.
    Unfinished {
        /// Why.
        trouble: Trouble,
        /// The last lines of the serial port.
        tail: Vec<String>,
    },
}

impl Boot {
    /// Why there was no shell.
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Up { .. } => None,
            Self::Failed { trouble, .. } | Self::Unfinished { trouble, .. } => Some(trouble),
        }
    }
}

/// What a boot or a whole test says of the image, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There was a shell and every check held.
    Passed,
    /// Nothing failed, but not all was seen.
    Unfinished,
    /// Something failed.
    Failed,
}

/// What a check showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Which check.
    pub name: String,
    /// Whether it held.
    pub outcome: Outcome,
    /// What was found, and if it failed, what was expected.
    pub detail: String,
    /// Seconds it took.
    pub seconds: f64,
}

/// Whether a check held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It held.
    Pass,
    /// It did not.
    Fail,
    /// It could not be asked.
    Skip,
}

/// A rendering failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the JUnit report of {image}")]
pub struct ReportError {
    image: String,
    source: quick_junit::SerializeError,
}

impl Report {
    /// Whether every boot gave a shell and every check held.
    pub fn passed(&self) -> bool {
        self.verdict() == Verdict::Passed
    }

    /// The worst of all boots.
    pub fn verdict(&self) -> Verdict {
        self.combos.iter().map(ComboReport::verdict).max().unwrap_or(Verdict::Passed)
    }

    /// Whether the user stopped it.
    pub fn interrupted(&self) -> bool {
        let troubles = self.combos.iter().filter_map(ComboReport::trouble);
        troubles.into_iter().any(|trouble| trouble.kind == TroubleKind::Interrupted)
    }

    /// For people: one line per boot and per result, with what to look at where something failed.
    pub fn text(&self) -> String {
        text::render(self)
    }

    /// JUnit XML: one suite per boot, whose first case is the boot itself.
    ///
    /// # Errors
    ///
    /// When the report has a text that XML cannot hold.
    pub fn junit(&self) -> Result<String, ReportError> {
        junit::render(self).map_err(|source| ReportError { image: self.image.clone(), source })
    }
}

impl ComboReport {
    /// What it says of the image.
    pub fn verdict(&self) -> Verdict {
        let failed = self.results.iter().any(|result| result.outcome == Outcome::Fail);
        match &self.boot {
            Boot::Failed { .. } => Verdict::Failed,
            _ if failed => Verdict::Failed,
            Boot::Unfinished { .. } => Verdict::Unfinished,
            Boot::Up { .. } if self.cut.is_some() => Verdict::Unfinished,
            Boot::Up { .. } => Verdict::Passed,
        }
    }

    /// Why not all was seen.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.boot.trouble().or(self.cut.as_ref())
    }

    /// `bios-cd`, `secure-boot-usb`: also the stem of its files.
    pub fn name(&self) -> String {
        format!("{}-{}", self.firmware, self.medium)
    }
}

#[cfg(test)]
mod tests;
