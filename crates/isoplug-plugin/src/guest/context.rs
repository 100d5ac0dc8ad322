//! The interface `context`.

use isoplug_engine::Digest;
use isoplug_manifest::plugin::Segment as OptionSegment;
use wasmtime::component::Resource;
use wasmtime::{Error as Trap, Result};

use super::{Blob, Guest, Verb, short};
use crate::contract::isoplug::plugin::context::{Host, InputEntry, Level};
use crate::contract::isoplug::plugin::types::{self, AccessError, Diagnostic, Segment, Severity};
use crate::question::{Answer, Question, sorted};
use crate::surroundings::is_inside;
use crate::{PluginDiagnostic, PluginSeverity, Unseen, limit};

/// The most random bytes of one call.
const SEED: u32 = 4096;

impl types::Host for Guest {}

impl Host for Guest {
    fn log(&mut self, level: Level, message: String) -> Result<()> {
        let level = match level {
            Level::Debug => crate::Level::Debug,
            Level::Info => crate::Level::Note,
            Level::Warning => crate::Level::Warning,
        };
        Guest::log(self, level, message);
        Ok(())
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Result<()> {
        if self.verb == Verb::Describe {
            return Err(Trap::msg("`report` while the plugin describes itself"));
        }
        if self.made.diagnostics.len() >= limit::DIAGNOSTICS {
            return Err(Trap::msg("it reports more than 1000 diagnostics, which is the limit"));
        }
        let diagnostic = self.diagnostic(diagnostic)?;
        self.made.diagnostics.push(diagnostic);
        Ok(())
    }

    fn options(&mut self) -> Result<String> {
        self.runs().map_err(Trap::msg)?;
        Ok(self.options.clone())
    }

    fn fact(&mut self, path: String) -> Result<Result<Option<String>, AccessError>> {
        if let Err(reason) = self.runs() {
            return Ok(Err(AccessError::Failed(reason)));
        }
        short("the path of a fact", &path)?;
        match self.ask(Question::Fact(path))? {
            Answer::Fact(fact) => Ok(Ok(fact.map(|fact| sorted(fact).to_string()))),
            _ => Ok(Err(AccessError::NotFound)),
        }
    }

    fn seed(&mut self, label: String, length: u32) -> Result<Vec<u8>> {
        self.runs().map_err(Trap::msg)?;
        short("the label of a seed", &label)?;
        if length > SEED {
            return Err(Trap::msg(format!("a seed of {length} bytes; {SEED} is the limit")));
        }
        self.random(&label, length as usize)
    }

    fn list_input(&mut self, name: String) -> Result<Result<Vec<InputEntry>, AccessError>> {
        let place = match self.input(&name) {
            Ok(place) => place,
            Err(denied) => return Ok(Err(denied)),
        };
        match self.ask(Question::List(place))? {
            Answer::List(Ok(entries)) => Ok(Ok(entries.into_iter().map(entry).collect())),
            Answer::List(Err(unseen)) => Ok(Err(unseen.into())),
            _ => Ok(Err(AccessError::NotFound)),
        }
    }

    fn open_input(
        &mut self,
        name: String,
        path: String,
    ) -> Result<Result<Resource<Blob>, AccessError>> {
        let place = match self.input(&name) {
            Ok(place) => place,
            Err(denied) => return Ok(Err(denied)),
        };
        if !is_inside(&path) {
            let reason =
                format!("{path:?}: a path inside an input is relative, without `.` and `..`");
            return Ok(Err(AccessError::Failed(reason)));
        }
        self.blob(Question::Input(place, path))
    }

    fn fetch(
        &mut self,
        url: String,
        sha256: String,
    ) -> Result<Result<Resource<Blob>, AccessError>> {
        if let Err(reason) = self.runs() {
            return Ok(Err(AccessError::Failed(reason)));
        }
        if let Err(denied) = self.allowed.fetch(&url) {
            return Ok(Err(AccessError::Denied(denied)));
        }
        let hex = sha256.strip_prefix("sha256:").unwrap_or(&sha256);
        match Digest::from_hex(hex) {
            Ok(digest) => self.blob(Question::Fetch(url, digest)),
            Err(error) => Ok(Err(AccessError::Failed(error.to_string()))),
        }
    }

    fn secret(&mut self, name: String) -> Result<Result<Resource<Blob>, AccessError>> {
        if let Err(reason) = self.runs() {
            return Ok(Err(AccessError::Failed(reason)));
        }
        let question = match self.allowed.secret(&name) {
            Ok(grant) => Question::secret(&name, grant),
            Err(denied) => return Ok(Err(AccessError::Denied(denied))),
        };
        self.blob(question)
    }
}

impl Guest {
    /// Asks for content, and gives the plugin a handle of it.
    pub(crate) fn blob(
        &mut self,
        question: Question,
    ) -> Result<Result<Resource<Blob>, AccessError>> {
        match self.ask(question)? {
            Answer::Content(_, Ok(content)) => self.hold(content).map(Ok),
            Answer::Content(_, Err(unseen)) => Ok(Err(unseen.into())),
            _ => Ok(Err(AccessError::NotFound)),
        }
    }

    fn input(&self, name: &str) -> Result<String, AccessError> {
        self.runs().map_err(AccessError::Failed)?;
        self.allowed.input(name).map(str::to_owned).map_err(AccessError::Denied)
    }

    /// Takes a diagnostic without secrets.
    fn diagnostic(&self, diagnostic: Diagnostic) -> Result<PluginDiagnostic> {
        let Diagnostic { severity, code, message, at, help } = diagnostic;
        for text in [&code, &message, help.as_ref().unwrap_or(&code)] {
            short("a diagnostic", text)?;
        }
        let made = &self.made;
        Ok(PluginDiagnostic {
            severity: match severity {
                Severity::Error => PluginSeverity::Error,
                Severity::Warning => PluginSeverity::Warning,
                Severity::Note => PluginSeverity::Note,
            },
            code: made.without_secrets(code),
            message: made.without_secrets(message),
            at: at.into_iter().map(segment).collect(),
            help: help.map(|help| made.without_secrets(help)),
        })
    }
}

fn segment(segment: Segment) -> OptionSegment {
    match segment {
        Segment::Key(key) => OptionSegment::Key(key),
        Segment::Index(index) => OptionSegment::Index(index as usize),
    }
}

fn entry(entry: crate::InputEntry) -> InputEntry {
    let crate::InputEntry { path, is_folder, executable, size } = entry;
    InputEntry { path, is_folder, executable, size }
}

impl From<Unseen> for AccessError {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::NotFound => Self::NotFound,
            Unseen::Failed(reason) => Self::Failed(reason),
        }
    }
}
