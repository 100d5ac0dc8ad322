//! A machine that shows one program on the whole screen, to whoever stands before it.

use std::collections::BTreeMap;

use isoplug_promise::{BootCheck, Promise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::users::{User, unknown_user};
use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::file::File;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// A machine that shows one program on the whole screen, to whoever stands before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kiosk {
    /// The page that Chromium shows from edge to edge, such as `https://example.org` or `file:///srv/page.html`. It is
    /// installed, and begins anew when it is closed.
    pub url: Option<String>,
    /// A shell command that runs in place of a browser. Its windows fill the screen (`cage`).
    pub command: Option<String>,
    /// The user that it runs as, one of `users`.
    #[schemars(extend("format" = "user-name"))]
    pub user: Option<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) kiosk: &'a Kiosk,
    pub(crate) users: &'a BTreeMap<String, User>,
}

const SHOW: &str = "/usr/lib/isoplug/kiosk/show";
const UNIT: &str = "isoplug-kiosk.service";
/// Seconds until the program runs on a usual machine.
const SHOWN: u32 = 180;

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("kiosk")
    }

    fn owns(&self) -> &[&str] {
        &["kiosk"]
    }

    fn contribute(&self, out: &mut Contribution) {
        let Some(user) = &self.kiosk.user else { return };
        let unit = include_str!("kiosk/kiosk.service").replace("@USER@", user);
        if let Some(url) = &self.kiosk.url {
            out.because(option!(kiosk.url)).package("chromium").package("libgl1-mesa-dri");
            self.show(&browser(url), "chromium", &unit, out);
        } else if let Some(command) = &self.kiosk.command {
            self.show(command, "cage", &unit, out);
        }
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        let Kiosk { url, command, user } = self.kiosk;
        if user.is_none() && (url.is_some() || command.is_some()) {
            let message = "nothing is shown: `kiosk.user` is not set";
            lint.report_at(Diagnostic::error("no-user", message), &option!(kiosk));
        }
        if let Some(error) = user.as_ref().and_then(|user| unknown_user(user, self.users)) {
            lint.report_at(error, &option!(kiosk.user));
        }
        if url.is_some() && command.is_some() {
            let message = "`kiosk.url` and `kiosk.command` cannot both be shown";
            lint.report_at(Diagnostic::error("two-programs", message), &option!(kiosk.command));
        }
        if url.as_deref().is_some_and(is_no_url) {
            let error = Diagnostic::error("bad-url", "`kiosk.url` is not an address of a page");
            let help = "with what it is read by: https://example.org, file:///srv/page.html";
            lint.report_at(error.help(help), &option!(kiosk.url));
        }
    }
}

fn is_no_url(text: &str) -> bool {
    !text.contains("://") || text.contains(char::is_whitespace)
}

impl Part<'_> {
    fn show(&self, command: &str, process: &str, unit: &str, out: &mut Contribution) {
        let script = format!("#!/bin/sh\n{command}\n");
        let run = format!("until pgrep -x {process} >/dev/null; do sleep 1; done");
        let shown = Promise::Command { run, exit: 0, contains: None };
        out.because(option!(kiosk.user))
            .package("cage")
            .package("fonts-dejavu-core")
            .unit(UNIT)
            .file(File::text(&format!("/usr/lib/systemd/system/{UNIT}"), unit))
            .file(File::text(SHOW, script).executable())
            .check(BootCheck {
                title: Some(format!("{process} is shown")),
                seconds: Some(SHOWN),
                ..shown.into()
            });
    }
}

/// Nothing of one visitor is left to the next, and no dialog comes up.
fn browser(url: &str) -> String {
    let url = url.replace('\'', "%27");
    format!(
        "exec chromium --ozone-platform=wayland --kiosk --incognito --no-first-run --noerrdialogs \
         --disable-session-crashed-bubble --disable-features=Translate '{url}'"
    )
}
