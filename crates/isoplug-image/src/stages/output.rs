//! Makes files beside the ISO as a plugin plans them: texts, and copies of what the image is made
//! of, such as kernel and initrd for booting over a network.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage};
use isoplug_manifest::Severity;
use isoplug_manifest::plugin::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::bootable::Bootable;
use crate::plugins::{Planner, PluginError};
use crate::stored;

/// Inputs.
pub struct Output {
    /// Who plans.
    pub planner: Arc<dyn Planner>,
    /// What is settled of the image, for the plan.
    pub image: Json,
    /// What the image boots.
    pub bootable: Bootable,
    /// The ISO.
    pub iso: Artifact<Blob>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The files by path, each with the blob that holds it; [`read`] reads it.
    pub files: Artifact<Blob>,
}

impl Stage for Output {
    const NAME: &'static str = "output";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.planner.name())
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { files: slots.slot("files") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { planner, image, bootable, iso } = self;
        key.value("plugin", planner.name());
        key.value("image", image);
        bootable.key(key);
        key.artifact("iso", *iso);
        planner.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let artifacts = self.artifacts();
        let inputs = self.inputs(&artifacts, cx)?;
        let plugin = self.planner.name().to_owned();
        let planned = self.planner.plan(Self::NAME, &inputs)?;
        for report in &planned.reports {
            cx.log(&format!("{}: {}", report.code, report.message));
        }
        if planned.reports.iter().any(|report| report.severity == Severity::Error) {
            return Err(Error::Refused { plugin, reports: planned.reports });
        }
        let bad = |reason: String| Error::Plan { plugin: plugin.clone(), reason };
        let plan: Plan =
            serde_json::from_value(planned.answer).map_err(|error| bad(error.to_string()))?;
        let files = plan.carry_out(&artifacts, cx, &bad)?;
        let refers: Vec<Digest> = files.values().copied().collect();
        Ok(stored::write_json(out.files, &files, &refers, cx)?)
    }
}

/// Reads the list of files: the digest of the blob that holds each, by path.
///
/// # Errors
///
/// When the bytes are no list of files.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Digest>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    files: Vec<PlannedFile>,
}

impl Plan {
    /// Returns the blob that holds each file.
    fn carry_out(
        self,
        artifacts: &BTreeMap<&str, Artifact<Blob>>,
        cx: &Context,
        bad: &dyn Fn(String) -> Error,
    ) -> Result<BTreeMap<String, Digest>, Error> {
        let mut files = BTreeMap::new();
        for file in self.files {
            let path = file.path.clone();
            check_path(&path).map_err(bad)?;
            let digest = file.digest(artifacts, cx, bad)?;
            if files.insert(path.clone(), digest).is_some() {
                return Err(bad(format!("`{path}` is there twice")));
            }
        }
        Ok(files)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PlannedFile {
    path: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    artifact: Option<String>,
}

impl PlannedFile {
    /// Returns the blob that holds it.
    fn digest(
        &self,
        artifacts: &BTreeMap<&str, Artifact<Blob>>,
        cx: &Context,
        bad: &dyn Fn(String) -> Error,
    ) -> Result<Digest, Error> {
        match (&self.text, &self.artifact) {
            (Some(text), None) => Ok(stored::put(text.as_bytes(), cx)?),
            (None, Some(name)) => match artifacts.get(name.as_str()) {
                Some(artifact) => Ok(cx.digest(*artifact)?),
                None => {
                    let known: Vec<&str> = artifacts.keys().copied().collect();
                    Err(bad(format!("no artifact `{name}`; there are {}", known.join(", "))))
                }
            },
            _ => Err(bad(format!("`{}` needs `text` or `artifact`, one of them", self.path))),
        }
    }
}

impl Output {
    fn artifacts(&self) -> BTreeMap<&'static str, Artifact<Blob>> {
        let Bootable { vmlinuz, initrd, squashfs } = self.bootable;
        let bootable = [("vmlinuz", vmlinuz), ("initrd", initrd), ("squashfs", squashfs)];
        bootable.into_iter().chain([("iso", self.iso)]).collect()
    }

    fn inputs(
        &self,
        artifacts: &BTreeMap<&str, Artifact<Blob>>,
        cx: &Context,
    ) -> Result<Json, Error> {
        let mut facts = serde_json::Map::new();
        for (name, artifact) in artifacts {
            let size = File::open(cx.path(*artifact)?)?.metadata()?.len();
            let sha256 = cx.digest(*artifact)?.hex();
            facts.insert((*name).to_owned(), json!({ "sha256": sha256, "size": size }));
        }
        Ok(json!({ "image": self.image, "artifacts": facts }))
    }
}

/// A path stays below the folder that it is put into.
fn check_path(path: &str) -> Result<(), String> {
    let plain = |part: &str| !["", ".", ".."].contains(&part) && !part.contains(['\0', '\\']);
    match path.split('/').all(plain) {
        true => Ok(()),
        false => Err(format!("`{path}` is not a relative path without empty, `.` or `..` parts")),
    }
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plugin refuses.
    #[error("plugin `{plugin}` refuses to plan the output")]
    Refused {
        /// The plugin.
        plugin: String,
        /// What it reports, errors among it.
        reports: Vec<Report>,
    },
    /// The plan cannot be carried out.
    #[error("plugin `{plugin}` made a plan that cannot be carried out: {reason}")]
    Plan {
        /// The plugin.
        plugin: String,
        /// Why not.
        reason: String,
    },
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A file of the store could not be read or written.
    #[error("cannot make the files beside the ISO: {0}")]
    Io(#[from] io::Error),
    /// What they hold could not be stored.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// The store.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}
