//! Signs the kernel modules of drivers with a key of the project, which comes into no artifact.

use isoplug_engine::{Artifact, Context, Key, Slots, Stage, Tree};
use isoplug_formats::tree::Kind;

use crate::module_signature::{self, Signer};
use crate::stages::drivers::OverlayFiles;
use crate::stored::{self, InPacks};

/// Inputs.
pub struct SignDrivers {
    /// What [`super::drivers`] made.
    pub overlay: Artifact<Tree>,
    /// The key, in PEM.
    pub key: String,
    /// Its certificate, in DER.
    pub certificate: Vec<u8>,
    /// The time of all files; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The same overlay with signed kernel modules.
    pub overlay: Artifact<Tree>,
}

impl Stage for SignDrivers {
    const NAME: &'static str = "sign-drivers";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        "sign drivers".to_owned()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("signed drivers") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { overlay, key: private, certificate, epoch } = self;
        key.artifact("overlay", *overlay);
        key.secret("signing-key", private);
        key.value("certificate", &isoplug_engine::Digest::of(certificate).hex());
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let signer = Signer::new(&self.key, &self.certificate)?;
        let overlay = stored::overlay(self.overlay, cx)?;
        let contents = InPacks::new(cx);
        let mut files = OverlayFiles::new(self.epoch, cx)?;
        for (path, entry) in &overlay.tree.entries {
            let name = String::from_utf8_lossy(path);
            match &entry.kind {
                Kind::File(content) if name.ends_with(".ko") => {
                    files.add(&name, entry.mode, &signer.sign(&contents.bytes(content)?)?)?;
                }
                Kind::File(content) => files.add(&name, entry.mode, &contents.bytes(content)?)?,
                Kind::Symlink(target) => files.link(&name, target),
                _ => {}
            }
        }
        Ok(files.finish(out.overlay)?)
    }
}

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key or its certificate.
    #[error(transparent)]
    Signature(#[from] module_signature::Error),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}
