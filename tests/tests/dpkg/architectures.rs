//! Packages of two architectures in one system.

use super::{Package, install, text};

/// Returns how a package is asked for.
pub(super) fn wish(package: &Package) -> String {
    match (&package.fields["Package"], &*package.fields["Architecture"]) {
        (name, "i386") => format!("{name}:i386"),
        (name, _) => name.clone(),
    }
}

/// One library for both; what is of i386 finds its own, and a tool that serves all.
pub(super) fn packages_of_two_architectures() {
    let of = |name: &str, arch: &str, multi_arch: &str| {
        Package::new(name, "1").field("Architecture", arch).field("Multi-Arch", multi_arch)
    };
    let library = |arch: &str, path: &str| of("zz-lib", arch, "same").file(path, b"x");
    let preinst = "#!/bin/sh\nset -e\ntest -e /usr/lib/i386-zz/lib\ntest -e /usr/share/zz/tool\n\
        dpkg-query -W zz-lib:i386\n";
    let made = install(&[
        of("aa-app", "i386", "foreign")
            .field("Pre-Depends", "zz-lib (= 1), zz-tool")
            .script("preinst", preinst),
        library("i386", "usr/lib/i386-zz/lib"),
        library("amd64", "usr/lib/amd64-zz/lib"),
        of("zz-tool", "amd64", "foreign").file("usr/share/zz/tool", b"x"),
        Package::new("zz-user", "1").field("Depends", "aa-app, zz-lib"),
    ])
    .unwrap();
    assert_eq!(text(&made, "var/lib/dpkg/arch"), "amd64\ni386\n");
    let status = text(&made, "var/lib/dpkg/status");
    let whole = status.matches("\nStatus: install ok installed").count();
    assert_eq!(whole, status.matches("\nStatus:").count());
    assert_eq!(status.matches("Package: zz-lib\n").count(), 2);
    assert!(made.tree.get("var/lib/dpkg/info/zz-lib:i386.list").is_some());
}
