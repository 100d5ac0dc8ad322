//! Packages that lie on the medium beside the image: what is promised of them, and the key of their archive.

use isoplug_promise::{BootCheck, Promise};

use crate::diagnostic::Diagnostic;
use crate::option::option;
use crate::package::name_in;
use crate::part::{Contribution, Lint};

use super::{Packages, contradiction};

/// apt of the running system finds them, and could install them all.
pub(super) fn contribute(packages: &Packages, out: &mut Contribution) {
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
    let check = BootCheck {
        title: Some("apt can install the packages on the medium".to_owned()),
        ..BootCheck::from(Promise::Command { run, exit: 0, contains: None })
    };
    out.because(option!(packages.offline)).check(check);
}

pub(super) fn lint(packages: &Packages, is_installed: bool, lint: &mut Lint<'_>) {
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
        _ if is_installed && !offline.is_empty() => {
            let error = Diagnostic::error("no-medium", FOR_A_DISK).help(FOR_A_DISK_HELP);
            lint.report_at(error, &yes);
        }
        _ => {}
    }
}

const IDLE: &str = "the key signs nothing: no packages lie on the medium";
const NO_KEY: &str = "nothing signs the archive of the packages on the medium, and apt believes none that is not signed";
const NO_KEY_HELP: &str = "make a key with `openssl genpkey -algorithm ed25519 -out offline.key`, keep it out of the \
    repository (whoever has it can sign packages that the system installs), and set `packages.offline-key.file = \
    \"offline.key\"` or, where a build gets it from its environment, `packages.offline-key.env = \"OFFLINE_KEY\"`";
const FOR_A_DISK: &str = "a system for a disk has no medium that packages could lie on";
const FOR_A_DISK_HELP: &str = "set it in the profile of the live system that installs this one";
