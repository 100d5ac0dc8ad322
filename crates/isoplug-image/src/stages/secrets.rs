//! Looks for secrets in what no package brought: files of the user and of plugins, what scripts of plugins left, files on
//! the medium.
//!
//! What a file of a package holds, everybody has. What options of networks and installations hold is there because it was
//! declared as a secret.

use std::fs;
use std::path::Path;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree::pack::Contents as _;
use isoplug_formats::tree::{self, Content, Kind};
use isoplug_manifest::By;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::secrets::{self, Found};
use crate::stored::{self, InPacks};

/// Inputs.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// What somebody added.
    pub added: Vec<Added>,
    /// What scripts of plugins changed: the layers before and after them.
    pub changed: Vec<(Whose, [Artifact<Tree>; 2])>,
    /// The user's files on the medium, if there are any.
    pub medium: Option<Artifact<Tree>>,
}

/// What a contributor added.
#[derive(Debug, Clone)]
pub struct Added {
    /// Whose it is.
    pub whose: Whose,
    /// The overlay.
    pub overlay: Artifact<Tree>,
}

/// Whose a file is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Whose {
    /// The system: 0 for the one that the medium runs, then those that it installs, in order.
    pub system: usize,
    /// Who brought it.
    pub by: Brought,
}

/// Who brought a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Brought {
    /// The user, by the manifest.
    User,
    /// A plugin, by its name.
    Plugin(String),
    /// A built-in part, by its name, of what options say.
    Part(String),
}

impl Brought {
    /// Returns who that is; nobody where secrets were declared as such, or nothing is of the user's.
    #[must_use]
    pub fn of(by: &By) -> Option<Self> {
        const DECLARED: [&str; 5] = ["wifi", "wired", "install", "install-program", "drivers"];
        match by {
            By::User => Some(Self::User),
            By::Plugin(name) => Some(Self::Plugin(name.clone())),
            By::Part(name) if DECLARED.contains(name) => None,
            By::Part(name) => Some(Self::Part((*name).to_owned())),
        }
    }
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Whose the file is.
    pub whose: Whose,
    /// Whether it is on the medium, beside the root filesystem.
    pub on_medium: bool,
    /// Its path, with a slash at its start.
    pub path: String,
    /// What it holds.
    pub found: Found,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The [`Finding`]s, sorted; [`read`] reads them.
    pub findings: Artifact<Blob>,
}

/// Reads what the stage wrote.
///
/// # Errors
///
/// The file cannot be read, or is not that stage's.
pub fn read(path: &Path) -> std::io::Result<Vec<Finding>> {
    serde_json::from_slice(&fs::read(path)?).map_err(std::io::Error::other)
}

impl Stage for Secrets {
    const NAME: &'static str = "secrets";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = stored::Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { findings: slots.slot("secrets.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { added, changed, medium } = self;
        for Added { whose, overlay } in added {
            key.value("whose", whose);
            key.artifact("overlay", *overlay);
        }
        for (whose, [before, after]) in changed {
            key.value("whose", whose);
            key.artifact("before", *before);
            key.artifact("after", *after);
        }
        if let Some(medium) = medium {
            key.artifact("medium", *medium);
        }
        key.value("rules", &Digest::of(secrets::TABLE.as_bytes()).hex());
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), stored::Error> {
        let mut findings = Vec::new();
        for Added { whose, overlay } in &self.added {
            let files = files(&stored::overlay(*overlay, cx)?.tree, None);
            findings.extend(scanned(&files, whose, false, cx)?);
        }
        for (whose, [before, after]) in &self.changed {
            let before = stored::tree(*before, cx)?;
            let files = files(&stored::tree(*after, cx)?, Some(&before));
            findings.extend(scanned(&files, whose, false, cx)?);
        }
        if let Some(medium) = self.medium {
            let whose = Whose { system: 0, by: Brought::User };
            findings.extend(scanned(&files(&stored::tree(medium, cx)?, None), &whose, true, cx)?);
        }
        findings.sort();
        stored::write_json(out.findings, &findings, &[], cx)
    }
}

/// Returns the regular files of a tree that another does not have.
fn files(tree: &tree::Tree, before: Option<&tree::Tree>) -> Vec<(String, Content)> {
    let same = |path: &Vec<u8>, content: &Content| {
        let old = before.and_then(|before| before.entries.get(path)).map(|entry| &entry.kind);
        matches!(old, Some(Kind::File(old)) if old.digest == content.digest)
    };
    let all = tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
        Kind::File(content) if content.size > 0 && !same(path, content) => {
            Some((String::from_utf8_lossy(path).into_owned(), *content))
        }
        _ => None,
    });
    all.collect()
}

fn scanned(
    files: &[(String, Content)],
    whose: &Whose,
    on_medium: bool,
    cx: &Context,
) -> Result<Vec<Finding>, stored::Error> {
    let packs = InPacks::new(cx);
    let one = |(path, content): &(String, Content)| {
        let mut bytes = vec![0; content.size.min(secrets::MOST) as usize];
        packs.read_at(content, 0, &mut bytes).map_err(stored::Error::read(path))?;
        let finding = |found| {
            let (whose, path) = (whose.clone(), format!("/{path}"));
            Finding { whose, on_medium, path, found }
        };
        Ok(secrets::scan(path, &bytes).into_iter().map(finding).collect::<Vec<_>>())
    };
    let found: Result<Vec<_>, stored::Error> = files.par_iter().map(one).collect();
    Ok(found?.concat())
}
