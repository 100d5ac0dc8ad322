//! How to log in to a wireless network of a company: EAP, and whom to believe that it is that network.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::option::Path;
use crate::part::Lint;
use crate::secret::Secret;

/// How to log in to a wireless network with EAP.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Eap {
    /// The method.
    pub method: EapMethod,
    /// The name to log in with.
    pub identity: String,
    /// The name that everybody in reach may see, in place of `identity`.
    pub anonymous_identity: Option<String>,
    /// The password, for `peap` and `ttls`.
    pub password: Option<Secret>,
    /// What is done inside the tunnel of `peap` and `ttls`.
    pub phase2: Phase2,
    /// The certificate of the authority that vouches for the network, as a path in the image; put it there
    /// with `files`.
    #[schemars(extend("format" = "target-path"))]
    pub ca_certificate: Option<String>,
    /// The end of the name that the network's server must have in its certificate, such as `radius.example.com`.
    pub domain: Option<String>,
    /// Whether any network that says it is this one is believed: then whoever is in reach can take the password.
    pub insecure: bool,
    /// The certificate to log in with, for `tls`, as a path in the image.
    #[schemars(extend("format" = "target-path"))]
    pub client_certificate: Option<String>,
    /// Its key, as a path in the image.
    #[schemars(extend("format" = "target-path"))]
    pub private_key: Option<String>,
    /// The password of that key, if it has one.
    pub private_key_password: Option<Secret>,
}

/// A method of EAP.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EapMethod {
    /// A name and a password in a tunnel (EAP-PEAP).
    #[default]
    Peap,
    /// A name and a password in a tunnel (EAP-TTLS).
    Ttls,
    /// A certificate (EAP-TLS).
    Tls,
}

/// What is done inside a tunnel.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase2 {
    /// A password by MSCHAPv2.
    #[default]
    Mschapv2,
    /// A password as it is, for `ttls` alone.
    Pap,
}

/// Reports what cannot work, and what would give the password away.
pub(super) fn lint(name: &str, eap: &Eap, at: &Path<()>, lint: &mut Lint<'_>) {
    for (key, what, secret) in [
        ("password", "the password", &eap.password),
        ("private-key-password", "the password of the key", &eap.private_key_password),
    ] {
        if let Some(secret) = secret {
            lint.secret(secret, what, &at.clone().below(key));
        }
    }
    incomplete(name, eap, at, lint);
    let is_pinned = eap.ca_certificate.is_some() && eap.domain.is_some();
    if !is_pinned && !eap.insecure {
        let message = format!("any network that calls itself like `{name}` would get the log-in");
        let help = "set `ca-certificate` and `domain`, so that only the real one is believed, or \
                    `insecure = true` if it cannot be told";
        lint.report_at(Diagnostic::error("unpinned-network", message).help(help), at);
    }
}

fn incomplete(name: &str, eap: &Eap, at: &Path<()>, lint: &mut Lint<'_>) {
    let missing = missing(eap);
    if !missing.is_empty() {
        let message = format!("the log-in to `{name}` lacks {}", missing.join(", "));
        lint.report_at(Diagnostic::error("wifi-login", message), at);
    }
    if eap.phase2 == Phase2::Pap && eap.method != EapMethod::Ttls {
        let message = "only `ttls` has `pap` in its tunnel";
        lint.report_at(Diagnostic::error("wifi-login", message), &at.clone().below("phase2"));
    }
}

/// Returns the keys that a method needs and that are not set.
fn missing(eap: &Eap) -> Vec<&'static str> {
    let is_tls = eap.method == EapMethod::Tls;
    let needed = [
        ("`identity`", !eap.identity.is_empty()),
        ("`password`", is_tls || eap.password.is_some()),
        ("`client-certificate`", !is_tls || eap.client_certificate.is_some()),
        ("`private-key`", !is_tls || eap.private_key.is_some()),
    ];
    needed.into_iter().filter(|(_, is_there)| !is_there).map(|(key, _)| key).collect()
}
