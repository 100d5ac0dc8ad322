//! Configures single wired interfaces, and those that are made of others: files of systemd-networkd or connections
//! of NetworkManager. What holds for all interfaces is the part `network`'s.

mod first;
mod manager;
mod networkd;

use std::collections::BTreeMap;
use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{Interface, Networking, NetworkingBackend, Which};

use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs, Trial, words};

/// The interfaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    interfaces: BTreeMap<String, Interface>,
    /// To ask beside those of the interface.
    nameservers: Vec<String>,
    backend: NetworkingBackend,
}

/// Takes what is its own of the network's options; nothing if there is none.
#[must_use]
pub(super) fn of(networking: &Networking) -> Option<Arc<dyn Contributor>> {
    let Networking { interfaces, nameservers, backend, .. } = networking.clone();
    let part = Part { interfaces, nameservers, backend };
    (!part.interfaces.is_empty()).then(|| Arc::new(part) as _)
}

/// A file to write.
struct File {
    path: String,
    text: String,
    mode: u16,
}

impl Part {
    fn files(&self) -> Vec<File> {
        let each = self.interfaces.iter();
        let mut files: Vec<File> = match self.backend {
            NetworkingBackend::Networkmanager => {
                each.map(|(name, one)| manager::file(self, name, one)).collect()
            }
            _ => each.flat_map(|(name, one)| networkd::files(self, name, one)).collect(),
        };
        if self.looks_for_first() {
            files.extend(first::files(&networkd::first(self)));
        }
        files
    }

    /// NetworkManager takes the first interface by itself.
    fn looks_for_first(&self) -> bool {
        let mut all = self.interfaces.iter();
        self.backend == NetworkingBackend::Networkd
            && all.any(|(name, one)| one.which(name) == Which::First)
    }

    /// Returns the interface that this one is a port of, and whether that is a bond.
    fn controller(&self, name: &str) -> Option<(&str, bool)> {
        let is_its =
            |(_, user): &(&String, &Interface)| user.ports().iter().any(|port| port == name);
        let (controller, interface) = self.interfaces.iter().find(is_its)?;
        Some((controller, interface.bond.is_some()))
    }

    /// Returns the networks on the cable of an interface.
    fn vlans<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let on_it = move |(_, one): &(&String, &Interface)| {
            one.vlan.as_ref().is_some_and(|vlan| vlan.interface == name)
        };
        self.interfaces.iter().filter(on_it).map(|(name, _)| name.as_str())
    }
}

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("wired")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        self.files().into_iter().map(|file| file.path).collect()
    }

    fn trial(&self) -> Option<Trial> {
        (self.backend == NetworkingBackend::Networkmanager).then(manager::trial)
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { interfaces, nameservers, backend } = self;
        key.value("interfaces", interfaces);
        key.value("nameservers", nameservers);
        key.value("backend", backend);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        for File { path, text, mode } in self.files() {
            rootfs.file(&path, text.as_bytes(), Attrs::mode(mode))?;
        }
        if self.looks_for_first() { services::enable(rootfs, first::UNIT) } else { Ok(()) }
    }
}

/// Returns the name of a table as a part of a file's name: another one for each.
fn plain(name: &str) -> String {
    let plain = |byte: u8| match byte {
        b'-' | b'.' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    name.bytes().map(plain).collect()
}

#[cfg(test)]
mod tests;
