//! apt of this machine, asked what it would install into an empty root.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use isoplug_packages::Index;

/// apt with nothing installed and our indices, in a folder of its own.
pub(super) struct Apt {
    root: tempfile::TempDir,
    architectures: String,
}

impl Apt {
    /// Returns `None` if there is no apt-get.
    pub(super) fn new(indices: &[Index]) -> Option<Self> {
        Self::with(indices, "")
    }

    /// Sets it up with preferences, as in apt_preferences(5).
    pub(super) fn with(indices: &[Index], preferences: &str) -> Option<Self> {
        Self::of(&[("amd64", indices)], preferences)
    }

    /// Sets it up with the indices of several architectures, which are of the same suites; the first is its own.
    pub(super) fn of(all: &[(&str, &[Index])], preferences: &str) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let names = |between| all.iter().map(|(arch, _)| *arch).collect::<Vec<_>>().join(between);
        let mut lines = String::new();
        for number in 0..all[0].1.len() {
            let suite = format!("s{number}");
            let mut release = format!(
                "Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: {}\n\
                 Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n",
                names(" ")
            );
            let top = root.path().join("repo/dists").join(&suite);
            for (arch, indices) in all {
                let (path, text) = (format!("main/binary-{arch}/Packages"), &indices[number].text);
                fs::create_dir_all(top.join(&path).parent().unwrap()).unwrap();
                fs::write(top.join(&path), text).unwrap();
                let digest = isoplug_tests::archive::hex(text.as_bytes());
                release += &format!(" {digest} {} {path}\n", text.len());
            }
            fs::write(top.join("Release"), release).unwrap();
            let repo = root.path().join("repo").display().to_string();
            let line = format!("deb [arch={} trusted=yes] file:{repo} {suite} main\n", names(","));
            lines += &line;
        }
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("status"), "").unwrap();
        fs::write(root.path().join("sources.list"), lines).unwrap();
        fs::write(root.path().join("preferences"), preferences).unwrap();
        let apt = Self { root, architectures: names(",") };
        let update = apt.run(&["update"])?;
        assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
        Some(apt)
    }

    fn run(&self, arguments: &[&str]) -> Option<std::process::Output> {
        let path = |name: &str| Path::display(&self.root.path().join(name)).to_string();
        let options = [
            format!("Dir::State={}", path("state")),
            format!("Dir::State::status={}", path("status")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::Etc::sourcelist={}", path("sources.list")),
            format!("Dir::Etc::preferences={}", path("preferences")),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            "Dir::Etc::preferencesparts=/dev/null".to_owned(),
            "Dir::Etc::parts=/dev/null".to_owned(),
            "APT::Architecture=amd64".to_owned(),
            format!("APT::Architectures={}", self.architectures),
            "APT::Sandbox::User=root".to_owned(),
        ];
        let options = options.iter().flat_map(|option| ["-o".to_owned(), option.clone()]);
        let mut command = Command::new("apt-get");
        command.args(options).args(arguments).env("APT_CONFIG", "/dev/null").env("LC_ALL", "C");
        command.output().ok()
    }

    /// Returns the names that apt would install.
    pub(super) fn install(&self, wishes: &BTreeSet<&str>, recommends: bool) -> BTreeSet<String> {
        let wishes = wishes.iter().map(|wish| (*wish).to_owned()).collect();
        let chosen = self.chosen(&wishes, recommends);
        chosen.iter().filter_map(|one| Some(one.split_once('=')?.0.to_owned())).collect()
    }

    /// Returns what apt would install, as `name=version`.
    fn chosen(&self, wishes: &BTreeSet<String>, recommends: bool) -> BTreeSet<String> {
        self.tried(wishes, recommends).unwrap_or_else(|said| panic!("{said}"))
    }

    /// Returns the same, or what apt says where it gives up.
    pub(super) fn tried(
        &self,
        wishes: &BTreeSet<String>,
        recommends: bool,
    ) -> Result<BTreeSet<String>, String> {
        let recommends = format!("APT::Install-Recommends={recommends}");
        let mut arguments = vec!["-s", "-o", &recommends, "install"];
        arguments.extend(wishes.iter().map(String::as_str));
        let output = self.run(&arguments).unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return Err(text + &String::from_utf8_lossy(&output.stderr));
        }
        let installed = text.lines().filter_map(|line| line.strip_prefix("Inst "));
        let exact = installed.filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let version = rest.strip_prefix('(')?.split(' ').next()?;
            Some(format!("{name}={version}"))
        });
        Ok(exact.collect())
    }
}
