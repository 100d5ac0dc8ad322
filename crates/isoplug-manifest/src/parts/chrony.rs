//! Clock synchronisation by chrony.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// Clock synchronisation by chrony.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Chrony {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
    /// The servers to ask, by name or address, in place of the distribution's.
    #[schemars(extend("format" = "host"))]
    pub servers: Vec<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) chrony: &'a Chrony,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("chrony")
    }

    fn owns(&self) -> &[&str] {
        &["services.chrony"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if self.chrony.enable {
            out.because(option!(services.chrony.enable)).package("chrony").unit("chrony.service");
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Chrony { enable, servers } = self.chrony;
        if !enable && !servers.is_empty() {
            let message = "nobody asks these servers: chrony is not enabled";
            let diagnostic = Diagnostic::warning("no-chrony", message);
            let diagnostic = diagnostic.help("set `services.chrony.enable` to true");
            lint.report_at(diagnostic, &option!(services.chrony.servers));
        }
    }
}
