//! Small made-up packages, kernels and files, and the graph that makes a medium of them.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use isoplug_engine::{
    Artifact, Blob, Context, Digest, Error, Graph, Key, Options, Slots, Stage, Store, Tree, run,
};
use isoplug_formats::deb::ar;
use isoplug_formats::iso::{Hadris, Image, IsoWriter, Source};
use isoplug_image::bootable::{Bootable, Offered, Verified};
use isoplug_image::grub::{Look, Machine, Menu, Serial, Shown};
use isoplug_image::stages::boot::{self, Boot};
use isoplug_image::stages::iso::{Finish, Iso};
use isoplug_image::stages::loaders::{self, Loaders};
use isoplug_image::stages::verity::Verity;
use isoplug_image::stored::files::NewFiles;
use isoplug_manifest::distribution::debian::DEBIAN;
use isoplug_manifest::lock::LockedPackage;
use isoplug_manifest::options;
use isoplug_manifest::package::{Arch, ArchivePath, PackageName, Version};

const EPOCH: u64 = 1_700_000_000;

/// What differs between the tests' media.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) packages: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) contents: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) squashfs: Vec<u8>,
    pub(crate) bios: bool,
    pub(crate) secure_boot: bool,
    pub(crate) enrol: Option<Vec<u8>>,
    pub(crate) max_size: Option<u64>,
    pub(crate) verity: bool,
}

/// What the stages of a medium make.
pub(crate) struct Stages {
    pub(crate) loaders: Artifact<Tree>,
    pub(crate) boot: boot::Outputs,
    pub(crate) iso: Artifact<Blob>,
}

impl Case {
    pub(crate) fn new() -> Self {
        let readme = ("README.txt", b"read me".to_vec());
        let contents = BTreeMap::from([readme, ("big", vec![1; 3 << 20])]);
        let (packages, squashfs) = (packages(), vec![5; 100_000]);
        let (bios, secure_boot, enrol, max_size) = (true, true, None, None);
        let verity = false;
        Self { packages, contents, squashfs, bios, secure_boot, enrol, max_size, verity }
    }

    /// Returns the path of the ISO, or all causes of the failure in one line.
    pub(crate) fn build(&self, folder: &Path) -> Result<PathBuf, String> {
        let mut graph = Graph::new();
        let iso = self.graph(&mut graph).iso;
        let store = Store::open(folder.join("store")).unwrap();
        let outputs = run(&graph, &[iso.into()], &store, &Options::default());
        let outputs = outputs.map_err(|error| causes(&error))?;
        Ok(outputs.path(iso).unwrap())
    }

    pub(crate) fn graph(&self, graph: &mut Graph) -> Stages {
        let debs = graph.add(self.debs()).blob;
        let bootable = self.bootable(graph);
        let contents = Some(graph.add(Contents(self.contents.clone())).files);
        let Self { bios, secure_boot, max_size, .. } = *self;
        let boot = options::Boot { bios, uefi: true, secure_boot, ..options::Boot::default() };
        let files = loaders::choice(&DEBIAN, "amd64", &boot).unwrap();
        let loaders = graph.add(Loaders { debs, files }).files;
        let (shown, enrol) = (shown(self.enrol.is_some()), self.enrol.clone());
        let [volume_id, description, card] = ["ACME", "ACME 1", "{}\n"].map(str::to_owned);
        let epoch = EPOCH;
        let (offered, label) = (bootable.clone(), volume_id.clone());
        let made =
            Boot { loaders, bootable, contents, shown, enrol, volume_id, description, card, epoch };
        let made = graph.add(made);
        let boot::Outputs { files: boot, esp, identity } = made;
        let (bootable, volume_id) = (offered, label);
        let finish = Finish { max_size, media_check: false };
        let iso =
            Iso { bootable, loaders, boot, esp, identity, contents, volume_id, epoch, finish };
        Stages { loaders, boot: made, iso: graph.add(iso).iso }
    }

    fn bootable(&self, graph: &mut Graph) -> Offered {
        let mut blob = |bytes: &[u8]| graph.add(Given::new(bytes)).blob;
        let [vmlinuz, initrd, squashfs] =
            [&b"kernel"[..], b"initrd", &self.squashfs].map(&mut blob);
        let path = "live/filesystem.squashfs".to_owned();
        let verified = self.verity.then(|| {
            let made = graph.add(Verity { squashfs, part: None });
            Verified { path, members: None, made }
        });
        let verified = verified.into_iter().collect();
        Offered { verified, ..Bootable { vmlinuz, initrd, squashfs }.into() }
    }

    pub(crate) fn debs(&self) -> Given {
        let package = |(name, deb): (&&str, &Vec<u8>)| LockedPackage {
            name: PackageName::new(name).unwrap(),
            version: Version::new("1").unwrap(),
            architecture: Arch::new("amd64").unwrap(),
            source: "debian".to_owned(),
            path: ArchivePath::new("pool/a.deb").unwrap(),
            size: deb.len() as u64,
            sha256: Digest::of(deb).hex(),
        };
        let list: Vec<LockedPackage> = self.packages.iter().map(package).collect();
        let refers = self.packages.values().cloned().collect();
        Given { bytes: serde_json::to_vec(&list).unwrap(), refers }
    }
}

fn shown(enrol: bool) -> Shown {
    let (menu, look, kernels) = (menu(), Look::default(), Vec::new());
    Shown { menu, look, machine: Machine::Pc, enrol, kernels }
}

fn menu() -> Menu {
    Menu {
        label: "ACME".to_owned(),
        kernel_params: vec!["quiet".to_owned()],
        timeout: 5,
        text_mode: false,
        safe_graphics: true,
        copy_to_ram: true,
        local_disk: false,
        entries: Vec::new(),
        default: None,
        serial: Some(Serial { port: 0, speed: 115_200 }),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn packages() -> BTreeMap<&'static str, Vec<u8>> {
    let rescue = rescue_image();
    let signed = "usr/lib/grub/x86_64-efi-signed";
    let grub = deb(&[
        (&format!("{signed}/grubx64.efi.signed"), b"not this"),
        (&format!("{signed}/gcdx64.efi.signed"), b"signed GRUB"),
    ]);
    BTreeMap::from([
        ("grub-pc-bin", deb(&[("usr/lib/grub/i386-pc/boot_hybrid.img", &[0x90; 512])])),
        ("grub-rescue-pc", deb(&[("usr/lib/grub-rescue/grub-rescue-cdrom.iso", &rescue)])),
        ("grub-efi-amd64-signed", grub),
        ("shim-signed", deb(&[("usr/lib/shim/shimx64.efi.signed", b"signed shim")])),
        ("shim-helpers-amd64-signed", deb(&[("usr/lib/shim/mmx64.efi.signed", b"keys")])),
    ])
}

fn rescue_image() -> Vec<u8> {
    let eltorito = (0..30_000u32).map(|at| at as u8).collect();
    let files = [
        ("boot/grub/i386-pc/eltorito.img", eltorito),
        ("boot/grub/i386-pc/normal.mod", b"a module".to_vec()),
        ("boot/grub/fonts/unicode.pf2", b"a font".to_vec()),
        ("boot/grub/grub.cfg", b"the menu of the rescue image".to_vec()),
    ];
    let files = files.map(|(path, bytes)| (path.to_owned(), Source::Bytes(bytes).into())).into();
    let volume_id = "RESCUE".to_owned();
    let image = Image { volume_id, epoch: EPOCH, identity: 0, files, bios: None, esp: None };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rescue.iso");
    let file = std::fs::File::create_new(&path).unwrap();
    Hadris.write(&file, &image, &mut |_| Ok(())).unwrap();
    std::fs::read(path).unwrap()
}

/// Returns a package with these files.
pub(crate) fn deb(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut archive = ar::Writer::new(&mut bytes).unwrap();
    archive.member("debian-binary", b"2.0\n").unwrap();
    archive.member("control.tar", &tar(&[("control", b"Package: x\n")])).unwrap();
    archive.member("data.tar", &tar(files)).unwrap();
    archive.finish().unwrap();
    bytes.into_inner()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("./{path}"), *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// Gives bytes as a blob, with those that it refers to.
pub(crate) struct Given {
    bytes: Vec<u8>,
    refers: Vec<Vec<u8>>,
}

impl Given {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), refers: Vec::new() }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct GivenOutputs {
    pub(crate) blob: Artifact<Blob>,
}

impl Stage for Given {
    const NAME: &'static str = "given";
    const VERSION: u32 = 1;

    type Outputs = GivenOutputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("given {}", &Digest::of(&self.bytes).hex()[..12])
    }

    fn outputs(slots: &Slots) -> GivenOutputs {
        GivenOutputs { blob: slots.slot("blob") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { bytes, refers } = self;
        key.value("bytes", &Digest::of(bytes));
        key.value("refers", &refers.iter().map(|bytes| Digest::of(bytes)).collect::<Vec<_>>());
    }

    fn run(&self, out: &GivenOutputs, cx: &Context) -> Result<(), Error> {
        let put = |bytes: &[u8]| {
            let blob = cx.create()?;
            blob.file().write_all(bytes).unwrap();
            cx.put(blob, None)
        };
        let refers = self.refers.iter().map(|bytes| put(bytes)).collect::<Result<Vec<_>, _>>()?;
        cx.finish(out.blob, put(&self.bytes)?, &refers)
    }
}

/// Gives files as a tree.
pub(crate) struct Contents(pub(crate) BTreeMap<&'static str, Vec<u8>>);

#[derive(Clone, Copy)]
pub(crate) struct ContentsOutputs {
    pub(crate) files: Artifact<Tree>,
}

impl Stage for Contents {
    const NAME: &'static str = "contents";
    const VERSION: u32 = 1;

    type Outputs = ContentsOutputs;
    type Error = isoplug_image::stored::Error;

    fn outputs(slots: &Slots) -> ContentsOutputs {
        ContentsOutputs { files: slots.slot("files") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self(files) = self;
        key.value("files", files);
    }

    fn run(&self, out: &ContentsOutputs, cx: &Context) -> Result<(), Self::Error> {
        let mut files = NewFiles::new(cx)?;
        for (path, bytes) in &self.0 {
            files.add(path, &**bytes)?;
        }
        files.finish(out.files)
    }
}
