//! The minimal example, built from the real archive once and shared by the tests of a run.

mod compare;
mod medium;
mod signal;
mod strangers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use isoplug_engine::{Digest, Store};
use isoplug_formats::tree::Tree;
use isoplug_formats::tree::pack::Packs;
use sha2::{Digest as _, Sha256};

pub use compare::{compare, read_mounted};
pub use medium::Medium;
pub use signal::stop_in;
pub use strangers::{as_backhand_sees, read_by_backhand, read_by_unsquashfs};

use crate::space::{Space, isoplug};

/// The name of the ISO of the minimal example.
const ISO: &str = "out/minimal-2026.11-amd64.iso";

/// What a test program leaves in the shared store for the next one; all that they build takes some 20 GB.
const LARGEST_STORE: &str = "6GB";

/// A copy of an example with a store of its own.
pub struct Example {
    /// Where it is.
    pub space: Space,
}

static TURN: RwLock<()> = RwLock::new(());

/// Lets one test at a time use the machine and the shared example.
pub fn turn() -> RwLockWriteGuard<'static, ()> {
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a test use one processor and look at the shared example beside others that do no more.
pub fn shared_turn() -> RwLockReadGuard<'static, ()> {
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the minimal example with its ISO, which is built the first time. The folder outlives the
/// test program, so that those after it need not build again.
pub fn minimal() -> Example {
    let target = isoplug().ancestors().nth(2).expect("target/release/isoplug");
    let example = Example { space: Space::at(target.join("tmp/minimal")) };
    static SMALLER: Once = Once::new();
    // Not while another test program builds in it.
    SMALLER.call_once(|| {
        example.space.run(&["cache", "gc", "--max-size", LARGEST_STORE]);
    });
    example.space.write("isoplug.toml", &manifest());
    let stdout = example.space.ok(&["build"]);
    assert_eq!(example.path(&stdout), example.iso(), "nothing but the path is on stdout");
    example
}

fn manifest() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/minimal/isoplug.toml");
    fs::read_to_string(path).expect("the example's manifest")
}

impl Example {
    /// Makes a copy of the minimal example with an empty store.
    pub fn minimal() -> Self {
        Self { space: Space::with_manifest(&manifest()) }
    }

    /// Makes such a copy where the user isoplug-test can reach it.
    pub fn minimal_of_ordinary_user() -> Self {
        let folder = tempfile::Builder::new().prefix("isoplug-user").tempdir_in("/tmp");
        let example = Self { space: Space::in_folder(folder.expect("a folder in /tmp")) };
        example.space.write("isoplug.toml", &manifest());
        example
    }

    /// Returns the path of a file in the example.
    pub fn path(&self, name: &str) -> PathBuf {
        self.space.path(name.strip_prefix("./").unwrap_or(name))
    }

    /// Returns the path of the ISO.
    pub fn iso(&self) -> PathBuf {
        self.path(ISO)
    }

    /// Returns the folder of the example's store, for other examples to use.
    pub fn store_path(&self) -> String {
        self.path("store").display().to_string()
    }

    /// Opens the example's store.
    pub fn store(&self) -> Store {
        Store::open(self.path("store")).expect("the store opens")
    }
}

/// Runs something and returns the CPU time of the programs that it ran, which other work on the machine
/// changes little.
pub fn cpu_of<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let of_children = || {
        let all = isoplug_engine::cpu_time("self", true).expect("there is /proc");
        all.saturating_sub(isoplug_engine::cpu_time("self", false).expect("there is /proc"))
    };
    let before = of_children();
    (run(), of_children().saturating_sub(before))
}

/// Runs the command and returns its events.
pub fn events(space: &Space, arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = space.command(arguments).arg("--json").output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Returns the stages that ran, in the order in which they ended.
pub fn stages_that_ran(events: &[serde_json::Value]) -> Vec<String> {
    let finished = events.iter().filter(|event| event["event"] == "finished");
    finished.map(|event| event["title"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Returns the SHA-256 of a file in hexadecimal digits.
pub fn sha256(path: &Path) -> String {
    let mut file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut hasher = Sha256::new();
    std::io::copy(&mut file, &mut Hashed(&mut hasher)).expect("it can be read");
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Hashed<'a>(&'a mut Sha256);

impl std::io::Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Tells whether the tests run as root.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

/// Tells whether there is an ordinary user to build as.
pub fn ordinary_user_exists() -> bool {
    let found = Command::new("id").arg("isoplug-test").stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Gives an example to the ordinary user.
pub fn own_by_ordinary_user(example: &Example) {
    let chown = Command::new("chown").args(["-R", "isoplug-test"]).arg(example.path("")).status();
    assert!(chown.is_ok_and(|status| status.success()));
}

/// Returns the path of the squashfs in the store.
pub fn squashfs_blob(example: &Example) -> PathBuf {
    let output = last_output(&example.store(), "squashfs", "filesystem.squashfs");
    example.store().blob_path(&output)
}

/// Returns the tree from which the squashfs was made.
pub fn rootfs(example: &Example) -> Tree {
    let store = example.store();
    let digest = last_output(&store, "rootfs", "rootfs");
    let bytes = fs::read(store.blob_path(&digest)).expect("the rootfs is in the store");
    Tree::from_bytes(&bytes).expect("the rootfs is a tree")
}

/// Returns what the files of a tree hold, which lies in the example's store.
pub fn packs(example: &Example, tree: &Tree) -> Packs {
    let mut packs = Packs::default();
    for id in tree.packs() {
        let path = example.store().blob_path(&Digest::from_bytes(id));
        packs.add(id, fs::File::open(path).expect("the pack is in the store"));
    }
    packs
}

/// Takes the squashfs out of the example's ISO and returns its path.
pub fn squashfs(example: &Example) -> PathBuf {
    let image = example.path("filesystem.squashfs");
    let mut file = fs::File::create(&image).expect("a file");
    let iso = isoplug_formats::iso::Reader::open(&example.iso()).expect("an ISO");
    iso.copy("live/filesystem.squashfs", &mut file).expect("the squashfs is on the ISO");
    image
}

/// Returns the digest of an output of the stage's last run.
fn last_output(store: &Store, title: &str, output: &str) -> Digest {
    let records = store.records().expect("the records can be read");
    let record = records.into_iter().find(|(_, record)| record.title == title);
    let (_, record) = record.unwrap_or_else(|| panic!("no record of {title}"));
    record.outputs[output].digest
}

/// Puts the packages that one example fetched where another finds them without a mirror.
pub fn vendor(from: &Example, to: &Example) {
    let lock = isoplug_manifest::Lock::parse(&from.space.read("isoplug.lock")).expect("a lock");
    fs::create_dir_all(to.path("vendor")).expect("a folder");
    for package in lock.packages() {
        let digest = Digest::from_hex(&package.sha256).expect("a digest");
        let target = to.path("vendor").join(&package.sha256);
        fs::copy(from.store().blob_path(&digest), target).expect("the package is in the store");
    }
}
