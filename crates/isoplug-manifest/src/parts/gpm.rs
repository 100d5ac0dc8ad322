//! A mouse on the text console.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::option::option;
use crate::part::{self, Contribution};

/// A mouse on the text console.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gpm {
    /// Whether it runs. Its package is installed.
    pub enable: bool,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) gpm: &'a Gpm,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("gpm")
    }

    fn owns(&self) -> &[&str] {
        &["services.gpm"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if self.gpm.enable {
            out.because(option!(services.gpm.enable)).package("gpm").unit("gpm.service");
        }
    }
}
