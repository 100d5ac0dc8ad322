//! Puts an initrd where an installed system looks for it, so that none is made on the machine that gets it.
//!
//! Knows no disk: the initrd finds any.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};

use crate::stored;

/// Inputs.
pub struct InstalledInitrd {
    /// The initrd.
    pub initrd: Artifact<Blob>,
    /// The version of its kernel, as text.
    pub kernel: Artifact<Blob>,
    /// The time of the file, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The initrd at its place ([`stored::overlay`]).
    pub overlay: Artifact<Tree>,
}

impl Stage for InstalledInitrd {
    const NAME: &'static str = "installed-initrd";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("overlay") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { initrd, kernel, epoch } = self;
        key.artifact("initrd", *initrd);
        key.artifact("kernel", *kernel);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let path = format!("boot/initrd.img-{}", stored::text(self.kernel, cx)?);
        let initrd = cx.path(self.initrd)?;
        let bytes = std::fs::read(&initrd).map_err(stored::Error::read(&initrd))?;
        stored::files::overlay(out.overlay, &[(path, 0o644, bytes)], self.epoch, cx)
    }
}
