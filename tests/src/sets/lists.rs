//! apt's configuration in a folder of its own, and the archive's indices as it reads them.
//!
//! Knows nothing of what is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Result, ensure};
use isoplug_packages::Index;

use crate::archive::hex;

/// Where the archive is seen, by apt outside of a root folder and by dpkg inside.
pub const REPO: &str = "/run/isoplug-sets";

/// What apt may not do as the machine's own would.
const OPTIONS: [&str; 11] = [
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    "Dir::Etc::parts=/dev/null",
    "APT::Architecture=amd64",
    "APT::Architectures=amd64",
    "APT::Sandbox::User=root",
    "Debug::NoLocking=1",
    "Dpkg::Use-Pty=0",
    "Dpkg::Options::=--force-unsafe-io",
    "Dpkg::Options::=--force-confdef,confold",
    "Dpkg::Options::=--log=/dev/null",
];

/// How an index lists the packages of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// As the archive does.
    AsIs,
    /// The last package first, which decides between packages that apt holds for alike.
    Backwards,
}

/// What apt reads.
pub struct Lists {
    folder: PathBuf,
    name: &'static str,
}

impl Lists {
    /// Takes the indices of a folder, and writes them first if they are not there yet. `root` has a state of dpkg.
    ///
    /// # Errors
    /// A file cannot be written, or apt refuses the indices.
    pub fn new(folder: &Path, indices: &[Index], listed: Listed, root: &Path) -> Result<Self> {
        let name = if listed == Listed::AsIs { "lists" } else { "lists-backwards" };
        let lists = Self { folder: folder.to_owned(), name };
        let read = lists.path("read");
        if !read.exists() {
            lists.write(indices, listed)?;
            let update = lists.run(root, &["update"])?;
            ensure!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
            fs::write(read, "")?;
        }
        Ok(lists)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(self.name).join(name)
    }

    fn write(&self, indices: &[Index], listed: Listed) -> Result<()> {
        let mut lines = String::new();
        for (number, index) in indices.iter().enumerate() {
            let suite = format!("{}{number}", self.name);
            let release = self.folder.join("repo/dists").join(&suite);
            let folder = release.join("main/binary-amd64");
            fs::create_dir_all(&folder)?;
            let text = match listed {
                Listed::AsIs => index.text.clone(),
                Listed::Backwards => backwards(&index.text),
            };
            fs::write(folder.join("Packages"), &text)?;
            fs::write(release.join("Release"), release_text(&suite, &text))?;
            lines += &format!("deb [arch=amd64 trusted=yes] file:{REPO} {suite} main\n");
        }
        for folder in ["lists/partial", "cache/archives/partial", "log"] {
            fs::create_dir_all(self.path(folder))?;
        }
        Ok(fs::write(self.path("sources.list"), lines)?)
    }

    /// Starts apt-get on a root folder.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, root: &Path, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(root).args(arguments).output()?)
    }

    /// Returns apt-get for a root folder, with nothing to do yet.
    pub fn command(&self, root: &Path) -> Command {
        let path = |name: &str| self.path(name).display().to_string();
        let status = root.join("var/lib/dpkg/status");
        let places = [
            format!("Dir::State={}", path("")),
            format!("Dir::State::status={}", status.display()),
            format!("Dir::State::extended_states={}", path("extended_states")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::Log={}", path("log")),
            format!("Dir::Etc::sourcelist={}", path("sources.list")),
            format!("Dpkg::Chroot-Directory={}", root.display()),
        ];
        let mut command = Command::new("apt-get");
        command.env_clear().env("APT_CONFIG", "/dev/null").env("LC_ALL", "C");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
        for option in OPTIONS.into_iter().chain(places.iter().map(String::as_str)) {
            command.args(["-o", option]);
        }
        command
    }
}

fn release_text(suite: &str, packages: &str) -> String {
    let (digest, size) = (hex(packages.as_bytes()), packages.len());
    format!(
        "Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: amd64\n\
         Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n {digest} {size} \
         main/binary-amd64/Packages\n"
    )
}

/// Returns an index with its last package first.
fn backwards(text: &str) -> String {
    let stanzas: Vec<&str> =
        text.split("\n\n").filter(|stanza| !stanza.trim().is_empty()).collect();
    stanzas.iter().rev().map(|stanza| format!("{}\n\n", stanza.trim_matches('\n'))).collect()
}
