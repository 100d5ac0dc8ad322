//! A medium with packages on it: what apt of this machine makes of its archive, with the image's own state of packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isoplug_formats::tree::sorted_names;
use isoplug_tests::real::{self, Medium, sha256};
use isoplug_tests::require;

use super::Shipped;

/// The key of RFC 8410, section 10.3, which everybody knows.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";

fn example() -> Shipped {
    let example = Shipped::copy("offline");
    example.space.write("examples/offline/offline.key", KEY);
    example
}

/// apt of this machine that knows what the image has, its key, and one source: a folder.
struct Apt {
    folder: tempfile::TempDir,
}

impl Apt {
    fn new(medium: &Medium, archive: &Path) -> Self {
        let apt = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["etc/apt/preferences.d", "state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(apt.path(folder)).unwrap();
        }
        apt.write("status", &medium.text_of_rootfs("var/lib/dpkg/status"));
        apt.write("key.asc", &medium.text_of_rootfs("etc/apt/keyrings/isoplug-pool.asc"));
        let source = medium.text_of_rootfs("etc/apt/sources.list.d/isoplug-pool.sources");
        let source = source
            .replace("/run/live/medium", archive.to_str().unwrap())
            .replace("/etc/apt/keyrings/isoplug-pool.asc", apt.path("key.asc").to_str().unwrap());
        apt.write("pool.sources", &source);
        let preferences = medium.text_of_rootfs("etc/apt/preferences.d/isoplug-pool.pref");
        apt.write("etc/apt/preferences.d/isoplug-pool.pref", &preferences);
        apt
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs one of apt's programs without a network; returns whether it succeeded, and all that it says.
    fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let of = |name: &str| self.path(name).display().to_string();
        let options = [
            format!("Dir::Etc={}", of("etc/apt")),
            format!("Dir::Etc::SourceList={}", of("pool.sources")),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State={}", of("state")),
            format!("Dir::State::status={}", of("status")),
            format!("Dir::Cache={}", of("cache")),
            "APT::Architecture=amd64".to_owned(),
            "APT::Architectures=amd64".to_owned(),
            "APT::Update::Error-Mode=any".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
        ];
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net", program]).env("LC_ALL", "C");
        for option in &options {
            command.args(["-o", option]);
        }
        let output = command.args(arguments).current_dir(self.folder.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    fn ok(&self, program: &str, arguments: &[&str]) -> String {
        let (done, said) = self.run(program, arguments);
        assert!(done, "{program} {arguments:?}: {said}");
        said
    }
}

fn apt_is_there() -> bool {
    let quiet = |mut command: Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|one| one.success())
    };
    let mut alone = Command::new("unshare");
    alone.args(["--map-root-user", "--net", "apt-get", "--version"]);
    quiet(alone)
}

#[test]
fn apt_installs_from_the_medium_without_a_network() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    require!(apt_is_there(), "there is no apt-get, or no namespace for it");
    let _turn = real::turn();
    let medium = example().build();
    let apt = Apt::new(&medium, &medium.path(""));
    apt.ok("apt-get", &["update"]);
    let plan = apt.ok("apt-get", &["--simulate", "install", "jq", "tree"]);
    for name in ["jq", "libjq1", "tree"] {
        assert!(plan.contains(&format!("\nInst {name} (")), "{plan}");
    }
    let taken = plan.lines().filter(|line| line.starts_with("Inst ")).count();
    let index = medium.text("dists/isoplug/main/binary-amd64/Packages");
    let listed = index.lines().filter(|line| line.starts_with("Package: ")).count();
    assert_eq!(taken, listed, "the medium has what the image lacks, and nothing twice: {plan}");
    apt.ok("apt-get", &["download", "jq"]);
    let names = sorted_names(&apt.path("")).unwrap();
    let deb = names.iter().map(|name| apt.path("").join(name));
    let deb = { deb }.find(|path| path.extension().is_some_and(|ending| ending == "deb"));
    let digest = sha256(&deb.expect("the package"));
    assert!(index.contains(&format!("SHA256: {digest}\n")), "{digest}");
    let policy = apt.ok("apt-cache", &["policy"]);
    assert!(policy.contains(" 400 file:") && policy.contains("o=isoplug,a=isoplug"), "{policy}");
}

#[test]
fn apt_believes_no_changed_archive() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    require!(apt_is_there(), "there is no apt-get, or no namespace for it");
    let _turn = real::turn();
    let medium = example().build();
    let copy = tempfile::tempdir().unwrap();
    let archive = copy.path().join("archive");
    let copied = Command::new("cp").arg("-r").arg(medium.path("")).arg(&archive).status();
    assert!(copied.unwrap().success());
    let change = |name: &str, from: &str, to: &str| {
        let path = archive.join("dists/isoplug").join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).unwrap();
        text
    };
    let refused = || Apt::new(&medium, &archive).run("apt-get", &["update"]);
    Apt::new(&medium, &archive).ok("apt-get", &["update"]);

    let packed = archive.join("dists/isoplug/main/binary-amd64/Packages.xz");
    let bytes = fs::read(&packed).unwrap();
    let mut others = bytes.clone();
    others[100] ^= 1;
    fs::write(&packed, others).unwrap();
    let (done, said) = refused();
    assert!(!done && said.contains("Hash Sum mismatch"), "{said}");
    fs::write(&packed, bytes).unwrap();

    let signed = change("InRelease", "Components: main", "Components: mean");
    let (done, said) = refused();
    // As gpgv says it, and sqv.
    let is_bad = said.contains("BADSIG") || said.contains("bad signature");
    assert!(!done && is_bad, "{said}");
    fs::remove_file(archive.join("dists/isoplug/InRelease")).unwrap();
    let (done, said) = refused();
    assert!(!done && said.contains("is not signed"), "{said}");
    fs::write(archive.join("dists/isoplug/InRelease"), signed).unwrap();
    assert!(refused().0, "it is the archive again");
}

#[test]
fn papers_tell_what_only_lies_on_the_medium() {
    let _turn = real::turn();
    let example = example();
    let iso = example.space.ok(&["build", &example.folder]);
    let beside = |ending: &str| example.space.read(&format!("{}.{ending}", iso.trim()));
    assert!(!beside("packages").contains("jq "), "it is not installed");
    assert!(beside("spdx.json").contains("on the medium, not installed"));
    let lock = beside("lock");
    let offline = lock.split_once("offline = [\n").expect("a list of its own").1;
    assert!(offline.split_once(']').unwrap().0.contains("\"jq "), "{lock}");
    let changed = example.manifest().replace("[\"jq\", \"tree\"]", "[\"jq\", \"tre\"]");
    example.space.write("examples/offline/isoplug.toml", &changed);
    let said = example.space.run(&["lock", &example.folder]);
    assert!(said.starts_with("exit: 3") || said.starts_with("exit: 2"), "{said}");
    assert!(said.contains("no source has the package `tre`"), "{said}");
    assert!(said.contains("packages.offline = [\"jq\", \"tre\"]"), "{said}");
}
