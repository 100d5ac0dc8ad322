//! Packages for later, on the medium or in an installed system: what is promised of them, and the key of their archive.

use isoplug_promise::{BootCheck, Promise};

use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::package::name_in;
use crate::part::{Contribution, Lint};

use super::{Packages, contradiction};

/// apt of the running system finds them, and could install them all.
pub(super) fn contribute(packages: &Packages, is_installed: bool, out: &mut Contribution) {
    if packages.offline.is_empty() {
        return;
    }
    let names: Vec<&str> = packages.offline.iter().map(|wish| name_in(wish)).collect();
    let names = names.join(" ");
    let run = format!(
        "lists=$(mktemp -d) && chmod 755 \"$lists\" && pool() {{ apt-get -q -o Dir::Etc::SourceList=/etc/apt/sources.list.d/isoplug-pool.sources \
         -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=\"$lists\" \"$@\"; }} && \
         pool -o APT::Update::Error-Mode=any update && pool --simulate install {names}"
    );
    let place = if is_installed { "that came with the system" } else { "on the medium" };
    let check = BootCheck {
        title: Some(format!("apt can install the packages {place}")),
        ..BootCheck::from(Promise::Command { run, exit: 0, contains: None })
    };
    out.because(option!(packages.offline)).check(check);
}

pub(super) fn lint(packages: &Packages, lint: &mut Lint<'_>) {
    let Packages { offline, offline_key, remove, .. } = packages;
    let [yes, no] = [option!(packages.offline), option!(packages.remove)];
    contradiction(lint, (offline, &yes), (remove, &no));
    if let Some(secret) = offline_key {
        lint.secret(secret, "the key", &option!(packages.offline_key));
    }
    match (offline.is_empty(), offline_key) {
        (false, None) => {
            lint.report_at(Diagnostic::error("no-key", NO_KEY).help(NO_KEY_HELP), &yes);
        }
        (true, Some(_)) => {
            let warning = Diagnostic::warning("idle-option", IDLE);
            lint.report_at(warning, &option!(packages.offline_key));
        }
        _ => {}
    }
}

const IDLE: &str = "the key signs nothing: `packages.offline` names no package";
const NO_KEY: &str =
    "nothing signs the archive of the packages for later, and apt believes none that is not signed";
const NO_KEY_HELP: &str = "make a key with `openssl genpkey -algorithm ed25519 -out offline.key`, keep it out of the \
    repository (whoever has it can sign packages that the system installs), and set `packages.offline-key.file = \
    \"offline.key\"` or, where a build gets it from its environment, `packages.offline-key.env = \"OFFLINE_KEY\"`";
