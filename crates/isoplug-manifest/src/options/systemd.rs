//! Options for systemd's units.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Units of systemd.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Systemd {
    /// Units to start at boot, as `systemctl enable` does.
    #[schemars(extend("format" = "unit-name"))]
    pub enable: Vec<String>,
    /// Units that a package would start at boot and that must not be.
    #[schemars(extend("format" = "unit-name"))]
    pub disable: Vec<String>,
    /// Units that nothing may start.
    #[schemars(extend("format" = "unit-name"))]
    pub mask: Vec<String>,
    /// Units to write, by file name (`hello.service`). Those with an `[Install]` section are
    /// enabled.
    #[schemars(extend("propertyNames" = { "format": "unit-file-name" }))]
    pub units: BTreeMap<String, Unit>,
    /// The target to reach at boot; without one, what the packages make it.
    #[schemars(extend("format" = "unit-name"))]
    pub default_target: Option<String>,
}

/// One unit file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unit {
    /// The text of the unit file, into `/etc/systemd/system`.
    pub text: String,
}
