//! Names the system and sets up what configures its network interfaces.

mod backend;

use isoplug_engine::Key;
use isoplug_manifest::By;
use serde::Serialize;

use super::{Attrs, ContributeError, Contributor, Host};

/// Host name and network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// The host name, which may hold its domain.
    pub hostname: String,
    /// What configures network interfaces.
    pub backend: Backend,
    /// Whether wired interfaces that `interfaces` does not name ask for an address by DHCP.
    pub dhcp: bool,
    /// Interfaces with settings of their own.
    pub interfaces: Vec<Interface>,
    /// Name servers to ask beside those that DHCP names.
    pub nameservers: Vec<String>,
}

/// What configures network interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Backend {
    /// Nothing of ours.
    None,
    /// systemd-networkd and systemd-resolved.
    Networkd,
    /// NetworkManager.
    NetworkManager,
}

/// A network interface with settings of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Its name, in which `*` stands for any text: `enp1s0`, `en*`.
    pub name: String,
    /// Whether it asks for an address by DHCP.
    pub dhcp: bool,
    /// Its addresses with the length of their prefix: `192.168.1.100/24`.
    pub addresses: Vec<String>,
    /// The router of each address family.
    pub gateways: Vec<String>,
}

impl Contributor for Network {
    fn by(&self) -> By {
        By::Part("network")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        let names = ["/etc/hostname", "/etc/hosts"].map(str::to_owned);
        names.into_iter().chain(backend::places(self)).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("network", self);
    }

    fn contribute(&self, host: &mut dyn Host) -> Result<(), ContributeError> {
        self.check()?;
        host.file("/etc/hostname", format!("{}\n", self.hostname).as_bytes(), Attrs::mode(0o644))?;
        host.file("/etc/hosts", self.hosts().as_bytes(), Attrs::mode(0o644))?;
        match self.backend {
            Backend::None => Ok(()),
            Backend::Networkd => backend::networkd(self, host),
            Backend::NetworkManager => backend::network_manager(self, host),
        }
    }
}

impl Network {
    /// Refuses texts that would break the files they are written to.
    fn check(&self) -> Result<(), ContributeError> {
        let interfaces = self.interfaces.iter();
        let texts =
            interfaces.flat_map(|i| [&i.name].into_iter().chain(&i.addresses).chain(&i.gateways));
        let texts = texts.chain(&self.nameservers).chain([&self.hostname]);
        let broken = |text: &&String| {
            text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == ';')
        };
        match { texts }.find(broken) {
            None => Ok(()),
            Some(text) => {
                let reason = format!("`{text}` is no name or address");
                Err(ContributeError::refused("networking", reason))
            }
        }
    }

    /// Returns the text of `/etc/hosts`, which names the system as Debian's installer does.
    fn hosts(&self) -> String {
        let name = &self.hostname[..];
        let short = name.split('.').next().unwrap_or(name);
        let own = match name {
            "localhost" => String::new(),
            _ if name == short => format!("127.0.1.1\t{name}\n"),
            _ => format!("127.0.1.1\t{name} {short}\n"),
        };
        format!(
            "127.0.0.1\tlocalhost\n{own}\n::1\t\tlocalhost ip6-localhost ip6-loopback\n\
             ff02::1\t\tip6-allnodes\nff02::2\t\tip6-allrouters\n"
        )
    }
}

#[cfg(test)]
mod tests;
