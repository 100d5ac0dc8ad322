//! Clock synchronisation by chrony.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::option::option;
use crate::part::{self, Contribution};

/// Clock synchronisation by chrony.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Chrony {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
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
}
