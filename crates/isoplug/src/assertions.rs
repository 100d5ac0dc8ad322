//! Derives from a manifest what its image must show when it runs.

use isoplug_manifest::options::{self, BootFirmware, Options, Test};
use isoplug_manifest::{System, package_name};
use isoplug_vm::{Assertion, Check, Firmware, Login, Medium, Protocol, UnitState};
use sha2::{Digest as _, Sha256};

/// Returns everything that can be checked: what the options promise, and the manifest's own tests.
pub(crate) fn checks(system: &System) -> Vec<Check> {
    let options = &system.options;
    let mut assertions = vec![Assertion::System, Assertion::Firmware];
    assertions.push(Assertion::Hostname { name: options.networking.hostname.clone() });
    assertions.extend(kernel_params(options));
    assertions.extend(users(options));
    assertions.extend(units(options));
    assertions.extend(services(options));
    assertions.extend(packages(options));
    assertions.extend(options.files.iter().map(self::file));
    let derived = assertions.into_iter().map(Check::from).chain(settings(options));
    derived.chain(options.tests.iter().filter_map(test)).collect()
}

/// Returns how a test gets its shell: as the manifest's tests of such a boot say, else without any
/// password.
pub(crate) fn login(system: &System, firmware: Firmware, medium: Medium) -> Login {
    let of_boot = |test: &&Test| where_made(test).applies(firmware, medium);
    let login = system.options.tests.iter().filter(of_boot).find_map(|test| test.login.as_ref());
    let old = system
        .sources
        .values()
        .any(|source| ["bookworm", "oldstable"].contains(&source.suite.as_str()));
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
        (boot.bios && system.arch == "amd64", Firmware::Bios),
        (boot.uefi, Firmware::Uefi),
        (boot.uefi && boot.secure_boot, Firmware::SecureBoot),
    ];
    supported.into_iter().filter_map(|(yes, firmware)| yes.then_some(firmware)).collect()
}

fn kernel_params(options: &Options) -> Vec<Assertion> {
    let params = options.boot.kernel_params.iter();
    params.map(|param| Assertion::KernelParam { param: param.clone() }).collect()
}

fn users(options: &Options) -> Vec<Assertion> {
    let user = |(name, user): (&String, &options::User)| Assertion::User {
        name: name.clone(),
        groups: user.groups.clone(),
        uid: user.uid,
    };
    options.users.iter().map(user).collect()
}

fn units(options: &Options) -> Vec<Assertion> {
    let systemd = &options.systemd;
    let lists = [
        (&systemd.enable, UnitState::Enabled),
        (&systemd.disable, UnitState::Disabled),
        (&systemd.mask, UnitState::Masked),
    ];
    let unit = |name: &str, state| Assertion::Unit { name: full_name(name), state };
    let listed = lists.into_iter().flat_map(|(names, state)| names.iter().map(move |n| (n, state)));
    let services = options.services.plain_units().into_iter();
    let services = services.map(|name| unit(name, UnitState::Enabled));
    listed.map(|(name, state)| unit(name, state)).chain(services).collect()
}

/// Returns a check for each setting of the kernel that can be asked for as it was written.
fn settings(options: &Options) -> Vec<Check> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_".contains(c);
    let askable =
        |(name, value): &(&String, &String)| !name.contains('*') && value.chars().all(plain);
    let check = |(name, value): (&String, &String)| Check {
        title: Some(format!("sysctl {name} is {value}")),
        ..Check::from(Assertion::Command {
            run: format!("test \"$(sysctl -n {name} | tr '\\t' ' ')\" = \"{value}\""),
            exit: 0,
            contains: None,
        })
    };
    options.kernel.sysctl.iter().filter(askable).map(check).collect()
}

fn full_name(unit: &str) -> String {
    if unit.contains('.') { unit.to_owned() } else { format!("{unit}.service") }
}

fn services(options: &Options) -> Vec<Assertion> {
    let openssh = &options.services.openssh;
    if !openssh.enable {
        return Vec::new();
    }
    let name = "ssh.service".to_owned();
    let mut assertions = vec![Assertion::Unit { name, state: UnitState::Active }];
    let ports = openssh.listens_on().into_iter();
    assertions.extend(ports.map(|port| Assertion::Port { port, protocol: Protocol::Tcp }));
    assertions
}

fn packages(options: &Options) -> Vec<Assertion> {
    // Of any version that begins with a text, only the name can be asked for.
    let version = |wish: &str| {
        let (_, version) = wish.split_once('=')?;
        (!version.ends_with('*')).then(|| version.to_owned())
    };
    let package = |wish: &String| {
        let name = package_name(wish).to_owned();
        Assertion::Package { name, version: version(wish) }
    };
    options.packages.install.iter().map(package).collect()
}

fn file(file: &options::File) -> Assertion {
    let bytes = match (&file.text, &file.source) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(source)) => std::fs::read(source).ok(),
        (None, None) => None,
    };
    let hex = |bytes: Vec<u8>| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    Assertion::File {
        path: file.target.clone(),
        sha256: bytes.map(hex),
        mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
        owner: Some(format!("{}:{}", file.user, file.group)),
        contains: None,
    }
}

/// Returns the check for a test that runs a command; one that only logs in is [`login`]'s.
fn test(test: &Test) -> Option<Check> {
    let run = test.run.clone()?;
    Some(Check {
        assertion: Assertion::Command { run, exit: 0, contains: test.expect.clone() },
        title: test.name.clone(),
        seconds: test.timeout,
        ..where_made(test)
    })
}

/// Returns a check that says no more than in which boots a test is made.
fn where_made(test: &Test) -> Check {
    let firmware = test.firmware.iter().map(|firmware| match firmware {
        BootFirmware::Bios => Firmware::Bios,
        BootFirmware::Uefi => Firmware::Uefi,
        BootFirmware::SecureBoot => Firmware::SecureBoot,
    });
    let medium = test.media.iter().map(|medium| match medium {
        options::Medium::Cd => Medium::Cd,
        options::Medium::Usb => Medium::Usb,
    });
    let (firmware, medium) = (firmware.collect(), medium.collect());
    Check { firmware, medium, ..Check::from(Assertion::System) }
}
