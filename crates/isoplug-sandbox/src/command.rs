//! A program to run inside, and the surroundings that are the same on every build machine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program of the tree to run, as its root user, in its root folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Command {
    /// The program, found in the usual folders of the tree, and its arguments.
    pub arguments: Vec<String>,
    /// Variables beside the fixed ones.
    pub environment: Vec<(String, String)>,
    /// Files that hide files of the tree while this program runs.
    pub binds: Vec<Bind>,
}

/// A file that takes another's place while a program runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bind {
    /// The file shown, which [`super::Inside::file`] made.
    pub from: PathBuf,
    /// The path in the tree that it takes; nothing happens if the tree has no such file.
    pub over: String,
}

impl Command {
    /// Makes a command of its words.
    pub fn new<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self { arguments: arguments.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Returns the program and its first argument, for messages.
    pub fn title(&self) -> String {
        self.arguments.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the variables that every program inside sees, and no others.
pub(super) fn environment(epoch: u64) -> Vec<(String, String)> {
    let fixed = [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
        ("LC_ALL", "C"),
        ("TZ", "UTC"),
        ("TERM", "dumb"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
        ("DEBCONF_NOWARNINGS", "yes"),
        // Without these, the order of tables differs from run to run, and TeX writes the time.
        ("PERL_HASH_SEED", "0"),
        ("PYTHONHASHSEED", "0"),
        ("FORCE_SOURCE_DATE", "1"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let epoch = ("SOURCE_DATE_EPOCH".to_owned(), epoch.to_string());
    fixed.into_iter().chain([epoch]).collect()
}
