//! A folder of a test's own, in which it runs the command as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A temporary folder with a manifest, a store and a home of its own.
pub struct Space {
    folder: tempfile::TempDir,
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
        Self { folder: tempfile::tempdir().expect("a temporary folder"), env: Vec::new() }
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
        self.folder.path().join(name)
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
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("ISOPLUG_MIRROR").env_remove("SOURCE_DATE_EPOCH");
        command.env("ISOPLUG_STORE", self.path("store")).env("NO_COLOR", "1");
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

    /// Runs the command, asserts that it succeeds and returns its standard output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "isoplug {arguments:?} failed:\n{stderr}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn plain(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.replace(&self.folder.path().display().to_string(), "[DIR]")
    }
}

/// Returns the path of the command, which is built if it is not there yet.
pub fn isoplug() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--release", "--quiet", "-p", "isoplug"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the command does not build");
        // A test's own program is in target/release/deps.
        let test = std::env::current_exe().expect("this test has a path");
        test.ancestors().nth(2).expect("target/release").join("isoplug")
    })
}
