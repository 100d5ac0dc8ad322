//! What drivers are compiled with is chosen beside the image, over the Essential set alone.

use super::*;

const KERNEL: &str = "linux-image-amd64 1 Depends: linux-image-6.12-amd64
    linux-image-6.12-amd64 6.12-1
    linux-headers-6.12-amd64 6.12-2 Depends: linux-image-6.12-amd64
    linux-headers-6.12-amd64 6.12-1 Depends: linux-image-6.12-amd64
    gcc 14
    libc6-dev 2
    dkms 3 Depends: make
    make 4
    wl-dkms 6 Depends: dkms
    tool 1";

fn with(driver: &str, install: &[&str]) -> Request {
    let drivers = vec![driver.to_owned()];
    Request { drivers, ..request(&[&["linux-image-amd64"], install].concat()) }
}

fn drivers(image: &LockedImage) -> Vec<String> {
    image.drivers.iter().map(|one| format!("{}={}", one.name, one.version)).collect()
}

const ALL: [&str; 7] = [
    "dkms=3",
    "gcc=14",
    "libc6-dev=2",
    "linux-headers-6.12-amd64=6.12-1",
    "linux-image-6.12-amd64=6.12-1",
    "make=4",
    "wl-dkms=6",
];

#[test]
fn the_image_has_neither_sources_nor_compiler() {
    let indices = stable(KERNEL);
    let image = solve(&indices, &with("wl-dkms", &[]), None).unwrap();
    assert!(shown(&image).ends_with("| linux-image-6.12-amd64=6.12-1 linux-image-amd64=1"));
    let mut found = drivers(&image);
    found.sort();
    assert_eq!(found, ALL, "the headers are of the kernel's own version");
    let without = solve(&indices, &request(&["linux-image-amd64"]), None).unwrap();
    assert_eq!(drivers(&without), [""; 0]);
}

#[test]
fn other_packages_of_the_image_change_nothing_for_drivers() {
    let indices = stable(KERNEL);
    let of = |install: &[&str]| drivers(&solve(&indices, &with("wl-dkms", install), None).unwrap());
    assert_eq!(of(&["tool"]), of(&[]));
}

#[test]
fn what_is_missing_is_named() {
    let indices = stable(KERNEL);
    let error = solve(&indices, &with("w1-dkms", &[]), None).unwrap_err();
    assert_eq!(error, "no source has the package `w1-dkms`; did you mean wl-dkms?");
    let none = Request { drivers: vec!["wl-dkms".to_owned()], ..request(&["tool"]) };
    let error = solve(&indices, &none, None).unwrap_err();
    assert_eq!(error, "the image has no kernel package that its drivers could be compiled for");
    let indices = stable(&KERNEL.replace("linux-headers-6.12", "linux-headers-6.13"));
    let error = solve(&indices, &with("wl-dkms", &[]), None).unwrap_err();
    assert_eq!(
        error,
        "no source has the headers of the kernel 6.12-amd64 (the package linux-headers-6.12-amd64), which drivers \
         are compiled with"
    );
}

#[test]
fn a_request_without_drivers_keeps_its_digest() {
    let plain = request(&["app"]);
    assert_ne!(with("wl-dkms", &[]).digest(), request(&["linux-image-amd64"]).digest());
    assert!(!serde_json::to_string(&plain).unwrap().contains("drivers"));
}
