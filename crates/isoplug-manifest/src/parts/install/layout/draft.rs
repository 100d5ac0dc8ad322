//! Partitions in the making: definitions as repart.d(5) has them, and what becomes of each.

use std::collections::BTreeMap;

use isoplug_install_plan::{Partition, Partitioning};

use super::{MIB, plain};
use crate::format::byte_size;

/// What LUKS2 keeps before what it encrypts.
const LUKS: u64 = 16 * MIB;
/// Both partition tables, and the space up to the first partition.
const TABLES: u64 = 2 * MIB;

/// Partitions in the making.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) encrypted: bool,
    definitions: BTreeMap<String, String>,
    pub(super) partitions: Vec<Partition>,
    least: u64,
}

impl Draft {
    /// Begins, encrypted or not.
    pub(super) fn new(encrypted: bool) -> Self {
        Self { encrypted, ..Self::default() }
    }

    /// Adds a partition of one size, which is never encrypted.
    pub(super) fn boot(
        &mut self,
        name: &str,
        kind: &str,
        size: u64,
        used: Option<(&str, &str, &str)>,
    ) {
        let format = used.map_or("", |(format, ..)| format);
        self.define(name, kind, format, (size, Some(size), 0), false);
        if let Some((format, mount, options)) = used {
            let (definition, mount) = (name.to_owned(), Some(mount.to_owned()));
            let (format, options) = (format.to_owned(), options.to_owned());
            self.partitions.push(Partition { definition, mount, format, options, luks: None });
        }
    }

    /// Adds a partition for a folder.
    pub(super) fn volume(
        &mut self,
        name: &str,
        (kind, format): (&str, &str),
        (min, weight): (&str, u32),
        mount: &str,
    ) {
        let least = byte_size(min).unwrap_or_default();
        let most = (weight == 0).then_some(least);
        self.define(name, kind, format, (least, most, weight), self.encrypted);
        let luks = if mount == "/" { "root".to_owned() } else { plain(mount) };
        self.mounted(name, format, mount, &luks);
    }

    pub(super) fn mounted(&mut self, definition: &str, format: &str, mount: &str, luks: &str) {
        let luks = self.encrypted.then(|| luks.to_owned());
        let (definition, mount) = (definition.to_owned(), Some(mount.to_owned()));
        let (format, options) = (format.to_owned(), String::new());
        self.partitions.push(Partition { definition, mount, format, options, luks });
    }

    /// Sets how the last is mounted.
    pub(super) fn options(&mut self, options: &str) {
        if let Some(last) = self.partitions.last_mut() {
            options.clone_into(&mut last.options);
        }
    }

    pub(super) fn add(&mut self, name: &str, text: &str) {
        if let Some(definition) = self.definitions.get_mut(name) {
            definition.push_str(text);
        }
    }

    /// Writes a definition as repart.d(5) has it; an encrypted one has the passphrase as its key.
    pub(super) fn define(
        &mut self,
        name: &str,
        kind: &str,
        format: &str,
        (least, most, weight): (u64, Option<u64>, u32),
        encrypt: bool,
    ) {
        let label = name.split_once('-').map_or(name, |(_, rest)| rest.trim_end_matches(".conf"));
        let mut text = format!("[Partition]\nType={kind}\nLabel=isoplug-{label}\n");
        if !format.is_empty() {
            text += &format!("Format={format}\n");
        }
        let least = least + if encrypt { LUKS } else { 0 };
        text += &format!("SizeMinBytes={least}\n");
        match most {
            Some(most) => text += &format!("SizeMaxBytes={}\n", most.max(least)),
            None => text += &format!("Weight={}\n", weight * 1000),
        }
        text += if encrypt { "Encrypt=key-file\n" } else { "" };
        self.least += least.next_multiple_of(MIB);
        self.definitions.insert(name.to_owned(), text);
    }

    pub(super) fn finish(self) -> Partitioning {
        let Self { encrypted: _, definitions, partitions, least } = self;
        Partitioning { min_size: least + TABLES, definitions, partitions }
    }
}
