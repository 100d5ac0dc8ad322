//! Lets the system join wireless networks: a file for each, of NetworkManager or of iwd.
//!
//! Their secrets are in those files, which root alone reads, and nowhere else.

mod iwd;
mod manager;
mod psk;

use std::collections::BTreeMap;
use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_manifest::options::{
    Eap, Networking, NetworkingBackend, Wifi, WifiSecurity, wrong_psk,
};
use isoplug_manifest::{By, Secret};

use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs};

/// Wireless networks, their secrets read.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    networks: BTreeMap<String, Wifi>,
    country: Option<String>,
    backend: NetworkingBackend,
}

/// Takes what is its own of the network's options; nothing if there is none.
#[must_use]
pub(super) fn of(networking: &Networking) -> Option<Arc<dyn Contributor>> {
    let Networking { wifi, wifi_country, backend, .. } = networking.clone();
    let part = Part { networks: wifi, country: wifi_country, backend };
    (!part.networks.is_empty()).then(|| Arc::new(part) as _)
}

impl Part {
    fn files(&self) -> Result<Vec<(String, String)>, ContributeError> {
        let mut files = Vec::new();
        for (name, wifi) in &self.networks {
            let psk = psk_of(name, wifi)?;
            files.push(match self.backend {
                NetworkingBackend::Networkmanager => manager::file(name, wifi, psk.as_deref()),
                _ => iwd::file(name, wifi, psk.as_deref()),
            });
        }
        Ok(files)
    }
}

impl Contributor for Part {
    fn by(&self) -> By {
        By::Part("wifi")
    }

    fn version(&self) -> u32 {
        2
    }

    fn places(&self) -> Vec<String> {
        let path = |(name, wifi): (&String, &Wifi)| match self.backend {
            NetworkingBackend::Networkmanager => manager::path(name),
            _ => iwd::path(name, wifi),
        };
        self.networks.iter().map(path).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { networks, country, backend } = self;
        key.value("country", country);
        key.value("backend", backend);
        for (name, wifi) in networks {
            key.value(&format!("network {name}"), &without_secrets(wifi));
            for (what, secret) in secrets(wifi) {
                key.secret(&format!("{what} of {name}"), secret.text().unwrap_or_default());
            }
        }
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        for (path, text) in self.files()? {
            rootfs.file(&path, text.as_bytes(), Attrs::mode(0o600))?;
        }
        match self.backend {
            NetworkingBackend::Networkd => iwd::set_up(self.country.as_deref(), rootfs),
            _ => Ok(()),
        }
    }
}

/// Returns what proves to the network that one may join it, as its security wants it.
fn psk_of(name: &str, wifi: &Wifi) -> Result<Option<String>, ContributeError> {
    let Some(secret) = &wifi.psk else { return Ok(None) };
    let text = secret.text().unwrap_or_default();
    // What stands in the manifest was checked there.
    if let Some(reason) = wrong_psk(text, wifi.security) {
        return Err(ContributeError::refused(format!("networking.wifi.{name}.psk"), reason));
    }
    Ok(Some(match wifi.security {
        WifiSecurity::Wpa2 => psk::key(text, wifi.ssid(name)),
        _ => text.to_owned(),
    }))
}

/// Returns the text of a secret that was read.
fn text(secret: &Option<Secret>) -> Option<String> {
    secret.as_ref().and_then(|secret| secret.text().map(str::to_owned))
}

/// Returns a value as the files of both are read (GKeyFile, ELL): blanks at its start and backslashes are escaped.
fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    let inner = value.trim_start_matches(' ');
    "\\s".repeat(value.len() - inner.len()) + inner
}

fn secrets(wifi: &Wifi) -> Vec<(&'static str, &Secret)> {
    let eap = |secret: fn(&Eap) -> &Option<Secret>| {
        wifi.eap.as_ref().and_then(|eap| secret(eap).as_ref())
    };
    let all = [
        ("passphrase", wifi.psk.as_ref()),
        ("password", eap(|eap| &eap.password)),
        ("password of the key", eap(|eap| &eap.private_key_password)),
    ];
    all.into_iter().filter_map(|(what, secret)| Some((what, secret?))).collect()
}

fn without_secrets(wifi: &Wifi) -> Wifi {
    let eap = wifi.eap.clone().map(|eap| Eap { password: None, private_key_password: None, ..eap });
    Wifi { psk: None, eap, ..wifi.clone() }
}

#[cfg(test)]
mod tests;
