//! Records: what a stage made of which inputs, by key.
//!
//! A record is useful after its blobs were removed: its digests still make the keys of later stages.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{RECORDS, Store, file};
use crate::{Digest, Error, StageKey};

/// What a stage made, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Finds it.
    pub key: StageKey,
    /// The stage's name.
    pub stage: String,
    /// The stage's version.
    pub version: u32,
    /// The stage's title in its graph.
    pub title: String,
    /// The inputs that made the key.
    pub walk: Vec<Row>,
    /// What it made, by name.
    pub outputs: BTreeMap<String, Output>,
    /// What it told whoever built; see [`crate::Event::Told`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// How long it took, in milliseconds.
    pub wall_ms: u64,
    /// CPU time, in milliseconds; see [`crate::Event::Finished`].
    pub cpu_ms: Option<u64>,
    /// Bytes of all outputs with what they refer to.
    pub bytes: u64,
}

/// An artifact in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The blob.
    pub digest: Digest,
    /// The blobs without which it is of no use, sorted.
    pub refers: Vec<Digest>,
}

impl Output {
    /// The blob and all it refers to.
    pub fn blobs(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.digest).chain(&self.refers)
    }
}

/// One input of a stage, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What the stage calls it.
    pub label: String,
    /// What it is.
    pub value: RowValue,
}

/// What an input is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowValue {
    /// A value, as JSON with sorted fields.
    Value(String),
    /// A secret, by a digest made with the store's salt.
    Secret(Digest),
    /// An artifact of another stage.
    Input {
        /// The title of the stage that makes it.
        from: String,
        /// Its name there.
        artifact: String,
        /// Its digest, unless it is not made yet.
        digest: Option<Digest>,
    },
}

impl Record {
    /// Every blob of every output.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Digest> {
        self.outputs.values().flat_map(Output::blobs)
    }
}

impl Store {
    /// The record of this key; a damaged one counts as none, so the stage runs again.
    pub fn record(&self, key: &StageKey) -> Option<Record> {
        let bytes = fs::read(self.record_path(key)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|record: &Record| record.key == *key)
    }

    /// All readable records with the time since their last use, newest first.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read.
    pub fn records(&self) -> Result<Vec<(Duration, Record)>, Error> {
        let mut records = Vec::new();
        for (path, metadata) in file::walk(&self.folder(RECORDS))? {
            let record = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            records.extend(record.map(|record: Record| (file::age(&metadata), record)));
        }
        records.sort_by_key(|(age, record)| (*age, record.key));
        Ok(records)
    }

    /// Writes a record, in place of an older one.
    pub(crate) fn put_record(&self, record: &Record) -> Result<(), Error> {
        let path = self.record_path(&record.key);
        let json = serde_json::to_vec(record)
            .map_err(std::io::Error::from)
            .map_err(Error::io("write", &path))?;
        file::write_whole(&self.workspace()?.new_path("record"), &path, &json)
    }

    /// Says that a record was used now.
    pub(crate) fn touch_record(&self, key: &StageKey) {
        file::touch(&self.record_path(key));
    }

    pub(super) fn record_path(&self, key: &StageKey) -> PathBuf {
        self.folder(RECORDS).join(format!("{key}.json"))
    }
}
