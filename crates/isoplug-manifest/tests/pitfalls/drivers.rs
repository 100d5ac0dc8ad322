//! What goes wrong with drivers that are compiled for the image's kernel, and with settings of kernel modules.

use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, System, evaluate};

use super::*;

/// Everything but what is said of Secure Boot.
const SIGNED: &str =
    "drivers.signing-key.env = \"KEY\"\ndrivers.signing-certificate = \"mok.crt\"\n";

#[test]
fn drivers_without_a_key_do_not_fit_secure_boot() {
    let found = one("drivers.packages = [\"broadcom-sta-dkms\"]");
    assert!(
        found.starts_with("isoplug.toml:3:20: error[unsigned-drivers]: no key signs the drivers"),
        "{found}"
    );
    for help in
        ["openssl req -new -x509", "`drivers.signing-key.file", "`boot.secure-boot = false`"]
    {
        assert!(found.contains(help), "{found}");
    }
    let found = one("drivers.nvidia = \"open\"");
    assert!(found.starts_with("isoplug.toml:3:18: error[unsigned-drivers]"), "{found}");
    assert_eq!(one("drivers.packages = [\"broadcom-sta-dkms\"]\nboot.secure-boot = false"), "");
}

#[test]
fn how_the_key_is_enrolled_is_told() {
    let drivers = format!("{SIGNED}drivers.packages = [\"broadcom-sta-dkms\"]");
    let found = one(&drivers);
    assert!(found.contains("note[enrol-key]: where Secure Boot is on"), "{found}");
    assert!(found.contains("/EFI/isoplug/mok.der"), "{found}");
    assert_eq!(one(&format!("{drivers}\nboot.secure-boot = false")), "");
}

#[test]
fn a_key_and_its_certificate_go_together() {
    let with = |line: &str| {
        one(&format!("{line}\ndrivers.packages = [\"a-dkms\"]\nboot.secure-boot = false"))
    };
    assert_snapshot!(with("drivers.signing-key.env = \"KEY\""), @r"
    isoplug.toml:3:9: error[no-certificate]: there is no certificate of the key that signs the drivers
      help: set `drivers.signing-certificate`
    ");
    assert_snapshot!(with("drivers.signing-certificate = \"mok.crt\""), @r"
    isoplug.toml:3:31: error[no-key]: there is no key of the certificate, so nothing is signed
      help: set `drivers.signing-key`
    ");
    let found = with(
        "drivers.signing-key = { env = \"A\", file = \"b\" }\ndrivers.signing-certificate = \"c\"",
    );
    assert!(found.contains("error[bad-secret]: the key is given by exactly one of"), "{found}");
    let found = one(SIGNED);
    assert!(found.contains("warning[idle-option]: the key signs nothing"), "{found}");
}

fn system(line: &str) -> System {
    let text = format!("image.name = \"x\"\n[profiles.x]\n{line}\nboot.secure-boot = false\n");
    let mut load = |path: &str| Err(format!("there is no {path}"));
    let (load, plugins) = (&mut load as isoplug_manifest::Load<'_>, &mut NoPlugins);
    let name = "isoplug.toml";
    evaluate(Input {
        name,
        text: &text,
        profile: "x",
        arch: "amd64",
        vars: &Default::default(),
        load,
        plugins,
    })
    .unwrap()
}

fn packages(line: &str) -> Vec<String> {
    let system = system(line);
    let mut names: Vec<String> =
        system.packages().iter().map(|needed| needed.what.name.clone()).collect();
    names.retain(|name| {
        name.contains("nvidia") || name.contains("dkms") || name.contains("headers")
    });
    names.sort();
    names
}

#[test]
fn sources_of_drivers_come_into_the_image_only_if_they_are_kept() {
    assert_eq!(packages("drivers.packages = [\"broadcom-sta-dkms\"]"), [""; 0]);
    let kept = packages("drivers = { packages = [\"broadcom-sta-dkms\"], keep-build = true }");
    assert_eq!(kept, ["broadcom-sta-dkms", "linux-headers-amd64"]);
    let cloud = packages(
        "drivers = { packages = [\"a-dkms\"], keep-build = true }\nkernel.flavour = \"cloud-amd64\"",
    );
    assert_eq!(cloud, ["a-dkms", "linux-headers-cloud-amd64"]);
    let nvidia = packages("drivers.nvidia = \"open\"");
    assert!(nvidia.contains(&"nvidia-open-kernel-support".to_owned()), "{nvidia:?}");
    assert!(nvidia.iter().all(|name| !name.contains("dkms")), "{nvidia:?}");
}

#[test]
fn which_packages_the_drivers_are_in() {
    let wishes = |line: &str| {
        let system = system(line);
        system.options.drivers.wishes(system.distribution())
    };
    assert_eq!(wishes(""), [""; 0]);
    assert_eq!(wishes("drivers.nvidia = \"proprietary\""), ["nvidia-kernel-dkms"]);
    let both = "drivers = { nvidia = \"open\", packages = [\"a-dkms/trixie-backports\"] }";
    assert_eq!(wishes(both), ["a-dkms/trixie-backports", "nvidia-open-kernel-dkms"]);
}

#[test]
fn what_is_promised_of_drivers_and_modules() {
    let titles = |line: &str| -> Vec<String> {
        let checks = system(line).needs.checks;
        checks.into_iter().filter_map(|needed| needed.what.title).collect()
    };
    let driver = "the drivers are there for the kernel that runs";
    assert!(titles("drivers.packages = [\"a-dkms\"]").contains(&driver.to_owned()));
    assert!(!titles("").contains(&driver.to_owned()));
    let options = titles("kernel.modules.options.nvidia-drm = \"modeset=1\"");
    assert!(options.contains(&"the kernel module nvidia-drm has its options".to_owned()));
}

#[test]
fn options_of_kernel_modules_are_one_line() {
    assert_eq!(one("kernel.modules.options.nvidia-drm = \"modeset=1 fbdev=1\""), "");
    let found = one("kernel.modules.options.nvidia-drm = \"\"");
    assert!(
        found.contains("error[module-options]: the options of `nvidia-drm` are not one line"),
        "{found}"
    );
}
