//! Makes a tiny apt archive, signed with a fresh key, and serves it on the loopback interface.
//!
//! Pure Rust: needs no dpkg, gpg or web server. A server can be told to misbehave ([`Fault`]).

mod layout;
mod package;
mod server;
mod signing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub use layout::{Layout, Signed, packed};
pub use package::Package;
pub use server::{Fault, Server};
pub use signing::Key;

/// An archive in a temporary folder, as a mirror has it.
#[derive(Debug)]
pub struct Archive {
    folder: TempDir,
    /// The key that signs its releases.
    pub key: Key,
    /// What each Release says besides its files: `Date`, `Valid-Until` and so on.
    pub release: BTreeMap<String, String>,
}

impl Archive {
    /// Makes an empty archive with a fresh key.
    pub fn new() -> Result<Self> {
        let release = [
            ("Origin", "Test"),
            ("Date", "Sat, 21 Nov 2026 02:10:46 UTC"),
            ("Acquire-By-Hash", "yes"),
            ("No-Support-for-Architecture-all", "Packages"),
        ];
        let release = release.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self {
            folder: TempDir::new()?,
            key: Key::generate()?,
            release: BTreeMap::from(release),
        })
    }

    /// Makes an archive with one suite, `main` and `amd64`.
    pub fn with(suite: &str, packages: &[Package]) -> Result<Self> {
        let archive = Self::new()?;
        archive.publish(suite, "main", "amd64", packages)?;
        Ok(archive)
    }

    /// Returns the folder that a server must serve.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Begins to serve it.
    pub fn serve(&self) -> Result<Server> {
        Server::start(self.folder())
    }

    /// Writes the packages and the indices of a suite, in place of what it had.
    pub fn publish(
        &self,
        suite: &str,
        component: &str,
        architecture: &str,
        packages: &[Package],
    ) -> Result<()> {
        let mut index = String::new();
        for package in packages {
            let bytes = package.to_deb()?;
            let path = format!("pool/{component}/{}", package.file_name());
            self.write(&path, &bytes)?;
            index += &package.stanza(&path, bytes.len(), &hex(&bytes));
            index.push('\n');
        }
        self.write_indices(suite, component, architecture, index.as_bytes())?;
        self.sign(suite, component, architecture)
    }

    /// Writes source packages of one file each, by name and version, in place of those that the suite had. Its Release
    /// names them once packages are published.
    pub fn publish_sources(
        &self,
        suite: &str,
        component: &str,
        sources: &[(&str, &str)],
    ) -> Result<()> {
        let mut index = String::new();
        for (name, version) in sources {
            let (folder, file) =
                (format!("pool/{component}/{name}"), format!("{name}_{version}.dsc"));
            let bytes = format!("Source: {name}\nVersion: {version}\n");
            self.write(&format!("{folder}/{file}"), bytes.as_bytes())?;
            let sum = format!(" {} {} {file}", hex(bytes.as_bytes()), bytes.len());
            index += &format!(
                "Package: {name}\nVersion: {version}\nChecksums-Sha256:\n{sum}\nDirectory: {folder}\n\n"
            );
        }
        let packed = package::xz(index.as_bytes())?;
        self.write(&format!("dists/{suite}/{component}/source/Sources.xz"), &packed)?;
        self.write(
            &format!("dists/{suite}/{component}/source/by-hash/SHA256/{}", hex(&packed)),
            &packed,
        )
    }

    /// Replaces a file below the archive's root.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(path);
        fs::create_dir_all(path.parent().context("a path has a folder")?)?;
        Ok(fs::write(path, bytes)?)
    }

    /// Returns where a file of the archive is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write_indices(
        &self,
        suite: &str,
        component: &str,
        architecture: &str,
        text: &[u8],
    ) -> Result<()> {
        let folder = format!("dists/{suite}/{component}/binary-{architecture}");
        let packed = package::xz(text)?;
        for (name, bytes) in [("Packages", text), ("Packages.xz", &packed)] {
            self.write(&format!("{folder}/{name}"), bytes)?;
            self.write(&format!("{folder}/by-hash/SHA256/{}", hex(bytes)), bytes)?;
        }
        Ok(())
    }

    fn sign(&self, suite: &str, component: &str, architecture: &str) -> Result<()> {
        let mut text = format!(
            "Suite: {suite}\nCodename: {suite}\nComponents: {component}\nArchitectures: all {architecture}\n"
        );
        for (name, value) in &self.release {
            text += &format!("{name}: {value}\n");
        }
        text += "SHA256:\n";
        let names = ["Packages", "Packages.xz"];
        let all = ["amd64", "arm64"].map(|arch| names.map(|name| index(component, arch, name)));
        let is_there = |path: &String| self.path(&format!("dists/{suite}/{path}")).is_file();
        let packages = all.into_iter().flatten().filter(is_there);
        let sources = format!("{component}/source/Sources.xz");
        let has_sources = self.path(&format!("dists/{suite}/{sources}")).is_file();
        for path in packages.chain(has_sources.then_some(sources)) {
            let bytes = fs::read(self.path(&format!("dists/{suite}/{path}")))?;
            text += &format!(" {} {:>8} {path}\n", hex(&bytes), bytes.len());
        }
        let signed = self.key.sign(&text)?;
        self.write(&format!("dists/{suite}/InRelease"), signed.as_bytes())
    }
}

fn index(component: &str, architecture: &str, name: &str) -> String {
    format!("{component}/binary-{architecture}/{name}")
}

/// Returns the SHA-256 in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
