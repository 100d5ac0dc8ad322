//! Holds stages to their versions: the same inputs give the same bytes, or the version was raised.

#![cfg(test)]

#[path = "golden/elsewhere.rs"]
mod elsewhere;
#[allow(dead_code, reason = "another test uses the rest")]
mod given;
#[path = "golden/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use elsewhere::ELSEWHERE;
use given::{Case, Contents, Given};
use isoplug_engine::{
    Artifact, ArtifactId, Blob, Digest, Graph, Options, Outputs, Stage, Store, Tree, run,
};
use isoplug_formats::squashfs::Codec;
use isoplug_formats::tree;
use isoplug_image::bootable::Bootable;
use isoplug_image::papers::about::About;
use isoplug_image::parts::files::{FileContent, NewFile};
use isoplug_image::stages::boot::Boot;
use isoplug_image::stages::initrd_inputs::InitrdInputs;
use isoplug_image::stages::installed_initrd::InstalledInitrd;
use isoplug_image::stages::installed_pool::InstalledPool;
use isoplug_image::stages::inventory::Collect;
use isoplug_image::stages::iso::Iso;
use isoplug_image::stages::kernel::{self, Kernel};
use isoplug_image::stages::loaders::Loaders;
use isoplug_image::stages::medium::Medium;
use isoplug_image::stages::papers::Papers;
use isoplug_image::stages::pool::Pool;
use isoplug_image::stages::rootfs::Rootfs;
use isoplug_image::stages::share::{Sets, Share, Sharing};
use isoplug_image::stages::sizes::Sizes;
use isoplug_image::stages::squashfs::{BlockFolder, Squashfs};
use isoplug_image::stages::verity::Verity;
use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

const EPOCH: u32 = 1_700_000_000;

/// Stages that take what a plugin answers.
const OF_PLUGINS: [&str; 2] = ["check", "output"];

/// A stage, and the artifacts that it made.
struct Made(String, u32, Vec<ArtifactId>);

fn of<S: Stage>(name: &str, artifacts: &[ArtifactId]) -> Made {
    Made(format!("{}{name}", S::NAME), S::VERSION, artifacts.to_vec())
}

fn medium(graph: &mut Graph) -> Vec<Made> {
    let made = Case::new().graph(graph);
    let boot = [made.boot.files.id(), made.boot.esp.id(), made.boot.identity.id()];
    vec![
        of::<Loaders>("", &[made.loaders.id()]),
        of::<Boot>("", &boot),
        of::<Iso>("", &[made.iso.id()]),
    ]
}

fn layer(graph: &mut Graph) -> Artifact<Tree> {
    let text = |bytes: &str| bytes.repeat(3000).into_bytes();
    graph
        .add(Contents(BTreeMap::from([
            ("boot/vmlinuz-6.12.0-amd64", text("kernel")),
            ("etc/passwd", b"root:x:0:0::/root:/bin/sh\n".to_vec()),
            ("usr/share/doc/acme/README", text("read me")),
            ("usr/share/doc/acme/copyright", text("free")),
            ("var/lib/dpkg/status", text("Package: acme\n\n")),
            ("var/log/dpkg.log", text("a line\n")),
        ])))
        .files
}

const CODECS: [(&str, Codec); 5] = [
    ("-zstd", Codec::Zstd { level: 15 }),
    ("-xz", Codec::Xz { level: 6, x86: true }),
    ("-gzip", Codec::Gzip { level: 9 }),
    ("-lz4", Codec::Lz4),
    ("-none", Codec::None),
];

fn of_layer(layer: Artifact<Tree>, blocks: &Path, graph: &mut Graph) -> Vec<Made> {
    let kernel = graph.add(Kernel { layer, version: None });
    let inputs = graph.add(InitrdInputs { overlays: Vec::new() }).overlay;
    let rootfs = graph.add(Rootfs { layer, overlays: Vec::new(), docs: false, epoch: EPOCH }).tree;
    let mut made = vec![
        of::<Kernel>("", &[kernel.vmlinuz.id(), kernel.version.id()]),
        of::<InitrdInputs>("", &[inputs.id()]),
        of::<Rootfs>("", &[rootfs.id()]),
        of::<Sizes>("", &[graph.add(Sizes { rootfs }).report.id()]),
    ];
    made.extend(of_systems([layer, rootfs], kernel, graph));
    for (name, codec) in CODECS {
        let blocks = BlockFolder { path: blocks.to_owned(), limit: 1 << 20 };
        let (block_size, exclude, part) = (131_072, Vec::new(), None);
        let squashfs =
            graph.add(Squashfs { rootfs, codec, block_size, exclude, epoch: EPOCH, blocks, part });
        made.push(of::<Squashfs>(name, &[squashfs.image.id()]));
        made.extend((codec == Codec::None).then(|| verity(squashfs.image, graph)));
    }
    made
}

fn verity(squashfs: Artifact<Blob>, graph: &mut Graph) -> Made {
    let verity = graph.add(Verity { squashfs, part: None });
    of::<Verity>("", &[verity.tree.id(), verity.root.id()])
}

/// Parts two systems, and puts an initrd into one.
fn of_systems(
    systems: [Artifact<Tree>; 2],
    kernel: kernel::Outputs,
    graph: &mut Graph,
) -> Vec<Made> {
    let system = |rootfs| Sharing { name: "a".to_owned(), rootfs, exclude: Vec::new() };
    let systems = systems.map(system).to_vec();
    let part = |members: &[usize]| {
        let (systems, members) = (systems.clone(), members.to_vec());
        Share { systems, members, name: "a part".to_owned() }
    };
    let parts = [part(&[0]), part(&[0, 1])].map(|part| graph.add(part).tree.id());
    let sets = graph.add(Sets { systems: systems.clone() }).sets.id();
    let (initrd, kernel) = (kernel.vmlinuz, kernel.version);
    let overlay = graph.add(InstalledInitrd { initrd, kernel, epoch: EPOCH }).overlay.id();
    vec![of::<Share>("", &parts), of::<Sets>("", &[sets]), of::<InstalledInitrd>("", &[overlay])]
}

fn package() -> LockedPackage {
    LockedPackage {
        name: PackageName::new("acme").unwrap(),
        version: Version::new("1.2-3").unwrap(),
        architecture: Arch::new("amd64").unwrap(),
        source: "debian".to_owned(),
        path: ArchivePath::new("pool/acme.deb").unwrap(),
        size: 7,
        sha256: Digest::of(b"acme").hex(),
    }
}

/// What the packages of a root filesystem say, and a file that is of none.
fn inventory(graph: &mut Graph) -> Artifact<Blob> {
    let status = "Package: acme\nStatus: install ok installed\nVersion: 1.2-3\nArchitecture: amd64\n\
        Source: acme-signed (1.2+3)\nBuilt-Using: acme (= 1.2-3)\nMaintainer: Ann <ann@example.org>\n";
    let copyright = "Format: 1.0\n\nFiles: *\nLicense: GPL-2+ or own\n\nLicense: own\n Free.\n";
    let text = |text: &str| text.as_bytes().to_vec();
    let rootfs = BTreeMap::from([
        ("etc/os-release", text("ID=debian\nVERSION_ID=\"13\"\nNAME=\"Debian GNU/Linux\"\n")),
        ("usr/share/doc/acme/copyright", text(copyright)),
        ("var/lib/dpkg/status", text(status)),
    ]);
    let rootfs = graph.add(Contents(rootfs)).files;
    let overlay = graph.add(Contents(BTreeMap::from([("etc/motd", text("hello"))]))).files;
    let overlays = vec![("files".to_owned(), "the manifest".to_owned(), overlay)];
    let (targets, beside, sha512) = (Vec::new(), Vec::new(), Vec::new());
    graph.add(Collect { rootfs, targets, beside, sha512, overlays }).inventory
}

fn about() -> About {
    let of = |text: &str| (text.to_owned(), Digest::of(text.as_bytes()).hex());
    About {
        name: "acme".to_owned(),
        version: "1".to_owned(),
        manifest: vec![of("isoplug.toml")],
        tool: ("0.1.0".to_owned(), String::new()),
        ..About::default()
    }
}

fn beside(graph: &mut Graph) -> Vec<Made> {
    let [target, user, group] = ["/docs/README", "root", "root"].map(str::to_owned);
    let from = FileContent::Bytes(b"read me".to_vec());
    let file = NewFile { target, from, mode: None, user, group };
    let medium = graph.add(Medium { files: vec![file], kernel: None }).files;
    let iso = graph.add(Given::new(b"an ISO")).blob;
    let inventory = inventory(graph);
    let papers = graph.add(papers(iso, inventory));
    let papers = papers.all().map(|(artifact, _)| artifact.id());
    vec![
        of::<Medium>("", &[medium.id()]),
        of::<Collect>("", &[inventory.id()]),
        of::<Papers>("", &papers),
    ]
    .into_iter()
    .chain(of_pool(graph))
    .collect()
}

/// The key is that of RFC 8410, section 10.3.
fn of_pool(graph: &mut Graph) -> [Made; 2] {
    let debs = graph.add(Case::new().debs()).blob;
    let key = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----";
    let (key, arch) = (key.to_owned(), "amd64".to_owned());
    let pool = graph.add(Pool { debs, key, arch, epoch: EPOCH });
    let installed = graph.add(InstalledPool { pool, epoch: EPOCH }).overlay;
    [
        of::<Pool>("", &[pool.dists.id(), pool.packages.id()]),
        of::<InstalledPool>("", &[installed.id()]),
    ]
}

fn papers(iso: Artifact<Blob>, inventory: Artifact<Blob>) -> Papers {
    Papers {
        iso,
        bootable: Bootable { vmlinuz: iso, initrd: iso, squashfs: iso },
        inventory,
        about: about(),
        file_name: "acme.iso".to_owned(),
        installed: vec![package()],
        systems: Vec::new(),
        boot: vec![package()],
        drivers: Vec::new(),
        offline: Vec::new(),
        plugins: Vec::new(),
        lock: "version = 1\n".to_owned(),
        epoch: EPOCH,
    }
}

fn digest(made: &Made, outputs: &Outputs) -> String {
    let digests: Vec<String> = made
        .2
        .iter()
        .map(|artifact| outputs.output(*artifact).unwrap().digest.to_string())
        .collect();
    blake3::hash(digests.join("\n").as_bytes()).to_hex().to_string()
}

#[test]
fn stages_that_make_other_bytes_have_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store")).unwrap();
    let mut graph = Graph::new();
    let mut all = medium(&mut graph);
    let layer = layer(&mut graph);
    all.extend(of_layer(layer, &folder.path().join("blocks"), &mut graph));
    all.extend(beside(&mut graph));
    let wanted: Vec<ArtifactId> = all.iter().flat_map(|made| made.2.clone()).collect();
    let outputs = run(&graph, &wanted, &store, &Options::default()).unwrap();
    let made: Vec<_> =
        all.iter().map(|made| (made.0.clone(), made.1, digest(made, &outputs))).collect();
    let file = "crates/isoplug-image/tests/golden/stages.txt";
    table::compare(include_str!("golden/stages.txt"), file, &made);
}

/// A stage that nobody holds to its version would be one more that an old store answers wrongly.
#[test]
fn every_stage_is_held_to_its_version_or_said_to_be_held_elsewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stages");
    let table = include_str!("golden/stages.txt");
    let listed = tree::sorted_names(&folder).unwrap();
    for path in listed.into_iter().map(|name| folder.join(name)) {
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let Some((_, rest)) = text.split_once("const NAME: &'static str = \"") else { continue };
        let name = rest.split('"').next().unwrap();
        let here = table.lines().any(|line| line.starts_with(name));
        let elsewhere = ELSEWHERE.iter().any(|(stage, _)| *stage == name);
        assert!(here || elsewhere || OF_PLUGINS.contains(&name), "{name} is held nowhere");
    }
}
