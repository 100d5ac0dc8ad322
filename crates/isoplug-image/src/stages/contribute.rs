//! Lets one contributor add to the rootfs, as an overlay over it.
//!
//! Reads only the list of the rootfs and the few files that the contributor asks for, so a changed
//! option costs milliseconds. Knows no contributor.

use std::sync::Arc;

use isoplug_engine::{Artifact, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_manifest::By;

use crate::contribute::builder::{Built, OverlayBuilder};
use crate::contribute::{ContributeError, Contributor};
use crate::stored::{self, InPacks};

/// Inputs.
#[derive(Clone)]
pub struct Contribute {
    /// The rootfs that the packages made.
    pub layer: Artifact<Tree>,
    /// What the contributors before this one added, in order.
    pub earlier: Vec<Earlier>,
    /// Who contributes.
    pub contributor: Arc<dyn Contributor>,
    /// The time of all entries, in seconds since 1970.
    pub epoch: u32,
}

/// What a contributor added.
#[derive(Clone)]
pub struct Earlier {
    /// Its title.
    pub title: String,
    /// Who it was.
    pub by: By,
    /// Its overlay.
    pub overlay: Artifact<Tree>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What it added ([`stored::overlay`]).
    pub overlay: Artifact<Tree>,
}

impl Stage for Contribute {
    const NAME: &'static str = "contribute";
    const VERSION: u32 = 2;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        self.contributor.title()
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { overlay: slots.slot("overlay") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, earlier, contributor, epoch } = self;
        key.artifact("layer", *layer);
        for Earlier { title, by, overlay } in earlier {
            key.artifact(title, *overlay);
            key.value("by", by);
        }
        key.value("epoch", epoch);
        key.value("contributor", &contributor.by());
        key.value("version", &contributor.version());
        contributor.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let layer = stored::tree(self.layer, cx)?;
        let (contents, log) = (InPacks::new(cx), |line: &str| cx.log(line));
        let pack = cx.create().map_err(stored::Error::from)?;
        let unwritten = || stored::Error::write(pack.path());
        let file = pack.file().try_clone().map_err(unwritten())?;
        let by = self.contributor.by();
        let rootfs = OverlayBuilder::new(by.clone(), self.epoch, layer, &contents, file, &log);
        let mut rootfs = rootfs.map_err(unwritten())?;
        for Earlier { title: _, by, overlay } in &self.earlier {
            rootfs.after(by, &stored::overlay(*overlay, cx)?);
        }
        let failed = |error| Error::Contribute { by, error };
        self.contributor.contribute(&mut rootfs).map_err(failed)?;
        let Built { overlay, pack: id, told } = rootfs.finish().map_err(unwritten())?;
        told.iter().for_each(|line| cx.tell(line));
        let put = |id| cx.put(pack, Some(Digest::from_bytes(id))).map_err(stored::Error::from);
        let refers = id.map(put).transpose()?;
        Ok(stored::write(out.overlay, &overlay.to_bytes(), refers.as_slice(), cx)?)
    }
}

/// Why an overlay could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The contributor could not do its part.
    #[error("{error}")]
    Contribute {
        /// Who.
        by: By,
        /// Why not.
        error: ContributeError,
    },
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::contribute::overlay::Overlay;
    use crate::contribute::{Attrs, Rootfs};
    use isoplug_engine::{Graph, Options, Store, run};
    use isoplug_formats::tree::pack::PackWriter;
    use isoplug_formats::tree::{self, Entry, Kind};

    /// Makes a rootfs of one file.
    struct Layer(&'static str);

    impl Stage for Layer {
        const NAME: &'static str = "layer";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Tree>;
        type Error = isoplug_engine::Error;

        fn outputs(slots: &Slots) -> Artifact<Tree> {
            slots.slot("tree")
        }

        fn key(&self, key: &mut dyn Key) {
            key.value("text", self.0);
        }

        fn run(&self, out: &Artifact<Tree>, cx: &Context) -> Result<(), isoplug_engine::Error> {
            let blob = cx.create()?;
            let mut pack = PackWriter::new(blob.file().try_clone().unwrap());
            let pending = pack.append(self.0.as_bytes()).unwrap();
            let (_, _, finished) = pack.finish().unwrap();
            let content = finished.content(pending);
            let pack = cx.put(blob, Some(Digest::from_bytes(content.pack)))?;
            let mut tree = tree::Tree::default();
            tree.insert(*b"etc/word", Entry::new(Kind::File(content), 0o644, 7));
            let blob = cx.create()?;
            blob.file().write_all(&tree.to_bytes()).unwrap();
            cx.finish(*out, cx.put(blob, None)?, &[pack])
        }
    }

    /// Doubles the word.
    struct Double(&'static str);

    impl Contributor for Double {
        fn by(&self) -> By {
            By::Part(self.0)
        }

        fn version(&self) -> u32 {
            1
        }

        fn key(&self, _: &mut dyn Key) {}

        fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
            let word = rootfs.read("/etc/word")?.unwrap_or_default();
            rootfs.file("/etc/word", &word.repeat(2), Attrs::mode(0o644).replacing())
        }
    }

    #[test]
    fn each_contributor_reads_what_the_one_before_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut graph = Graph::new();
        let layer = graph.add(Layer("ab"));
        let mut earlier: Vec<Earlier> = Vec::new();
        for name in ["once", "twice"] {
            let contributor = Arc::new(Double(name));
            let stage = Contribute { layer, earlier: earlier.clone(), contributor, epoch: 9 };
            let (title, by) = (name.to_owned(), By::Part(name));
            earlier.push(Earlier { title, by, overlay: graph.add(stage).overlay });
        }
        let outputs = run(&graph, &[earlier[1].overlay.id()], &store, &Options::default()).unwrap();
        let overlay = fs::read(outputs.path(earlier[1].overlay).unwrap()).unwrap();
        let overlay = Overlay::from_bytes(&overlay).unwrap();
        let Kind::File(content) = overlay.tree.get("etc/word").unwrap().kind else { panic!() };
        let bytes = fs::read(store.blob_path(&Digest::from_bytes(content.pack))).unwrap();
        assert_eq!(bytes, b"abababab");
    }
}
