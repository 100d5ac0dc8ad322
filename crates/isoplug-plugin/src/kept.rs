//! Results of plugins, each kept with the questions that it asked and digests of their answers: it
//! holds again while all of them are answered alike, and then nothing is started.
//!
//! A result that may hold a secret in the clear is not kept.

pub(crate) mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use isoplug_engine::{Digest, mark_used};
use serde::{Deserialize, Serialize};

use crate::compiled::{private_folder, write};
use crate::conversation::Outside;
use crate::question::{Answer, Question};
use crate::{Content, Contribution, Error};
use record::complete;

/// How many results of one plugin with one set of options are kept: enough for going back and
/// forth between a few states of what it reads.
const KEPT: usize = 4;

/// Keeps results in a folder.
pub(crate) struct Results {
    folder: PathBuf,
}

/// A result and what it depends on.
#[derive(Serialize, Deserialize)]
struct Trace {
    asked: Vec<(Question, Digest)>,
    result: Kept,
}

/// What a call gave: a text for plans, and all else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) text: String,
    pub(crate) contribution: Contribution,
}

impl Results {
    /// Keeps results in a folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, Error> {
        private_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Returns a kept result whose questions are answered as before.
    pub(crate) fn find(&self, key: Digest, outside: &Outside<'_>) -> Option<Kept> {
        let found = self.traces(key).into_iter().find_map(|Trace { asked, mut result }| {
            let secrets = holds(&asked, outside)?;
            complete(&mut result.contribution, &secrets).then_some(result)
        })?;
        mark_used(&self.path(key));
        Some(found)
    }

    /// Keeps a result.
    pub(crate) fn keep(
        &self,
        key: Digest,
        asked: Vec<(Question, Digest)>,
        result: Kept,
    ) -> Result<(), Error> {
        let mut traces = self.traces(key);
        traces.retain(|trace| trace.asked != asked);
        traces.insert(0, Trace { asked, result });
        traces.truncate(KEPT);
        // A result always is JSON; an empty file would merely be no result.
        let json = serde_json::to_vec(&traces).unwrap_or_default();
        let mut bytes = Digest::of(&json).to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend(json);
        write(&self.path(key), &bytes)
    }

    fn traces(&self, key: Digest) -> Vec<Trace> {
        let read = || {
            let bytes = fs::read(self.path(key)).ok()?;
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let written: Digest = str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
            let json = &bytes[end + 1..];
            (Digest::of(json) == written).then(|| serde_json::from_slice(json).ok())?
        };
        read().unwrap_or_default()
    }

    fn path(&self, key: Digest) -> PathBuf {
        self.folder.join(format!("{}.json", key.hex()))
    }
}

/// Asks all questions again; returns the secrets among the answers if all are as before.
fn holds(asked: &[(Question, Digest)], outside: &Outside<'_>) -> Option<BTreeMap<String, Content>> {
    let mut secrets = BTreeMap::new();
    for (question, digest) in asked {
        let answer = question.ask(outside);
        if answer.digest() != *digest {
            return None;
        }
        if let Answer::Content(_, Ok(content)) = answer
            && let Some(name) = content.secret_name()
        {
            secrets.insert(name.to_owned(), content.clone());
        }
    }
    Some(secrets)
}
