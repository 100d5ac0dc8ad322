//! A running plugin, as the host sees it: what it holds, what it made, what it may still use.
//!
//! The interfaces of the contract are in the files below, one each.

mod blobs;
mod context;
mod contribution;
mod rootfs;

use std::sync::Arc;

use isoplug_engine::Digest;
use wasmtime::component::ResourceTable;
use wasmtime::{Error as Trap, Result};

use crate::contribution::Module;
use crate::conversation::Line;
use crate::grant::Allowed;
use crate::limit::{self, Growth};
use crate::question::{Answer, Question};
use crate::spool::Spool;
use crate::{Content, Level, LogLine, PluginDiagnostic};

#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub use blobs::Writer;

/// Bytes that a plugin holds a handle of.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub type Blob = Content;

/// A module that a plugin is adding to.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub struct ModuleInTheMaking(pub(crate) Module);

/// What a plugin was called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To say what it is.
    Describe,
    /// To contribute while the manifest is evaluated.
    Contribute,
    /// To add files with the packages in.
    Furnish,
    /// To plan a stage.
    Plan,
    /// To check an image.
    Check,
}

impl Verb {
    /// Returns its name, which is that of the function.
    pub fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Contribute => "contribute",
            Self::Furnish => "furnish",
            Self::Plan => "plan",
            Self::Check => "check",
        }
    }
}

/// A plugin that runs.
pub(crate) struct Guest {
    pub(crate) name: Arc<str>,
    pub(crate) verb: Verb,
    /// Its id, which random numbers depend on.
    pub(crate) id: String,
    pub(crate) options: String,
    pub(crate) allowed: Allowed,
    pub(crate) line: Line,
    pub(crate) growth: Growth,
    pub(crate) table: ResourceTable,
    pub(crate) spool: Spool,
    pub(crate) made: Made,
    /// How many random numbers WASI's functions have given.
    pub(crate) random: u64,
    /// What was written to standard output and error, and is no whole line yet.
    pub(crate) unfinished_line: Vec<u8>,
}

/// What a plugin made and asked.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) asked: Vec<(Question, Digest)>,
    pub(crate) diagnostics: Vec<PluginDiagnostic>,
    pub(crate) log: Vec<LogLine>,
    log_bytes: usize,
    secrets: Vec<(String, Vec<u8>)>,
    /// Whether it has read a secret, so that anything it made may hold it.
    pub(crate) revealed: bool,
    pub(crate) modules: usize,
    pub(crate) entries: usize,
    pub(crate) bytes: u64,
}

impl Made {
    /// Takes the secrets that the plugin was given out of a text.
    pub(crate) fn without_secrets(&self, mut text: String) -> String {
        for (name, secret) in &self.secrets {
            let secret = String::from_utf8_lossy(secret);
            let secret = secret.trim();
            if secret.len() >= 4 {
                text = text.replace(secret, &format!("[secret {name}]"));
            }
        }
        text
    }

    /// Counts one more thing that was made.
    pub(crate) fn count(&mut self, bytes: u64) -> Result<()> {
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.entries > limit::ENTRIES {
            return Err(Trap::msg(format!(
                "it contributes more than {} files and other entries, which is the limit",
                limit::ENTRIES
            )));
        }
        if self.bytes > limit::BYTES {
            return Err(Trap::msg("its files have more than 4 GiB, which is the limit"));
        }
        Ok(())
    }
}

impl Guest {
    /// Asks a question, and remembers it with a digest of the answer.
    pub(crate) fn ask(&mut self, question: Question) -> Result<Answer> {
        if self.made.asked.len() >= limit::ENTRIES {
            return Err(Trap::msg("it asks more than 100000 questions, which is the limit"));
        }
        let asked = question.clone();
        let answer = self.line.ask(move |outside| question.ask(outside))?;
        self.made.asked.push((asked, answer.digest()));
        if let Answer::Content(_, Ok(content)) = &answer
            && let Some(name) = content.secret_name()
        {
            let secret = content.to_vec().unwrap_or_default();
            self.made.secrets.push((name.to_owned(), secret));
        }
        Ok(answer)
    }

    /// Refuses calls that have no answer while the plugin describes itself.
    pub(crate) fn runs(&self) -> Result<(), String> {
        match self.verb {
            Verb::Describe => Err("nothing is known while a plugin describes itself".to_owned()),
            _ => Ok(()),
        }
    }

    /// Adds a line to the log; what goes beyond its limit is left out.
    pub(crate) fn log(&mut self, level: Level, text: String) {
        let before = self.made.log_bytes;
        self.made.log_bytes = before.saturating_add(text.len() + 1);
        let text = match (before > limit::LOG, self.made.log_bytes > limit::LOG) {
            (true, _) => return,
            (false, true) => "[the log ends here: it has reached its limit of 1 MiB]".to_owned(),
            (false, false) => self.made.without_secrets(text),
        };
        let line = LogLine { level, text };
        self.made.log.push(line.clone());
        let name = Arc::clone(&self.name);
        self.line.tell(move |outside| outside.around.log(&name, &line));
    }

    /// Returns random bytes that are the same in every build of the same manifest and lock.
    pub(crate) fn random(&mut self, label: &str, length: usize) -> Result<Vec<u8>> {
        let Answer::Seed(seed) = self.ask(Question::Seed)? else {
            return Err(Trap::msg("no seed"));
        };
        let mut hasher = blake3::Hasher::new_derive_key("isoplug 0.1 plugin seed");
        for part in [seed.as_bytes(), self.id.as_bytes(), label.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut bytes = vec![0; length];
        hasher.finalize_xof().fill(&mut bytes);
        Ok(bytes)
    }
}

/// Refuses a text that is too long to be meant.
pub(crate) fn short(what: &str, text: &str) -> Result<()> {
    if text.len() > limit::TEXT {
        return Err(Trap::msg(format!("{what} has more than 1 MiB, which is the limit")));
    }
    Ok(())
}
