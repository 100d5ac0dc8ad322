//! What a plugin makes: modules with options, files and hooks, and what it tells the user.

use std::fmt;

use isoplug_manifest::plugin::Segment;
use isoplug_manifest::strength::Strength;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{Content, LogLine};

/// What a plugin made of one call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Its modules, in the order in which it returned them.
    pub modules: Vec<Module>,
    /// What it tells the user. If it refused, the last one is an error of code `refused`.
    pub diagnostics: Vec<PluginDiagnostic>,
    /// How much it ran, in units of fuel; about one for each instruction.
    pub fuel: u64,
    /// Its log.
    pub log: Vec<LogLine>,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What it tells the user. If it refused, the last one is an error of code `refused`.
    pub diagnostics: Vec<PluginDiagnostic>,
    /// How much it ran, in units of fuel.
    pub fuel: u64,
    /// Its log.
    pub log: Vec<LogLine>,
}

/// A plan for a stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The plan: a JSON document; empty if the plugin refused.
    pub json: String,
    /// What it tells the user. If it refused, the last one is an error of code `refused`.
    pub diagnostics: Vec<PluginDiagnostic>,
    /// How much it ran, in units of fuel.
    pub fuel: u64,
    /// Its log.
    pub log: Vec<LogLine>,
}

impl Contribution {
    /// Says whether it failed: a diagnostic is an error.
    pub fn failed(&self) -> bool {
        failed(&self.diagnostics)
    }
}

impl Report {
    /// Says whether it failed: a diagnostic is an error.
    pub fn failed(&self) -> bool {
        failed(&self.diagnostics)
    }
}

impl Plan {
    /// Says whether it failed: a diagnostic is an error.
    pub fn failed(&self) -> bool {
        failed(&self.diagnostics)
    }
}

fn failed(diagnostics: &[PluginDiagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == PluginSeverity::Error)
}

/// A module of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Its name, unique within the plugin.
    pub name: String,
    /// Words that others may name.
    pub provides: Vec<String>,
    /// Words that some module must provide; this one comes after it.
    pub requires: Vec<String>,
    /// Words that no other module may provide.
    pub conflicts: Vec<String>,
    /// Words whose providers come before this one, if there are any.
    pub after: Vec<String>,
    /// Words whose providers come after this one, if there are any.
    pub before: Vec<String>,
    /// The options that it sets, in the words of a profile, and how strongly.
    #[serde(with = "crate::kept::record::fragments")]
    pub fragments: Vec<(Json, Strength)>,
    /// Its files, folders, links and removals, in the order of the calls.
    pub entries: Vec<Entry>,
    /// Its scripts, in the order of the calls.
    pub hooks: Vec<Hook>,
}

/// One entry that a module sets or removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where its path begins.
    pub tree: Tree,
    /// Absolute, in its shortest form.
    pub path: String,
    /// What to do there.
    pub kind: EntryKind,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tree {
    /// In the root filesystem.
    Root,
    /// On the medium itself.
    Iso,
}

impl Tree {
    /// Returns the tree of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "root" => Some(Self::Root),
            "iso" => Some(Self::Iso),
            _ => None,
        }
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Iso => "iso",
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a module sets at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A regular file.
    File(Content, Attributes),
    /// A folder.
    Folder(Attributes),
    /// A symbolic link to this target.
    Symlink(String),
    /// Nothing: what is there goes, with all below it.
    Remove,
}

/// Owner and mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Permission bits with setuid, setgid and sticky: 0 to 0o7777.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether it may take the place of what another module or contributor set.
    pub replace: bool,
}

/// A script that runs as root inside the image's own root filesystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Its name, unique within the module.
    pub name: String,
    /// The script.
    pub script: Content,
}

/// Something that a plugin tells the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginDiagnostic {
    /// How grave it is.
    pub severity: PluginSeverity,
    /// The plugin's own word for this kind of message.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The option that it is about; empty for the plugin as a whole.
    #[serde(with = "crate::kept::record::segments")]
    pub at: Vec<Segment>,
    /// What to try.
    pub help: Option<String>,
}

/// How grave something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PluginSeverity {
    /// Nothing can be built.
    Error,
    /// It can be built, and is probably not what was meant.
    Warning,
    /// Good to know.
    Note,
}
