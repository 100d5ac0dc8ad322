//! The login on consoles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::users::{User, unknown_user};
use crate::by::By;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// The login on the first console and on serial lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Getty {
    /// The user who is logged in there without a password.
    #[schemars(extend("format" = "user-name"))]
    pub autologin_user: Option<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) getty: &'a Getty,
    pub(crate) users: &'a BTreeMap<String, User>,
}

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("getty")
    }

    fn owns(&self) -> &[&str] {
        &["services.getty"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if self.getty.autologin_user.is_some() {
            // Not all releases install it by themselves, and agetty starts over and over without it.
            out.because(option!(services.getty.autologin_user)).package("login");
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let user = self.getty.autologin_user.as_deref().filter(|user| *user != "root");
        if let Some(error) = user.and_then(|user| unknown_user(user, self.users)) {
            lint.report_at(error, &option!(services.getty.autologin_user));
        }
    }
}
