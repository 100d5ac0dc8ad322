//! What a boot test asks a running image for: what the parts of its manifest promise, with the digests of the
//! user's files, which they cannot read.

use std::collections::BTreeMap;

use isoplug_manifest::System;
use isoplug_manifest::options::File;
use isoplug_vm::{BootCheck, Firmware, Login, Medium, Promise};
use sha2::{Digest as _, Sha256};

/// Returns everything that can be checked.
pub(crate) fn checks(system: &System) -> Vec<BootCheck> {
    let files = &system.options.files;
    let files: BTreeMap<&str, &File> =
        files.iter().map(|file| (file.target.as_str(), file)).collect();
    let promised = system.needs.checks.iter().map(|needed| needed.what.clone());
    let always = [Promise::System, Promise::Firmware].map(BootCheck::from).into_iter();
    let mut checks: Vec<BootCheck> = always.chain(promised).collect();
    for check in &mut checks {
        if let Promise::File { path, sha256, .. } = &mut check.promise {
            *sha256 = files.get(path.as_str()).and_then(|file| digest(file));
        }
    }
    checks
}

/// Returns the SHA-256 of what a file holds, in hexadecimal; of a folder nothing, nor of what facts are put into.
fn digest(file: &File) -> Option<String> {
    if file.template {
        return None;
    }
    let bytes = match (&file.text, &file.source) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(source)) => std::fs::read(source).ok()?,
        (None, None) => return None,
    };
    Some(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns how a test gets its shell: as the manifest's tests of such a boot say, else without any
/// password.
pub(crate) fn login(system: &System, firmware: Firmware, medium: Medium) -> Login {
    let mut tests = system.options.tests.iter().filter(|test| test.applies(firmware, medium));
    let login = tests.find_map(|test| test.login.as_ref());
    let old = system
        .sources
        .values()
        .any(|source| (system.distribution().lacks_login_credentials)(&source.suite));
    match login {
        Some(login) => {
            let (user, password) = (login.user.clone(), login.password.clone());
            Login::Password { user, password }
        }
        None if old => Login::OpenPam,
        None => Login::Credentials,
    }
}

/// Returns the firmware that the image supports on an architecture.
pub(crate) fn firmware(system: &System) -> Vec<Firmware> {
    let boot = &system.options.boot;
    let supported = [
        (boot.bios && isoplug_arch::is_pc(&system.arch), Firmware::Bios),
        (boot.uefi, Firmware::Uefi),
        (boot.secure_boot, Firmware::SecureBoot),
    ];
    supported.into_iter().filter_map(|(yes, firmware)| yes.then_some(firmware)).collect()
}
