//! What is read out of control fields.

use super::*;

const STATUS: &str = "\
Package: linux-image-6.12.118+deb13-amd64
Status: install ok installed
Version: 6.12.118-1
Architecture: amd64
Source: linux-signed-amd64 (6.12.118+1)
Built-Using: linux (= 6.12.118-1)
Maintainer: Debian Kernel Team <debian-kernel@lists.debian.org>
Depends: kmod, linux-initramfs-tool
Description: Linux 6.12 for 64-bit PCs
 More of it.

Package: live-boot-initramfs-tools
Status: install ok installed
Version: 1:20250815
Architecture: all
Source: live-boot
Provides: linux-initramfs-tool
Maintainer: Ann (of Ants) Other <ann@example.org>
Homepage: https://example.org/a b

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all
";

fn source(name: &str, version: &str) -> SourceName {
    SourceName { name: name.into(), version: version.into() }
}

#[test]
fn a_signed_kernel_is_of_the_source_that_was_signed() {
    let all = of_status(STATUS);
    let kernel = &all["linux-image-6.12.118+deb13-amd64 amd64"];
    assert_eq!(kernel.source, source("linux-signed-amd64", "6.12.118+1"));
    assert_eq!(*kernel.upstream(), source("linux", "6.12.118-1"));
    assert_eq!(kernel.summary, "Linux 6.12 for 64-bit PCs");
    assert_eq!(kernel.needs, ["live-boot-initramfs-tools"]);
    let team = kernel.maintainer.as_ref().unwrap();
    assert!(!team.is_person && team.address == "debian-kernel@lists.debian.org");
    assert!(!all.contains_key("gone all"));
}

#[test]
fn names_and_addresses_are_such_as_readers_take() {
    let all = of_status(STATUS);
    let live = &all["live-boot-initramfs-tools all"];
    let ann = Party {
        name: "Ann of Ants Other".into(),
        address: "ann@example.org".into(),
        is_person: true,
    };
    assert_eq!((live.maintainer.as_ref(), live.homepage.as_ref()), (Some(&ann), None));
    assert_eq!(*live.upstream(), source("live-boot", "1:20250815"));
}

#[test]
fn what_is_built_into_a_package_is_its_source_too() {
    let facts = Facts::read(
        "Package: grub-efi-amd64-signed\nVersion: 1+2.12+9\nSource: grub-efi-amd64-signed\n\
         Built-Using: grub2 (= 2.12-9)\nStatic-Built-Using: rust-b (= 2), rust-a (= 1-1), rust-b (= 2)\n",
    );
    let found: Vec<_> = facts.sources().map(|(source, field)| (&*source.name, field)).collect();
    let linked = "Static-Built-Using";
    let expected = [
        ("grub-efi-amd64-signed", "Source"),
        ("grub2", "Built-Using"),
        ("rust-a", linked),
        ("rust-b", linked),
    ];
    assert_eq!(found, expected);
    assert_eq!(facts.upstream().name, "grub2");
    assert_eq!(facts.source.version, "1+2.12+9");
}
