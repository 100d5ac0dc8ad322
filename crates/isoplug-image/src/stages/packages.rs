//! Makes a layer of one install group, over the layer before it.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};

use crate::stages::layer::{self, Installed, Round, layer};
use isoplug_sandbox::dpkg::{Answer, show_answers};
use isoplug_sandbox::state::known;

/// Inputs.
pub struct Packages {
    /// The layer before.
    pub parent: Artifact<Tree>,
    /// The fetched packages of the group ([`super::fetch::read`]).
    pub debs: Artifact<Blob>,
    /// Which group of the lock it is; only for its title.
    pub index: usize,
    /// Answers to what its packages ask.
    pub answers: Vec<Answer>,
    /// Other architectures whose packages may be there, too, in Debian's words.
    pub foreign: Vec<String>,
    /// Whether a stage of its own compiles drivers, so that DKMS compiles none here.
    pub drivers_apart: bool,
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

impl Stage for Packages {
    const NAME: &'static str = "packages";
    const VERSION: u32 = 11;

    type Outputs = Outputs;
    type Error = layer::Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.index)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("layer") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { parent, debs, index: _, answers, foreign, drivers_apart, arch, epoch, round } =
            self;
        key.artifact("parent", *parent);
        key.artifact("debs", *debs);
        show_answers(answers, key);
        if !foreign.is_empty() {
            key.value("foreign", foreign);
        }
        if *drivers_apart {
            key.value("drivers-apart", drivers_apart);
        }
        key.value("arch", arch);
        key.value("epoch", epoch);
        key.value("round", round);
        key.value("state", &known().version());
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), layer::Error> {
        let Self { debs, answers, foreign, drivers_apart, .. } = self;
        let (debs, drivers_apart) = (*debs, *drivers_apart);
        let installed = Installed { debs, answers, foreign, drivers_apart };
        layer(Some(self.parent), installed, &self.arch, self.epoch, self.round, out.tree, cx)
    }
}
