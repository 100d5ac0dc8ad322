//! Lets one plugin check the finished image, before it is put into the user's folder.
//!
//! What came of it is kept: the same image under the same rules is not looked at again.

use std::sync::Arc;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_manifest::plugin::Report;
use isoplug_manifest::{By, Severity};

use crate::contribute::builder::OverlayBuilder;
use crate::plugins::{Checker, PluginError};
use crate::stored::{self, InPacks};

/// Inputs.
pub struct Check {
    /// The finished root filesystem.
    pub rootfs: Artifact<Tree>,
    /// The ISO: nothing is checked before it is made.
    pub iso: Artifact<Blob>,
    /// Who checks.
    pub checker: Arc<dyn Checker>,
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What it reports, none of it an error; [`read`] reads it.
    pub reports: Artifact<Blob>,
}

impl Stage for Check {
    const NAME: &'static str = "check";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.checker.name())
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { reports: slots.slot("reports") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { rootfs, iso, checker, epoch } = self;
        key.artifact("rootfs", *rootfs);
        key.artifact("iso", *iso);
        key.value("plugin", checker.name());
        key.value("epoch", epoch);
        checker.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let rootfs = stored::tree(self.rootfs, cx)?;
        let (contents, log) = (InPacks::new(cx), |line: &str| cx.log(line));
        let nothing = cx.create().map_err(stored::Error::from)?;
        let unwritten = || stored::Error::write(nothing.path());
        let file = nothing.file().try_clone().map_err(unwritten())?;
        let name = self.checker.name();
        let rootfs = OverlayBuilder::new(
            By::Plugin(name.to_owned()),
            self.epoch,
            rootfs,
            &contents,
            file,
            &log,
        );
        let rootfs = rootfs.map_err(unwritten())?;
        let reports = self.checker.check(&rootfs)?.reports;
        if reports.iter().any(|report| report.severity == Severity::Error) {
            return Err(Error::Refused { plugin: name.to_owned(), reports });
        }
        Ok(stored::write_json(out.reports, &reports, &[], cx)?)
    }
}

/// Reads the reports of a check.
///
/// # Errors
///
/// When the bytes are no reports.
pub fn read(bytes: &[u8]) -> Result<Vec<Report>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

/// Why an image did not pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks a rule.
    #[error("plugin `{plugin}` refuses the image")]
    Refused {
        /// The plugin.
        plugin: String,
        /// What it reports, errors among it.
        reports: Vec<Report>,
    },
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}
