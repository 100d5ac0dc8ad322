//! A space whose manifest takes its packages from a tiny archive on the loopback interface.

use crate::archive::{Archive, Package, Server};
use crate::space::Space;

/// The file that boots by UEFI.
const LOADER: &str = "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed";

/// An archive, its server, and a space with a manifest that uses them.
pub struct Served {
    /// The folder with `isoplug.toml` and `archive.asc`.
    pub space: Space,
    /// The archive; it has the suite `stable`.
    pub archive: Archive,
    /// The server of the archive.
    pub server: Server,
}

impl Default for Served {
    fn default() -> Self {
        Self::new(&packages())
    }
}

/// The source packages of [`packages`] as [`Served::with_sources`] has them.
pub const SOURCES: [(&str, &str); 6] = [
    ("base", "1"),
    ("grub-efi-amd64-signed", "1"),
    ("lib", "2.0"),
    ("lib", "2.1"),
    ("linux-image-amd64", "1"),
    ("suite", "2-1"),
];

/// Returns packages of a small but whole archive: `app` needs `lib`, and `base` is Essential.
pub fn packages() -> Vec<Package> {
    vec![
        Package::new("base", "1").field("Essential", "yes").field("Priority", "required"),
        Package::new("app", "1.0-1")
            .field("Depends", "lib (>= 2)")
            .file("usr/bin/app", b"#!/bin/sh\n"),
        Package::new("lib", "2.1").file("usr/lib/lib.so", &[7; 40_000]),
        Package::new("tool", "3").file("usr/bin/tool", b"#!/bin/sh\n"),
        Package::new("linux-image-amd64", "1"),
        Package::new("grub-efi-amd64-signed", "1").file(LOADER, b"MZ"),
    ]
}

impl Served {
    /// Publishes the packages and writes a manifest whose profile `p` installs `app`.
    pub fn new(packages: &[Package]) -> Self {
        Self::of(Archive::with("stable", packages).expect("an archive"))
    }

    /// As [`Served::default`], with these source packages: `app` was built of one of another name, with files of `lib` in it.
    pub fn with_sources(sources: &[(&str, &str)]) -> Self {
        let archive = Archive::new().expect("an archive");
        let built = |package: Package| match &*package.fields["Package"] {
            "app" => package.field("Source", "suite (2-1)").field("Built-Using", "lib (= 2.0)"),
            _ => package,
        };
        let packages: Vec<Package> = packages().into_iter().map(built).collect();
        archive.publish_sources("stable", "main", sources).expect("sources");
        archive.publish("stable", "main", "amd64", &packages).expect("packages");
        Self::of(archive)
    }

    /// Serves an archive that is there, with such a manifest.
    pub fn of(archive: Archive) -> Self {
        let server = archive.serve().expect("a server");
        let served = Self { space: Space::new(), archive, server };
        served.space.write("archive.asc", &served.archive.key.public().expect("a key"));
        served.write(&served.manifest(r#"packages.install = ["app"]"#));
        served
    }

    /// Returns a manifest with this profile.
    pub fn manifest(&self, profile: &str) -> String {
        let url = self.server.url();
        format!(
            r#"[image]
name = "tiny"

[sources.tiny]
suite = "stable"
mirrors = ["{url}"]
keyring = "archive.asc"

[profiles.p]
networking.backend = "none"
boot = {{ bios = false, secure-boot = false }}
{profile}
"#
        )
    }

    /// Writes the manifest.
    pub fn write(&self, manifest: &str) {
        self.space.write("isoplug.toml", manifest);
    }

    /// Replaces a piece of the manifest, which must be there.
    pub fn change(&self, old: &str, new: &str) {
        let manifest = self.space.read("isoplug.toml");
        assert!(manifest.contains(old), "no {old} in the manifest");
        self.write(&manifest.replace(old, new));
    }

    /// Publishes other packages in place of those that are there.
    pub fn publish(&self, packages: &[Package]) {
        self.archive.publish("stable", "main", "amd64", packages).expect("an archive");
    }

    /// Runs the command as [`Space::run`] does; the server's address and the key are replaced too.
    pub fn run(&self, arguments: &[&str]) -> String {
        self.plain(&self.space.run(arguments))
    }

    /// Replaces the server's address and the fingerprint of the archive's key.
    pub fn plain(&self, text: &str) -> String {
        // The underline of a drawn address is as long as the port has digits, so it goes too.
        text.replace(&self.server.url(), "http://mirror")
            .replace(&self.archive.key.fingerprint(), "[KEY]")
    }
}
