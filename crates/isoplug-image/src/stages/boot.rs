//! Makes what leads from the loaders to the kernel: the menu, the ESP and the image's identity.
//!
//! The identity is a hash of all that the image boots. GRUB finds the medium by a file named after
//! it, and live-boot compares `/conf/uuid.conf` in the initrd with `/.disk/live-uuid*` on the medium
//! (live-boot 20250815, `matches_uuid` in 9990-misc-helpers.sh); so of many media in a machine each
//! boots itself. Knows nothing of what the initrd does else.

use std::collections::BTreeMap;
use std::io;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::{cpio, fat};

use crate::bootable::{Bootable, Offered, Part};
use crate::grub::{self, OnMedium, Shown, paths};
use crate::stored;
use crate::stored::files::{NewFiles, stored_files};

/// Inputs.
pub struct Boot {
    /// What [`super::loaders`] took out of the packages.
    pub loaders: Artifact<Tree>,
    /// What it boots.
    pub bootable: Offered,
    /// The user's files on the medium, if there are any.
    pub contents: Option<Artifact<Tree>>,
    /// The menu.
    pub shown: Shown,
    /// The certificate to be enrolled where Secure Boot is on, in DER; `shown` offers it.
    pub enrol: Option<Vec<u8>>,
    /// The medium's label.
    pub volume_id: String,
    /// What `/.disk/info` says the medium is, in one line.
    pub description: String,
    /// What `/.isoplug/image.json` says the image is.
    pub card: String,
    /// The one time of all files, in seconds since 1970.
    pub epoch: u64,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The files for the medium.
    pub files: Artifact<Tree>,
    /// The ESP as a FAT image; empty unless the loaders boot under UEFI.
    pub esp: Artifact<Blob>,
    /// The identity: 32 hexadecimal digits.
    pub identity: Artifact<Blob>,
}

impl Stage for Boot {
    const NAME: &'static str = "boot";
    const VERSION: u32 = 4;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs {
            files: slots.slot("boot files"),
            esp: slots.slot("esp.img"),
            identity: slots.slot("identity"),
        }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { loaders, bootable, contents, shown, enrol, volume_id, description, card, epoch } =
            self;
        key.artifact("loaders", *loaders);
        bootable.key(key);
        if let Some(contents) = contents {
            key.artifact("contents", *contents);
        }
        key.value("shown", shown);
        if let Some(hash) = &shown.look.hashed_password {
            key.secret("hashed-password", hash.as_bytes());
        }
        if let Some(certificate) = enrol {
            key.value("enrol", &Digest::of(certificate).hex());
        }
        key.value("volume-id", volume_id);
        key.value("description", description);
        key.value("card", card);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let identity = self.identity(cx)?;
        self.write_files(&identity, out.files, cx)?;
        self.write_esp(&identity, out.esp, cx)?;
        let identity = stored::put(identity.as_bytes(), cx)?;
        Ok(cx.finish(out.identity, identity, &[])?)
    }
}

/// Why there is no way to boot.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ESP could not be written.
    #[error("could not make the ESP")]
    Esp(#[from] fat::Error),
    /// The second initrd could not be written.
    #[error("could not write {}", paths::IDENTITY_INITRD)]
    Identity(#[source] io::Error),
    /// A file could not be stored or read.
    #[error(transparent)]
    Files(#[from] stored::Error),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
}

const ON_CORRUPTION: &str = "dm-verity-oncorruption=panic";

/// How many hexadecimal digits the identity has.
const IDENTITY_DIGITS: usize = 32;

impl Boot {
    fn identity(&self, cx: &Context) -> Result<String, Error> {
        let mut parts = vec![
            cx.digest(self.loaders)?,
            cx.digest(self.bootable.first.vmlinuz)?,
            cx.digest(self.bootable.first.initrd)?,
            cx.digest(self.bootable.first.squashfs)?,
        ];
        for kernel in &self.bootable.others {
            parts.extend([cx.digest(kernel.vmlinuz)?, cx.digest(kernel.initrd)?]);
        }
        let pool = self.bootable.pool.map(|pool| pool.dists);
        for files in [self.contents, pool].into_iter().flatten() {
            parts.push(cx.digest(files)?);
        }
        for part in self.parts(cx)? {
            parts.push(cx.digest(part.squashfs)?);
        }
        parts.push(Digest::of(self.volume_id.as_bytes()));
        parts.push(Digest::of(grub::menu(&self.shown, OnMedium::default()).as_bytes()));
        let parts: String = parts.iter().map(Digest::hex).collect();
        Ok(Digest::of(parts.as_bytes()).hex()[..IDENTITY_DIGITS].to_owned())
    }

    fn write_files(&self, identity: &str, out: Artifact<Tree>, cx: &Context) -> Result<(), Error> {
        let loaders = stored_files(self.loaders, cx)?;
        let memory_test = [paths::MEMORY_TEST_BIOS, paths::MEMORY_TEST_UEFI]
            .map(|path| format!("iso/{path}"))
            .iter()
            .any(|path| loaders.iter().any(|file| file.path == *path));
        let (bytes, params) = (self.bytes(cx)?, &self.verity_params(cx)?[..]);
        let menu = grub::menu(&self.shown, OnMedium { identity, memory_test, bytes, params });
        let mut files = NewFiles::new(cx)?;
        files.add(paths::INFO, format!("{}\n", self.description).as_bytes())?;
        files.add(paths::CARD, self.card.as_bytes())?;
        files.add(".disk/live-uuid-isoplug", format!("{identity}\n").as_bytes())?;
        files.add(&grub::identity_file(identity), &b""[..])?;
        files.add(paths::MENU, menu.as_bytes())?;
        files.add(paths::LOOPBACK, grub::loopback().as_bytes())?;
        files.add(paths::IDENTITY_INITRD, &*self.identity_initrd(identity)?)?;
        if let Some(certificate) = &self.enrol {
            files.add(paths::CERTIFICATE, &certificate[..])?;
        }
        self.add_order(&mut files, cx)?;
        Ok(files.finish(out)?)
    }

    /// Returns the parts beside the live system's own, if it is parted.
    fn parts(&self, cx: &Context) -> Result<Vec<&Part>, Error> {
        let parts = self.bootable.parts.as_ref();
        Ok(parts.map_or(Ok(Vec::new()), |parts| parts.there(cx))?)
    }

    /// Adds the names of the live system's parts, the lowest first, if it is parted.
    fn add_order(&self, files: &mut NewFiles, cx: &Context) -> Result<(), Error> {
        if self.bootable.parts.is_none() {
            return Ok(());
        }
        let of_live = self.parts(cx)?.into_iter().filter(|part| part.members.contains(&0));
        let mut paths: Vec<&str> = of_live.map(|part| &*part.path).collect();
        paths.sort_unstable();
        paths.push(paths::LIVE_PART);
        let names: Vec<&str> = paths.iter().map(|path| path.trim_start_matches("live/")).collect();
        Ok(files.add(paths::PARTS, format!("{}\n", names.join(" ")).as_bytes())?)
    }

    /// Returns by which root hashes live-boot checks what it mounts (live-boot 20250815, 9990-overlay.sh), and that the
    /// kernel stops at the first block that is another.
    fn verity_params(&self, cx: &Context) -> Result<Vec<String>, Error> {
        let mut roots = Vec::new();
        for verified in self.bootable.verified(cx)? {
            let (name, root) = (verified.path.rsplit('/').next(), verified.made.root);
            roots.push(format!("{}:{}", name.unwrap_or_default(), stored::text(root, cx)?));
        }
        let params = || [format!("dm-verity-root-hash={}", roots.join(",")), ON_CORRUPTION.into()];
        Ok(if roots.is_empty() { Vec::new() } else { params().to_vec() })
    }

    /// Returns how many bytes it boots.
    fn bytes(&self, cx: &Context) -> Result<u64, Error> {
        let Bootable { vmlinuz, initrd, squashfs } = self.bootable.first;
        let length = |blob| {
            let path = cx.path(blob)?;
            let found = path.metadata().map_err(stored::Error::read(&path))?;
            Ok::<_, Error>(found.len())
        };
        let parts = self.parts(cx)?;
        let parts = parts.iter().map(|part| part.squashfs);
        [vmlinuz, initrd, squashfs].into_iter().chain(parts).map(length).sum()
    }

    fn identity_initrd(&self, identity: &str) -> Result<Vec<u8>, Error> {
        let epoch =
            u32::try_from(self.epoch).map_err(|error| Error::Identity(io::Error::other(error)))?;
        let mut archive = cpio::Writer::new(Vec::new(), epoch);
        archive.folder("conf", 0o755).map_err(Error::Identity)?;
        let text = format!("{identity}\n");
        archive.file("conf/uuid.conf", 0o644, text.as_bytes()).map_err(Error::Identity)?;
        archive.finish().map_err(Error::Identity)
    }

    fn write_esp(&self, identity: &str, out: Artifact<Blob>, cx: &Context) -> Result<(), Error> {
        let mut content = BTreeMap::new();
        for file in stored_files(self.loaders, cx)? {
            if let Some(path) = file.path.strip_prefix("esp/") {
                content.insert(path.to_owned(), file.read()?);
            }
        }
        let blob = cx.create()?;
        if !content.is_empty() {
            // Firmware reads no ISO 9660, so MokManager looks for it here.
            let certificate = self.enrol.iter().cloned();
            content.extend(certificate.map(|bytes| (paths::CERTIFICATE.to_owned(), bytes)));
            content.insert(paths::MENU.to_owned(), grub::stub(identity).into_bytes());
            let serial = u32::from_str_radix(&identity[..8], 16).unwrap_or_default();
            let label = "ISOPLUG".to_owned();
            let volume = fat::Volume { label, epoch: self.epoch, serial, files: content };
            fat::write(blob.file(), &volume)?;
        }
        let digest = cx.put(blob, None)?;
        Ok(cx.finish(out, digest, &[])?)
    }
}
