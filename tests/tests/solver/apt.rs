//! apt of this machine, asked what it would install into an empty root.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use isoplug_packages::Index;

/// apt with nothing installed and our indices, in a folder of its own.
pub(super) struct Apt {
    root: tempfile::TempDir,
}

impl Apt {
    /// Returns `None` if there is no apt-get.
    pub(super) fn new(indices: &[Index]) -> Option<Self> {
        Self::with(indices, "")
    }

    /// Sets it up with preferences, as in apt_preferences(5).
    pub(super) fn with(indices: &[Index], preferences: &str) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (number, index) in indices.iter().enumerate() {
            let suite = format!("s{number}");
            let folder = root.path().join(format!("repo/dists/{suite}/main/binary-amd64"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("Packages"), &index.text).unwrap();
            let digest = isoplug_tests::archive::hex(index.text.as_bytes());
            let release = format!(
                "Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: amd64\n\
                 Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n {digest} {} main/binary-amd64/Packages\n",
                index.text.len()
            );
            fs::write(root.path().join(format!("repo/dists/{suite}/Release")), release).unwrap();
            let repo = root.path().join("repo");
            lines +=
                &format!("deb [arch=amd64 trusted=yes] file:{} {suite} main\n", repo.display());
        }
        for folder in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("status"), "").unwrap();
        fs::write(root.path().join("sources.list"), lines).unwrap();
        fs::write(root.path().join("preferences"), preferences).unwrap();
        let apt = Self { root };
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
            "APT::Architectures=amd64".to_owned(),
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
            Some(format!("{}={version}", name.split(':').next()?))
        });
        Ok(exact.collect())
    }
}
