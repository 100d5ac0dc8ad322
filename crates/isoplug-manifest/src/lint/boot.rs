//! Boot loaders that exclude each other, and tests that cannot hold.

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::kernel_param::LINE;
use crate::options::{BootFirmware, Test};

pub(super) fn loaders(lint: &mut Lint<'_>) {
    let boot = &lint.options.boot;
    if !boot.bios && !boot.uefi {
        let diagnostic =
            Diagnostic::error("no-loader", "the image boots neither by BIOS nor by UEFI");
        lint.report(lint.at(diagnostic, &["boot", "uefi"]));
    }
    let asked = lint.settings.at(&["boot", "secure-boot"]).is_some();
    if asked && boot.secure_boot && !boot.uefi {
        let message = "Secure Boot needs UEFI, which is off";
        let diagnostic = Diagnostic::error("no-loader", message);
        lint.report(lint.at(diagnostic, &["boot", "secure-boot"]));
    }
}

/// What stands in the command line beside the parameters of the manifest, at its longest.
const OURS: usize = 256;

/// The kernel leaves out what is beyond the end of its command line, without a word.
pub(super) fn command_line(lint: &mut Lint<'_>) {
    let length: usize = lint.options.boot.kernel_params.iter().map(|param| param.len() + 1).sum();
    if length + OURS > LINE {
        let message = format!(
            "the kernel parameters have {length} bytes, and the kernel reads {} of them",
            LINE - OURS
        );
        let diagnostic = Diagnostic::error("long-command-line", message);
        lint.report(lint.at(diagnostic, &["boot", "kernel-params"]));
    }
}

pub(super) fn tests(lint: &mut Lint<'_>) {
    for (test, origin) in lint.options.tests.iter().zip(lint.items(&["tests"])) {
        for (code, message) in mistakes(lint, test) {
            lint.report(Diagnostic::error(code, message).at(origin, ""));
        }
    }
}

/// A boot is logged in to once, so two tests cannot both say who does.
pub(super) fn logins(lint: &mut Lint<'_>) {
    let tests = lint.options.tests.iter().zip(lint.items(&["tests"]));
    let tests: Vec<_> = tests.filter(|(test, _)| test.login.is_some()).collect();
    for (index, (test, origin)) in tests.iter().enumerate() {
        let clashes = |(other, _): &&(&Test, _)| other.login != test.login && other.meets(test);
        let Some((_, first)) = tests[..index].iter().find(clashes) else { continue };
        let message = "two tests log in to the same boot, which is done once";
        let diagnostic = Diagnostic::error("two-logins", message).at(origin, "").at(first, "");
        lint.report(diagnostic.help("give each its own `firmware` or `media`"));
    }
}

fn mistakes(lint: &Lint<'_>, test: &Test) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if test.run.is_none() && test.login.is_none() {
        found.push(("empty-test", "the test has neither `run` nor `login`".to_owned()));
    }
    if test.expect.is_some() && test.run.is_none() {
        found.push((
            "empty-test",
            "`expect` looks at the output of `run`, which is missing".to_owned(),
        ));
    }
    if let Some(login) = &test.login
        && login.user != "root"
        && !lint.options.users.contains_key(&login.user)
    {
        found.push(("unknown-user", format!("there is no user `{}` to log in", login.user)));
    }
    let boot = &lint.options.boot;
    for firmware in &test.firmware {
        let (boots, option) = match firmware {
            BootFirmware::Bios => (boot.bios, "bios"),
            BootFirmware::Uefi => (boot.uefi, "uefi"),
            BootFirmware::SecureBoot => (boot.uefi && boot.secure_boot, "secure-boot"),
        };
        if !boots {
            found.push(("impossible-test", format!("the test boots by {option}, which is off")));
        }
    }
    found
}
