//! A folder of a test's own, in which it runs the command as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::replaced::replaced;

/// A temporary folder with a manifest, a store and a home of its own.
pub struct Space {
    folder: PathBuf,
    /// Removes the folder at the end, unless it is to stay.
    _temporary: Option<tempfile::TempDir>,
    env: Vec<(String, String)>,
}

impl Default for Space {
    fn default() -> Self {
        Self::new()
    }
}

impl Space {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Makes one in this temporary folder.
    pub fn in_folder(folder: tempfile::TempDir) -> Self {
        let path = folder.path().to_owned();
        Self { folder: path, _temporary: Some(folder), env: Vec::new() }
    }

    /// Makes one in a folder that stays.
    pub fn at(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder, _temporary: None, env: Vec::new() }
    }

    /// Makes one with this manifest.
    pub fn with_manifest(text: &str) -> Self {
        let space = Self::new();
        space.write("isoplug.toml", text);
        space
    }

    /// Sets an environment variable for the commands.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns the command, ready to be started in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(isoplug());
        command.args(arguments).current_dir(&self.folder);
        command.env_remove("ISOPLUG_MIRROR").env_remove("SOURCE_DATE_EPOCH");
        command.env("ISOPLUG_STORE", self.path("store")).env("NO_COLOR", "1");
        command.env("XDG_STATE_HOME", self.path("state"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the command and returns exit code, standard output and standard error as one text,
    /// with everything in it that differs between runs replaced.
    pub fn run(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            self.command(arguments).output().expect("the command starts");
        let code = status.code().map_or("killed".to_owned(), |code| code.to_string());
        let [stdout, stderr] = [stdout, stderr].map(|bytes| self.plain(&bytes));
        format!("exit: {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }

    /// Runs the command, asserts that it succeeds and returns the first lines of its standard
    /// output: what it is for and how it is called.
    pub fn first_lines(&self, arguments: &[&str]) -> String {
        self.ok(arguments).lines().take(3).collect::<Vec<_>>().join("\n")
    }

    /// Runs the command, asserts that it succeeds and returns its standard output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "isoplug {arguments:?} failed:\n{stderr}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn plain(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        replaced(&text.replace(&self.folder.display().to_string(), "[DIR]"))
    }
}

/// Returns the path of the command, which is built if it is not there yet.
pub fn isoplug() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "-p", "isoplug"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the command does not build");
        // A test's own program is in target/release/deps.
        let test = std::env::current_exe().expect("this test has a path");
        test.ancestors().nth(2).expect("target/release").join("isoplug")
    })
}
