//! Names the system and sets up what configures its network interfaces.

mod backend;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{Networking, NetworkingBackend};

use super::{Attrs, ContributeError, Contributor, Rootfs};

/// Sets host name and network up.
#[derive(Debug, Clone, PartialEq)]
pub struct Part(pub Networking);

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("network")
    }

    fn version(&self) -> u32 {
        2
    }

    fn places(&self) -> Vec<String> {
        let names = ["/etc/hostname", "/etc/hosts"].map(str::to_owned);
        names.into_iter().chain(backend::places(&self.0)).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("network", &self.0);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        check(&self.0)?;
        rootfs.file(
            "/etc/hostname",
            format!("{}\n", self.0.hostname).as_bytes(),
            Attrs::mode(0o644),
        )?;
        rootfs.file("/etc/hosts", hosts(&self.0.hostname).as_bytes(), Attrs::mode(0o644))?;
        match self.0.backend {
            NetworkingBackend::None => Ok(()),
            NetworkingBackend::Networkd => backend::networkd(&self.0, rootfs),
            NetworkingBackend::Networkmanager => backend::network_manager(&self.0, rootfs),
        }
    }
}

/// Refuses texts that would break the files they are written to.
fn check(networking: &Networking) -> Result<(), ContributeError> {
    let Networking { hostname, nameservers, .. } = networking;
    let texts = nameservers.iter().chain([hostname]);
    let broken =
        |text: &&String| text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == ';');
    match { texts }.find(broken) {
        None => Ok(()),
        Some(text) => {
            let reason = format!("`{text}` is not a name or an address");
            Err(ContributeError::refused("networking", reason))
        }
    }
}

/// Returns the text of `/etc/hosts`, which names the system as Debian's installer does.
fn hosts(name: &str) -> String {
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

#[cfg(test)]
mod tests;
