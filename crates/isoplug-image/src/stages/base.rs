//! Makes the first layer: the Essential set, installed.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};

use crate::stages::layer::{self, Installed, Round, layer};
use isoplug_sandbox::dpkg::{Answer, show_answers};
use isoplug_sandbox::state::known;

/// Inputs.
pub struct Base {
    /// The fetched Essential packages ([`super::fetch::read`]) and all that they depend on.
    pub debs: Artifact<Blob>,
    /// Answers to what its packages ask.
    pub answers: Vec<Answer>,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// Times after this become this; seconds since 1970.
    pub epoch: u32,
    /// Which time it is made.
    pub round: Round,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The layer: all that is there after it.
    pub tree: Artifact<Tree>,
}

impl Stage for Base {
    const NAME: &'static str = "base";
    const VERSION: u32 = 7;

    type Outputs = Outputs;
    type Error = layer::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("base") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { debs, answers, arch, epoch, round } = self;
        key.artifact("debs", *debs);
        show_answers(answers, key);
        key.value("arch", arch);
        key.value("epoch", epoch);
        key.value("round", round);
        key.value("state", &known().version());
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), layer::Error> {
        let (debs, answers) = (self.debs, &self.answers);
        let installed = Installed { debs, answers, foreign: &[], drivers_apart: false };
        layer(None, installed, &self.arch, self.epoch, self.round, out.tree, cx)
    }
}
