//! Writes what lies beside the files of source packages: their list, their checksums, a text that explains them.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};

use crate::papers::sources::SourceList;
use crate::stored;

/// Inputs.
#[derive(Debug, Clone)]
pub struct SourcePapers {
    /// The source packages.
    pub list: SourceList,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The list: `sources.json`.
    pub list: Artifact<Blob>,
    /// What `sha256sum --check` reads: `SHA256SUMS`.
    pub sums: Artifact<Blob>,
    /// The text: `README.txt`.
    pub readme: Artifact<Blob>,
}

impl Outputs {
    /// Returns each of them with its name.
    #[must_use]
    pub fn all(&self) -> [(Artifact<Blob>, &'static str); 3] {
        let Self { list, sums, readme } = *self;
        [(list, "sources.json"), (sums, "SHA256SUMS"), (readme, "README.txt")]
    }
}

impl Stage for SourcePapers {
    const NAME: &'static str = "source-list";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs {
            list: slots.slot("sources.json"),
            sums: slots.slot("sums"),
            readme: slots.slot("readme"),
        }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { list } = self;
        key.value("list", &list.to_json());
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let Self { list } = self;
        let texts = [list.to_json(), list.sums(), list.readme()];
        for ((artifact, _), text) in out.all().into_iter().zip(texts) {
            stored::write(artifact, text.as_bytes(), &[], cx)?;
        }
        Ok(())
    }
}
