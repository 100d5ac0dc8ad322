//! apt's side: what apt of this machine chooses and installs, over the same base and from the same
//! indices, as `mmdebstrap` would have it do.
//!
//! Each set is installed in an overlay over one laid-down base, in namespaces of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use isoplug_engine::Digest;
use isoplug_formats::tree::lay;
use isoplug_manifest::lock::LockedPackage;
use isoplug_packages::Index;

use super::Set;
use super::layers::{Layers, Made};
use super::root::Root;
use crate::archive::hex;

/// apt with a folder of its own.
pub struct Apt {
    folder: PathBuf,
    epoch: u32,
}

/// Where the archive is seen, by apt outside of a root folder and by dpkg inside.
const REPO: &str = "/run/isoplug-sets";

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

impl Apt {
    /// Lays the base down and lets apt read the indices.
    pub fn new(indices: &[Index], base: &Made, folder: &Path, epoch: u32) -> Result<Self> {
        let apt = Self { folder: folder.join("apt"), epoch };
        let made = apt.path("made");
        if !made.exists() && apt.folder.exists() {
            fs::remove_dir_all(&apt.folder).context("an unfinished folder")?;
        }
        fs::create_dir_all(apt.path("repo"))?;
        fs::create_dir_all(REPO)?;
        let mount = Command::new("mount").arg("--bind").arg(apt.path("repo")).arg(REPO).status()?;
        ensure!(mount.success(), "the archive cannot be shown");
        if made.exists() {
            return Ok(apt);
        }
        apt.make(indices, base)?;
        fs::write(made, "")?;
        Ok(apt)
    }

    fn make(&self, indices: &[Index], base: &Made) -> Result<()> {
        match lay::lay(&base.tree, &base.packs, &self.path("base")) {
            Ok(()) | Err(lay::Error::Devices { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.write_indices(indices)?;
        let update = self.run(&self.path("base"), &["update"])?;
        ensure!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write_indices(&self, indices: &[Index]) -> Result<()> {
        let mut lines = String::new();
        for (number, index) in indices.iter().enumerate() {
            let release = self.path(&format!("repo/dists/s{number}"));
            let folder = release.join("main/binary-amd64");
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("Packages"), &index.text)?;
            let (digest, size) = (hex(index.text.as_bytes()), index.text.len());
            let text = format!(
                "Suite: s{number}\nCodename: s{number}\nComponents: main\nArchitectures: amd64\n\
                 Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n {digest} {size} \
                 main/binary-amd64/Packages\n"
            );
            fs::write(release.join("Release"), text)?;
            lines += &format!("deb [arch=amd64 trusted=yes] file:{REPO} s{number} main\n");
        }
        for folder in ["lists/partial", "cache/archives/partial", "log"] {
            fs::create_dir_all(self.path(folder))?;
        }
        Ok(fs::write(self.path("sources.list"), lines)?)
    }

    /// Starts apt-get on a root folder.
    fn run(&self, root: &Path, arguments: &[&str]) -> Result<Output> {
        Ok(self.command("apt-get", root).args(arguments).output()?)
    }

    fn command(&self, program: &str, root: &Path) -> Command {
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
        let mut command = Command::new(program);
        command.env_clear().env("APT_CONFIG", "/dev/null").env("LC_ALL", "C");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
        for option in OPTIONS.into_iter().chain(places.iter().map(String::as_str)) {
            command.args(["-o", option]);
        }
        command
    }

    /// Returns how apt's own choice for the wishes and the base, with nothing installed, differs
    /// from these packages: `+name` has only isoplug, `-name` only apt.
    pub fn choice(&self, set: &Set, packages: &[LockedPackage]) -> Result<Vec<String>> {
        let recommends = format!("APT::Install-Recommends={}", set.recommends);
        let status = fs::read_to_string(self.path("base/var/lib/dpkg/status"))?;
        let base = status.lines().filter_map(|line| line.strip_prefix("Package: "));
        let mut arguments = vec!["-s", "-o", &recommends, "install"];
        arguments.extend(set.install.iter().map(String::as_str).chain(base));
        let empty = self.path("empty");
        fs::create_dir_all(empty.join("var/lib/dpkg"))?;
        fs::write(empty.join("var/lib/dpkg/status"), "")?;
        let output = self.run(&empty, &arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let chosen = text.lines().filter_map(|line| line.strip_prefix("Inst "));
        let theirs: BTreeSet<&str> =
            chosen.filter_map(|line| line.split([' ', ':']).next()).collect();
        let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let more = ours.difference(&theirs).map(|name| format!("+{name}"));
        let fewer = theirs.difference(&ours).map(|name| format!("-{name}"));
        Ok(more.chain(fewer).collect())
    }

    /// Puts packages where the indices say that they are.
    pub fn offer(&self, packages: &[LockedPackage], layers: &Layers) -> Result<()> {
        for package in packages {
            let path = self.path("repo").join(&*package.path);
            if !path.exists() {
                fs::create_dir_all(path.parent().context("a folder")?)?;
                let digest = Digest::from_hex(&package.sha256).context("a digest")?;
                let blob = layers.store.blob_path(&digest);
                fs::hard_link(&blob, &path).or_else(|_| fs::copy(&blob, &path).map(|_| ()))?;
            }
        }
        Ok(())
    }

    /// Lets apt install exactly these packages; the last lines that it said, if it fails.
    pub fn install(&self, packages: &[LockedPackage]) -> Result<Result<Root, String>> {
        let root = Root::new(&self.folder, packages.iter().map(|package| package.size).sum())?;
        root.prepare()?;
        let output = self.installing(packages, &root).stdin(Stdio::null()).output()?;
        fs::write(self.path("last.log"), [&output.stdout[..], &output.stderr].concat())?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            return Ok(Err(complaint(&(text + &errors))));
        }
        root.tidy()?;
        Ok(Ok(root))
    }

    fn installing(&self, packages: &[LockedPackage], root: &Root) -> Command {
        let script = format!("{INSIDE}exec \"$@\"");
        let mut command = Command::new("unshare");
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--uts", "--ipc"];
        command.args(namespaces).args(["sh", "-ec", &script, "sh"]);
        let apt = self.command("apt-get", &root.merged());
        let exactly = ["-y", "--allow-downgrades", "-o", "APT::Install-Recommends=false"];
        command.arg(apt.get_program()).args(apt.get_args()).args(exactly).arg("install");
        let exact = |package: &LockedPackage| format!("{}={}", package.name, package.version);
        command.args(packages.iter().map(exact));
        command.env_clear().envs(ENVIRONMENT).env("APT_CONFIG", "/dev/null");
        command.env("ROOT", root.merged()).env("REPO", REPO);
        command.env("SOURCE_DATE_EPOCH", self.epoch.to_string());
        command
    }
}

/// The surroundings that isoplug gives to scripts, made in the namespaces of a command.
const INSIDE: &str = r#"
hostname isoplug
mount --make-rprivate /
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=0755,nosuid tmpfs "$ROOT/dev"
for name in null zero full random urandom tty; do
    : > "$ROOT/dev/$name"; mount --bind "/dev/$name" "$ROOT/dev/$name"
done
ln -s /proc/self/fd "$ROOT/dev/fd"
ln -s /proc/self/fd/0 "$ROOT/dev/stdin"
ln -s /proc/self/fd/1 "$ROOT/dev/stdout"
ln -s /proc/self/fd/2 "$ROOT/dev/stderr"
ln -s pts/ptmx "$ROOT/dev/ptmx"
mkdir "$ROOT/dev/pts" "$ROOT/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$ROOT/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$ROOT/dev/shm"
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$ROOT/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$ROOT/tmp"
mkdir "$ROOT/run/stubs"
printf '#!/bin/sh\nexit 0\n' > "$ROOT/run/stubs/update-initramfs"
chmod 755 "$ROOT/run/stubs/update-initramfs"
cp "$ROOT/run/stubs/update-initramfs" "$ROOT/run/stubs/dracut"
cp "$ROOT/run/stubs/update-initramfs" "$ROOT/run/stubs/ssh-keygen"
mkdir -p "$ROOT/$REPO"
mount --bind "$REPO" "$ROOT/$REPO"
umask 022
"#;

const ENVIRONMENT: [(&str, &str); 11] = [
    ("PATH", "/run/stubs:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("HOME", "/root"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("TERM", "dumb"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
    ("DEBCONF_NOWARNINGS", "yes"),
    ("PERL_HASH_SEED", "0"),
    ("PYTHONHASHSEED", "0"),
    ("FORCE_SOURCE_DATE", "1"),
];

/// Returns what dpkg or apt said of the first failure.
fn complaint(text: &str) -> String {
    let is_error = |line: &&str| line.starts_with("dpkg: error") || line.starts_with("E: ");
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(is_error);
    let from = first.unwrap_or(lines.len().saturating_sub(3));
    lines[from..].iter().take(2).map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

impl Drop for Apt {
    fn drop(&mut self) {
        _ = Command::new("umount").arg(REPO).status();
    }
}
