//! Makes the HTTP client of mirrors and registries alike.

use std::time::Duration;

use super::{Authorities, AuthoritiesError};

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How long a server may be silent.
    pub silence: Duration,
    /// How many connections to one server are kept open.
    pub connections: usize,
    /// Whether it speaks to servers with TLS alone, also where one leads to another.
    pub https_only: bool,
}

/// Makes a client that believes whom these authorities vouch for. A proxy is taken from the environment,
/// as every HTTP client does. A status of no success is no error.
///
/// # Errors
///
/// When the authorities' certificates cannot be used.
pub fn agent(authorities: &Authorities, manner: Manner) -> Result<ureq::Agent, AuthoritiesError> {
    let Manner { silence, connections, https_only } = manner;
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .https_only(https_only)
        .tls_config(authorities.config()?)
        .max_idle_connections_per_host(connections)
        .timeout_connect(Some(silence))
        .timeout_recv_response(Some(silence))
        .timeout_per_read(Some(silence))
        .user_agent(concat!("isoplug/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

/// Returns an error's message without the name of the layer that it came from.
pub fn message(error: &ureq::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("io: ").map_or(text.clone(), str::to_owned)
}
