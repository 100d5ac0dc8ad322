//! apt's side: what apt of this machine chooses and installs, over the same base and from the same
//! indices, as `mmdebstrap` would have it do.
//!
//! Each set is installed in an overlay over one laid-down base, in namespaces of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use isoplug_engine::Digest;
use isoplug_formats::tree::lay;
use isoplug_manifest::lock::LockedPackage;
use isoplug_packages::Index;

use super::Set;
use super::choice::{Difference, Question};
use super::layers::{Layers, Made};
use super::lists::{Listed, Lists, REPO};
use super::root::Root;

/// apt with a folder of its own.
pub struct Apt {
    folder: PathBuf,
    lists: Lists,
    backwards: Lists,
    epoch: u32,
}

impl Apt {
    /// Lays the base down and lets apt read the indices.
    pub fn new(indices: &[Index], base: &Made, folder: &Path, epoch: u32) -> Result<Self> {
        let folder = folder.join("apt");
        let made = folder.join("made");
        if !made.exists() && folder.exists() {
            fs::remove_dir_all(&folder).context("an unfinished folder")?;
        }
        show(&folder.join("repo"))?;
        let root = folder.join("base");
        if !made.exists() {
            match lay::lay(&base.tree, &base.packs, &root) {
                Ok(()) | Err(lay::Error::Devices { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            fs::write(made, "")?;
        }
        let lists = Lists::new(&folder, indices, Listed::AsIs, &root)?;
        let backwards = Lists::new(&folder, indices, Listed::Backwards, &root)?;
        Ok(Self { folder, lists, backwards, epoch })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns how apt's own choice for the wishes and the base, with nothing installed, differs
    /// from these packages.
    pub fn choice(&self, set: &Set, packages: &[LockedPackage]) -> Result<Difference> {
        let status = fs::read_to_string(self.path("base/var/lib/dpkg/status"))?;
        let empty = self.path("empty");
        fs::create_dir_all(empty.join("var/lib/dpkg"))?;
        fs::write(empty.join("var/lib/dpkg/status"), "")?;
        let question = Question {
            wishes: set.install.iter().map(String::as_str).collect(),
            base: status.lines().filter_map(|line| line.strip_prefix("Package: ")).collect(),
            recommends: set.recommends,
            empty: &empty,
        };
        let ours = packages.iter().map(|package| package.name.as_str()).collect();
        question.compare(&ours, [&self.lists, &self.backwards])
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
        let script = format!("{INSIDE}exec setarch --addr-no-randomize \"$@\"");
        let mut command = Command::new("unshare");
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--uts", "--ipc"];
        command.args(namespaces).args(["sh", "-ec", &script, "sh"]);
        let apt = self.lists.command(&root.merged());
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

/// Shows an archive where apt and dpkg look for it.
fn show(archive: &Path) -> Result<()> {
    fs::create_dir_all(archive)?;
    fs::create_dir_all(REPO)?;
    let mut mount = Command::new("mount");
    mount.arg("--bind").arg(archive).arg(REPO);
    ensure!(mount.status()?.success(), "the archive cannot be shown");
    Ok(())
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
[ -e "$ROOT/etc/hosts" ] || printf '127.0.0.1\tlocalhost\n' > "$ROOT/etc/hosts"
printf '127.0.1.1\tisoplug\n' >> "$ROOT/etc/hosts"
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
