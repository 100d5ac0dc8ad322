//! One call of a plugin with nothing that is kept, and what it asked: what a plugin is tried with.

use isoplug_engine::Digest;

use crate::conversation::Outside;
use crate::guest::Verb;
use crate::kept::Kept;
use crate::question::Question;
use crate::run::{Call, Made};
use crate::{Contribution, Error, Plugin, Rootfs, Runtime, Surroundings};

/// A call to try.
pub struct Trial<'a> {
    /// Who is called.
    pub plugin: &'a Plugin,
    /// What for.
    pub verb: Verb,
    /// The stage to plan and its settled inputs as JSON; heeded by [`Verb::Plan`] alone.
    pub stage: Option<(String, String)>,
    /// Who answers.
    pub around: &'a dyn Surroundings,
    /// The root filesystem, if the plugin may see one.
    pub rootfs: Option<&'a dyn Rootfs>,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The plan as JSON; empty of other calls.
    pub plan: String,
    /// What the plugin returned and said.
    pub contribution: Contribution,
    /// What it asked, each with the digest of the answer.
    pub asked: Vec<(Question, Digest)>,
}

impl Runtime {
    /// Runs a plugin once, whatever was kept of it, and keeps nothing.
    ///
    /// # Errors
    ///
    /// When the plugin traps, reaches a limit, asks for what is not granted, or answers what cannot be.
    pub fn attempt(&self, trial: Trial<'_>) -> Result<Tried, Error> {
        let Trial { plugin, verb, stage, around, rootfs } = trial;
        let given = match verb {
            Verb::Plan => stage.map_or_else(<[String; 2]>::default, Into::into).to_vec(),
            _ => Vec::new(),
        };
        let call = Call::new(plugin, verb, given)?;
        let Made { kept, asked, revealed: _ } = self.run(&call, &Outside { around, rootfs })?;
        let Kept { text, contribution } = kept;
        Ok(Tried { plan: text, contribution, asked })
    }
}
