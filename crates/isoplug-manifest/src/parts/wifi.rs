//! Wireless networks that the image joins by itself: what proves to whom who is who, and what cannot work.

mod eap;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::firmware::{Firmware, FirmwareSet};
use super::networking::{Networking, NetworkingBackend};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::{Path, option};
use crate::part::{self, Contribution, Lint};
use crate::secret::Secret;

pub use eap::{Eap, EapMethod, Phase2};

/// A wireless network that is joined when it is in reach.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wifi {
    /// What the network calls itself; without it, the name of this table. At most 32 bytes.
    pub ssid: Option<String>,
    /// How it is protected.
    pub security: WifiSecurity,
    /// The passphrase of 8 to 63 characters, or the key of 64 hexadecimal digits. For `wpa2` the image gets only
    /// the key made of both, which opens no other network.
    pub psk: Option<Secret>,
    /// How to log in, for `security = "eap"`.
    pub eap: Option<Eap>,
    /// Whether the network does not tell its name.
    pub hidden: bool,
    /// Of several networks in reach, NetworkManager joins the one with the highest; iwd chooses by itself.
    #[schemars(range(min = -999, max = 999))]
    pub priority: i32,
}

/// How a wireless network is protected.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WifiSecurity {
    /// A passphrase, as most networks at home have it (WPA2-Personal).
    #[default]
    Wpa2,
    /// A passphrase that nobody can try out later on what was recorded (WPA3-Personal, SAE).
    Wpa3,
    /// Either of both, as the network offers it. The image gets the passphrase.
    Wpa2Wpa3,
    /// A name and a password, or a certificate, as in companies (WPA-Enterprise).
    Eap,
    /// Nothing.
    Open,
}

impl Wifi {
    /// Returns the network's name; `name` is that of its table.
    #[must_use]
    pub fn ssid<'a>(&'a self, name: &'a str) -> &'a str {
        self.ssid.as_deref().unwrap_or(name)
    }
}

/// Says what is wrong with a passphrase or key, if something is. Units: characters of printable ASCII, or
/// hexadecimal digits (IEEE 802.11, annex J.4).
#[must_use]
pub fn wrong_psk(text: &str, security: WifiSecurity) -> Option<String> {
    let is_key = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_key && security == WifiSecurity::Wpa2 {
        return None;
    }
    if is_key {
        return Some(
            "WPA3 needs the passphrase; a key made of it is good for WPA2 alone".to_owned(),
        );
    }
    if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Some("a passphrase has only printable ASCII characters".to_owned());
    }
    let length = text.len();
    (!(8..=63).contains(&length)).then(|| {
        format!("a passphrase has 8 to 63 characters, or is a key of 64 hexadecimal digits; this one has {length}")
    })
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) networking: &'a Networking,
    pub(crate) firmware: &'a Firmware,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("wifi")
    }

    fn owns(&self) -> &[&str] {
        &["networking.wifi", "networking.wifi-country"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Networking { wifi, wifi_country, backend, .. } = self.networking;
        if !wifi.is_empty() {
            let mut asked = out.because(option!(networking.wifi));
            match backend {
                NetworkingBackend::Networkmanager => drop(asked.package("wpasupplicant")),
                NetworkingBackend::Networkd => drop(asked.package("iwd").unit("iwd.service")),
                NetworkingBackend::None => {}
            }
            asked.package("wireless-regdb");
        }
        if let Some(country) = wifi_country {
            let param = format!("cfg80211.ieee80211_regdom={country}");
            out.because(option!(networking.wifi_country)).kernel_param(&param);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Networking { wifi, backend, .. } = self.networking;
        if wifi.is_empty() {
            return;
        }
        if *backend == NetworkingBackend::None {
            let message = "nothing reads `networking.wifi`: there is no backend";
            let help = "set `networking.backend` to \"networkd\" or \"networkmanager\"";
            let diagnostic = Diagnostic::error("no-backend", message).help(help);
            lint.report_at(diagnostic, &option!(networking.wifi));
        }
        self.firmware_for_cards(lint);
        self.one_table_for_each_ssid(lint);
        for (name, wifi) in wifi {
            network(name, wifi, lint);
        }
    }
}

impl Part<'_> {
    fn firmware_for_cards(&self, lint: &mut Lint<'_>) {
        if self.firmware.set == FirmwareSet::None && self.firmware.packages.is_empty() {
            let message = "most Wi-Fi cards do not work without firmware, and the image has none";
            let help = "set `firmware.set = \"redistributable\"`, or name packages in \
                        `firmware.packages`, such as \"firmware-iwlwifi\"";
            let diagnostic = Diagnostic::warning("no-wifi-firmware", message).help(help);
            lint.report_at(diagnostic, &option!(networking.wifi));
        }
    }

    fn one_table_for_each_ssid(&self, lint: &mut Lint<'_>) {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, wifi) in &self.networking.wifi {
            if let Some(other) = seen.insert(wifi.ssid(name), name) {
                let message = format!("`{other}` and `{name}` are the same network");
                let diagnostic = Diagnostic::error("same-network", message);
                let diagnostic = lint.at(diagnostic, &at(name));
                lint.report_at(diagnostic, &at(other));
            }
        }
    }
}

fn at(name: &str) -> Path<()> {
    option!(networking.wifi).below(name)
}

fn network(name: &str, wifi: &Wifi, lint: &mut Lint<'_>) {
    let Wifi { ssid, security, psk, eap, hidden: _, priority: _ } = wifi;
    if let Some(diagnostic) = wrong_ssid(wifi.ssid(name)) {
        let place = if ssid.is_some() { at(name).below("ssid") } else { at(name) };
        lint.report_at(diagnostic, &place);
    }
    if let Some(psk) = psk {
        lint.secret(psk, "the passphrase", &at(name).below("psk"));
        if let Some(reason) = psk.text().and_then(|text| wrong_psk(text, *security)) {
            lint.report_at(Diagnostic::error("bad-passphrase", reason), &at(name).below("psk"));
        }
    }
    let wants_psk = !matches!(security, WifiSecurity::Eap | WifiSecurity::Open);
    fits(name, ("psk", "a passphrase"), (psk.is_some(), wants_psk), lint);
    let wants_eap = *security == WifiSecurity::Eap;
    fits(name, ("eap", "a way to log in"), (eap.is_some(), wants_eap), lint);
    if let Some(eap) = eap {
        eap::lint(name, eap, &at(name).below("eap"), lint);
    }
}

fn wrong_ssid(ssid: &str) -> Option<Diagnostic> {
    let message = format!("\"{ssid}\" has {} bytes; an SSID has 1 to 32", ssid.len());
    let is_right = (1..=32).contains(&ssid.len());
    (!is_right).then(|| Diagnostic::error("bad-ssid", message))
}

/// Reports a key that the network's security needs and that is missing, or the other way round.
fn fits(
    name: &str,
    (key, what): (&str, &str),
    (is_there, is_wanted): (bool, bool),
    lint: &mut Lint<'_>,
) {
    let (message, help, place) = match (is_there, is_wanted) {
        (false, true) => {
            let message = format!("the network `{name}` needs {what}");
            (message, format!("set `networking.wifi.{name}.{key}`"), at(name))
        }
        (true, false) => {
            let message =
                format!("with this `security`, the network `{name}` has no use for `{key}`");
            (message, format!("set `security`, or remove `{key}`"), at(name).below(key))
        }
        _ => return,
    };
    lint.report_at(Diagnostic::error("wifi-security", message).help(help), &place);
}
