//! Takes out of the last layer what must not be in an image and lays the overlays of contributors
//! over it.
//!
//! Only lists are read and written; the contents stay in the packs that they are in.

use std::collections::BTreeSet;

use isoplug_engine::{Artifact, Context, Digest, Key, Slots, Stage, Tree};

use crate::stored;
use isoplug_sandbox::finalise::{finalise, remove_documentation};

/// Inputs.
pub struct Rootfs {
    /// The last layer.
    pub layer: Artifact<Tree>,
    /// What contributors added, the later over the earlier.
    pub overlays: Vec<Artifact<Tree>>,
    /// Whether the manual pages and documentation of packages stay.
    pub docs: bool,
    /// Times after this become this; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// What becomes `/` of the running system.
    pub tree: Artifact<Tree>,
}

impl Stage for Rootfs {
    const NAME: &'static str = "rootfs";
    const VERSION: u32 = 4;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("rootfs") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { layer, overlays, docs, epoch } = self;
        key.artifact("layer", *layer);
        for overlay in overlays {
            key.artifact("overlay", *overlay);
        }
        key.value("docs", docs);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let mut tree = stored::tree(self.layer, cx)?;
        let mut packs: BTreeSet<Digest> = stored::refers(self.layer, cx)?.into_iter().collect();
        // What packages left; what somebody lays over it is meant to be there.
        if !self.docs {
            remove_documentation(&mut tree);
        }
        let mut tree = finalise(tree, self.epoch.into());
        for overlay in &self.overlays {
            stored::overlay(*overlay, cx)?.apply(&mut tree);
            packs.extend(stored::refers(*overlay, cx)?);
        }
        stored::write_tree(out.tree, &tree, packs, cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use isoplug_engine::{Graph, Options, Store, run};
    use isoplug_formats::tree::pack::{Contents, PackWriter, Packs};
    use isoplug_formats::tree::{Entry, Kind};

    use std::fs;
    use std::io::Write;

    use isoplug_formats::tree;

    use super::*;
    use crate::parts::files::{FileContent, Files, NewFile};
    use crate::stages::contribute::Contribute;

    /// What packages left: a file at each path.
    struct Layer(&'static [(&'static str, &'static str)]);

    impl Stage for Layer {
        const NAME: &'static str = "layer";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Tree>;
        type Error = isoplug_engine::Error;

        fn outputs(slots: &Slots) -> Artifact<Tree> {
            slots.slot("tree")
        }

        fn key(&self, key: &mut dyn Key) {
            key.value("files", &self.0.len());
        }

        fn run(&self, out: &Artifact<Tree>, cx: &Context) -> Result<(), isoplug_engine::Error> {
            let blob = cx.create()?;
            let mut pack = PackWriter::new(blob.file().try_clone().unwrap());
            let pending: Vec<_> =
                self.0.iter().map(|file| pack.append(file.1.as_bytes()).unwrap()).collect();
            let (_, id, finished) = pack.finish().unwrap();
            let mut tree = tree::Tree::default();
            for ((path, _), pending) in self.0.iter().zip(pending) {
                let kind = Kind::File(finished.content(pending));
                tree.insert(path.as_bytes(), Entry::new(kind, 0o644, 7));
            }
            let pack = cx.put(blob, Some(Digest::from_bytes(id)))?;
            let blob = cx.create()?;
            blob.file().write_all(&tree.to_bytes()).unwrap();
            cx.finish(*out, cx.put(blob, None)?, &[pack])
        }
    }

    /// Paths of all kinds that finalising empties or removes.
    const CLEANED: [&str; 14] = [
        "etc/machine-id",
        "etc/passwd-",
        "etc/ssh/ssh_host_rsa_key",
        "run/x",
        "tmp/x",
        "usr/share/doc/acme/README",
        "usr/share/man/man1/acme.1",
        "var/backups/x",
        "var/cache/apt/archives/x.deb",
        "var/cache/debconf/x-old",
        "var/lib/apt/lists/x",
        "var/log/acme/readme.txt",
        "var/log/x.log",
        "var/tmp/x",
    ];

    fn given(path: &str) -> NewFile {
        NewFile {
            target: format!("/{path}"),
            from: FileContent::Bytes(b"mine".to_vec()),
            mode: Some(0o640),
            user: "root".into(),
            group: "root".into(),
        }
    }

    const LEFT: [(&str, &str); 4] = [
        ("etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
        ("etc/group", "root:x:0:\n"),
        ("var/log/dpkg.log", "left"),
        ("var/lib/apt/lists/left", "left"),
    ];

    #[test]
    fn what_packages_left_goes_and_what_the_user_gives_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut graph = Graph::new();
        let layer = graph.add(Layer(&LEFT));
        let mut overlays = Vec::new();
        for files in Files::split(CLEANED.map(given).to_vec(), &Default::default()) {
            let contributor = Arc::new(files);
            let contribute = Contribute { layer, earlier: Vec::new(), contributor, epoch: 9 };
            overlays.push(graph.add(contribute).overlay);
        }
        let rootfs = graph.add(Rootfs { layer, overlays, docs: false, epoch: 9 }).tree;
        let outputs = run(&graph, &[rootfs.id()], &store, &Options::default()).unwrap();
        let tree = fs::read(outputs.path(rootfs).unwrap()).unwrap();
        let tree = tree::Tree::from_bytes(&tree).unwrap();
        for path in CLEANED {
            assert_eq!(content_and_mode(&tree, path, &store), (b"mine".to_vec(), 0o640), "{path}");
        }
        for path in ["var/log/dpkg.log", "var/lib/apt/lists/left"] {
            assert!(tree.get(path).is_none(), "{path}");
        }
    }

    fn content_and_mode(tree: &tree::Tree, path: &str, store: &Store) -> (Vec<u8>, u16) {
        let packs =
            Packs::open(tree, |id| fs::File::open(store.blob_path(&Digest::from_bytes(*id))));
        let entry = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
        let Kind::File(content) = entry.kind else { panic!("{path}") };
        (packs.unwrap().read(&content).unwrap(), entry.mode)
    }
}
