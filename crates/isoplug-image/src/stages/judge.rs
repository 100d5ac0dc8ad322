//! Lets one plugin judge the finished image, before it is put into the user's folder.
//!
//! A judgement is kept: the same image under the same rules is not looked at again.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree;
use isoplug_manifest::plugin::Report;
use isoplug_manifest::{By, Severity};

use super::contribute::StoredContents;
use crate::contribute::builder::OverlayBuilder;
use crate::plugins::{self, PluginError};

/// Inputs.
pub struct Judge {
    /// The finished root filesystem.
    pub rootfs: Artifact<Tree>,
    /// The ISO: nothing is judged before it is made.
    pub iso: Artifact<Blob>,
    /// Who judges.
    pub judge: Arc<dyn plugins::Judge>,
    /// The time of the image, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What it reports, none of it an error; [`read`] reads it.
    pub reports: Artifact<Blob>,
}

impl Stage for Judge {
    const NAME: &'static str = "check";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.judge.name())
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { reports: slots.slot("reports") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { rootfs, iso, judge, epoch } = self;
        key.artifact("rootfs", *rootfs);
        key.artifact("iso", *iso);
        key.value("plugin", judge.name());
        key.value("epoch", epoch);
        judge.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let rootfs = tree::Tree::from_bytes(&fs::read(cx.path(self.rootfs)?)?)?;
        let (contents, log) = (StoredContents::new(cx), |line: &str| cx.log(line));
        let nothing = cx.create()?.file().try_clone()?;
        let name = self.judge.name();
        let host = OverlayBuilder::new(
            By::Plugin(name.to_owned()),
            self.epoch,
            rootfs,
            &contents,
            nothing,
            &log,
        )?;
        let reports = self.judge.judge(&host)?.reports;
        if reports.iter().any(|report| report.severity == Severity::Error) {
            return Err(Error::Refused { plugin: name.to_owned(), reports });
        }
        let blob = cx.create()?;
        serde_json::to_writer(blob.file(), &reports).map_err(io::Error::other)?;
        blob.file().flush()?;
        Ok(cx.finish(out.reports, cx.put(blob, None)?, &[])?)
    }
}

/// Reads the reports of a judgement.
pub fn read(bytes: &[u8]) -> Result<Vec<Report>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

/// Why an image was not judged good.
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
    /// The rootfs is no tree.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// A file of the store could not be read or written.
    #[error("cannot judge the image: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}
