//! An output that is no ISO: what one more file in `outputs/` would hold, on the same live system.

#![cfg(test)]

use std::collections::BTreeMap;
use std::io::Write;

use isoplug_engine::{
    Artifact, Blob, Context, Digest, Error, Graph, Key, Options, Slots, Stage, Store, Tree, run,
};
use isoplug_formats::tree;
use isoplug_image::bootable::Bootable;
use isoplug_image::outputs::Live;

/// A script by which iPXE boots the files of a live system from a server, each by its digest.
struct Script(Bootable);

#[derive(Clone, Copy)]
struct Outputs {
    script: Artifact<Blob>,
}

impl Stage for Script {
    const NAME: &'static str = "script";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { script: slots.slot("boot.ipxe") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self(bootable) = self;
        bootable.key(key);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let Bootable { vmlinuz, initrd, squashfs } = self.0;
        let [kernel, initrd, root] = [vmlinuz, initrd, squashfs].map(|blob| cx.digest(blob));
        let (kernel, initrd, root) = (kernel?.hex(), initrd?.hex(), root?.hex());
        let blob = cx.create()?;
        let text = format!("#!ipxe\nkernel {kernel} fetch={root}\ninitrd {initrd}\nboot\n");
        blob.file().write_all(text.as_bytes()).unwrap();
        cx.finish(out.script, cx.put(blob, None)?, &[])
    }
}

/// Wires it, as `outputs/iso.rs` wires the ISO.
fn add(live: Live, graph: &mut Graph) -> Artifact<Blob> {
    let Live { rootfs: _, bootable, boot_debs: _ } = live;
    graph.add(Script(bootable)).script
}

/// Gives bytes as a blob, and an empty tree.
struct Given(&'static str);

#[derive(Clone, Copy)]
struct GivenOutputs {
    blob: Artifact<Blob>,
    tree: Artifact<Tree>,
}

impl Stage for Given {
    const NAME: &'static str = "given";
    const VERSION: u32 = 1;

    type Outputs = GivenOutputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("given {}", self.0)
    }

    fn outputs(slots: &Slots) -> GivenOutputs {
        GivenOutputs { blob: slots.slot("blob"), tree: slots.slot("tree") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self(text) = self;
        key.value("text", text);
    }

    fn run(&self, out: &GivenOutputs, cx: &Context) -> Result<(), Error> {
        let put = |bytes: &[u8]| {
            let blob = cx.create()?;
            blob.file().write_all(bytes).unwrap();
            cx.put(blob, None)
        };
        cx.finish(out.blob, put(self.0.as_bytes())?, &[])?;
        cx.finish(out.tree, put(&tree::Tree::default().to_bytes())?, &[])
    }
}

#[test]
fn a_second_output_needs_nothing_of_the_iso() {
    let mut graph = Graph::new();
    let given: BTreeMap<&str, GivenOutputs> =
        ["kernel", "initrd", "squashfs", "debs"].map(|name| (name, graph.add(Given(name)))).into();
    let [vmlinuz, initrd, squashfs, boot_debs] =
        ["kernel", "initrd", "squashfs", "debs"].map(|name| given[name].blob);
    let rootfs = given["squashfs"].tree;
    let live = Live { rootfs, bootable: Bootable { vmlinuz, initrd, squashfs }, boot_debs };
    let script = add(live, &mut graph);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let made = run(&graph, &[script.into()], &store, &Options::default()).unwrap();
    let text = std::fs::read_to_string(made.path(script).unwrap()).unwrap();
    let [kernel, initrd, root] =
        ["kernel", "initrd", "squashfs"].map(|text| Digest::of(text.as_bytes()).hex());
    let expected = format!("#!ipxe\nkernel {kernel} fetch={root}\ninitrd {initrd}\nboot\n");
    assert_eq!(text, expected);
}
