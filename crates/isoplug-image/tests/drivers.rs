//! Reads out of small made-up packages whether a driver is for a kernel.

#![cfg(test)]

#[allow(dead_code, reason = "another test uses the rest")]
mod given;

use std::path::Path;

use given::deb;
use isoplug_image::stages::drivers::look;
use isoplug_sandbox::dpkg::Package;

const KERNEL: &str = "6.12.117+deb13-amd64";

fn package(name: &str, files: &[(&str, &[u8])], folder: &Path) -> Package {
    let path = folder.join(name);
    std::fs::write(&path, deb(files)).unwrap();
    Package { name: name.to_owned(), architecture: "all".to_owned(), deb: path }
}

/// Says why a driver with these settings is not for the kernel.
fn reason(conf: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let config = b"CONFIG_MODULES=y\n# CONFIG_PREEMPT_RT is not set\n";
    let packages = [
        package("acme-dkms", &[("usr/src/acme-1/dkms.conf", conf.as_bytes())], folder.path()),
        package(
            &format!("linux-image-{KERNEL}"),
            &[(&format!("boot/config-{KERNEL}"), config)],
            folder.path(),
        ),
    ];
    let (drivers, kernels) = (["acme-dkms".to_owned()], [KERNEL.to_owned()]);
    look(&packages, &drivers, &kernels, "amd64").err().map(|error| error.to_string())
}

#[test]
fn a_driver_says_itself_which_kernels_it_is_for() {
    assert_eq!(reason("PACKAGE_NAME=acme\nBUILD_EXCLUSIVE_KERNEL=\"^6\\.\"\n"), None);
    assert_eq!(
        reason("BUILD_EXCLUSIVE_KERNEL_MAX=\"6.1\"\n").unwrap(),
        "the driver acme-dkms is not for the kernel 6.12.117+deb13-amd64: its dkms.conf has \
         `BUILD_EXCLUSIVE_KERNEL_MAX=\"6.1\"`"
    );
    assert_eq!(reason("BUILD_EXCLUSIVE_CONFIG=\"!CONFIG_PREEMPT_RT\"\n"), None);
    assert!(reason("BUILD_EXCLUSIVE_CONFIG=\"CONFIG_PREEMPT_RT\"\n").is_some());
    assert!(reason("BUILD_EXCLUSIVE_ARCH=\"aarch64\"\n").is_some());
}
