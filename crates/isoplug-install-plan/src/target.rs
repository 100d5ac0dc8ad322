//! Looks at a target of a plan, its layouts and their partitions.

use super::fault::{is_relative, moving, twice};
use super::{Encryption, Fault, Layout, Partitioning, Squashfs, Target, names_a_moving_disk};

impl Target {
    /// Returns what is wrong with it.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let at = format!("targets.{}", self.name);
        let mut faults = Vec::new();
        if self.squashfs.is_empty() {
            faults.push(Fault::new(format!("{at}.squashfs"), "it has no files"));
        }
        if self.layouts.is_empty() {
            faults.push(Fault::new(format!("{at}.layouts"), "it has no layout of a disk"));
        }
        faults.extend(self.squashfs.iter().filter_map(|each| each.fault(&at)));
        faults.extend(self.path_faults(&at));
        let parameters = self.kernel_parameters.iter().filter(|text| names_a_moving_disk(text));
        faults.extend(parameters.map(|text| moving(format!("{at}.kernel-parameters"), text)));
        faults.extend(twice(&at, self.layouts.iter().map(|layout| layout.name.as_str())));
        faults.extend(self.layouts.iter().flat_map(|each| each.faults(&at)));
        faults
    }

    fn path_faults(&self, at: &str) -> Vec<Fault> {
        let paths = self.squashfs.iter().map(|each| &each.path);
        let wrong = paths
            .chain([&self.kernel.image, &self.kernel.initrd])
            .filter(|path| !is_relative(path));
        let expected = "expected a path without a slash in front and without `..`, found";
        wrong.map(|path| Fault::new(at, &format!("{expected} `{path}`"))).collect()
    }
}

impl Squashfs {
    fn fault(&self, at: &str) -> Option<Fault> {
        let is_right = self.sha256.len() == 64
            && self
                .sha256
                .bytes()
                .all(|each| each.is_ascii_digit() || (b'a'..=b'f').contains(&each));
        let text = format!("expected 64 small hex digits, found `{}`", self.sha256);
        (!is_right).then(|| Fault::new(format!("{at}.squashfs.{}.sha256", self.path), &text))
    }
}

impl Layout {
    fn faults(&self, at: &str) -> Vec<Fault> {
        let at = format!("{at}.layouts.{}", self.name);
        let mut faults = Vec::new();
        if self.encryption == Encryption::Tpm2 {
            let text = "a key in the TPM needs systemd in the initrd, which initramfs-tools does not have; use `passphrase`";
            faults.push(Fault::new(format!("{at}.encryption"), text));
        }
        let plain = matches!(self.encryption, Encryption::None | Encryption::Ask);
        faults.extend(part_faults(&format!("{at}.plain"), self.plain.as_ref(), plain));
        let encrypted = self.encryption != Encryption::None;
        let at = format!("{at}.encrypted");
        faults.extend(part_faults(&at, self.encrypted.as_ref(), encrypted));
        let encrypts = |each: &Partitioning| each.partitions.iter().any(|each| each.luks.is_some());
        if self.encrypted.as_ref().is_some_and(|each| !encrypts(each)) {
            faults.push(Fault::new(at, "no partition of it is encrypted"));
        }
        faults
    }
}

fn part_faults(at: &str, partitioning: Option<&Partitioning>, needed: bool) -> Vec<Fault> {
    match partitioning {
        None if needed => vec![Fault::new(at, "its encryption asks for these partitions")],
        None => Vec::new(),
        Some(partitioning) => partitioning.faults(at),
    }
}

impl Partitioning {
    fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = self.definition_faults(&format!("{at}.definitions"));
        let at = format!("{at}.partitions");
        let unknown = self.partitions.iter().map(|each| &each.definition);
        let unknown = unknown.filter(|name| !self.definitions.contains_key(*name));
        faults.extend(
            unknown.map(|name| Fault::new(&*at, &format!("there is no definition `{name}`"))),
        );
        let mounts = self.partitions.iter().filter_map(|each| each.mount.as_deref());
        let mounts: Vec<&str> = mounts.collect();
        if !mounts.contains(&"/") {
            faults.push(Fault::new(&*at, "none is mounted at `/`"));
        }
        let is_right =
            |mount: &str| mount == "/" || mount.strip_prefix('/').is_some_and(is_relative);
        let wrong = mounts.iter().filter(|mount| !is_right(mount));
        let expected = "expected an absolute path, found";
        faults.extend(wrong.map(|mount| Fault::new(&*at, &format!("{expected} `{mount}`"))));
        faults.extend(twice(&at, mounts.iter().copied()));
        faults
    }

    fn definition_faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (name, text) in &self.definitions {
            if !name.ends_with(".conf") || name.contains('/') {
                faults.push(Fault::new(at, &format!("expected `NAME.conf`, found `{name}`")));
            }
            let moves = text.lines().filter(|line| names_a_moving_disk(line));
            faults.extend(moves.map(|line| moving(format!("{at}.{name}"), line)));
        }
        faults
    }
}
