//! What the files of the user hold: bytes, what lies on the build machine, texts with facts of the image.

use std::fs;
use std::path::Path;

use isoplug_manifest::options::{File, IsoFile};
use isoplug_manifest::template::Template;
use serde::{Serialize, Serializer};

use super::NewFile;
use super::source::{self, Item, Source, What};
use crate::facts::{Facts, Missing};

/// Where the content of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum FileContent {
    /// Bytes from the manifest.
    Bytes(#[serde(serialize_with = "digest")] Vec<u8>),
    /// A file or folder of the build machine.
    Source(Source),
    /// A text with facts that only the image's packages tell.
    Template(Template),
    /// A symbolic link, with where it leads.
    Link(String),
    /// A folder, with nothing in it that is not there already.
    Folder,
    /// Nothing: what is there is removed.
    Removed,
}

impl FileContent {
    /// Tells whether it is one thing that is made at its target.
    pub(super) fn is_one(&self) -> bool {
        !matches!(self, Self::Source(_) | Self::Removed)
    }
}

/// A file of the user's cannot be put into an image.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("the source of {target} cannot be read")]
    Source {
        /// Where it was to go.
        target: String,
        /// Why.
        source: source::Error,
    },
    /// A template is no text, or names what is no fact.
    #[error("{target} cannot be a template: {reason}")]
    Template {
        /// Where it was to go.
        target: String,
        /// Why not.
        reason: String,
    },
    /// A template wants what the image does not have.
    #[error("the template {target} cannot be filled in")]
    Fact {
        /// Where it was to go.
        target: String,
        /// What.
        source: Missing,
    },
    /// A script is none.
    #[error("the script `{name}` {reason}")]
    Script {
        /// What it is called.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl NewFile {
    /// Takes a file of the user's, which is relative to a folder; one for each template of a folder.
    ///
    /// # Errors
    ///
    /// When its source cannot be read, or a template not be filled in.
    pub fn all(file: &File, folder: &Path, facts: &Facts) -> Result<Vec<Self>, Refused> {
        let with = |from| Self {
            target: file.target.clone(),
            from,
            mode: file.mode_bits().and_then(|bits| u16::try_from(bits).ok()),
            user: file.user.clone(),
            group: file.group.clone(),
        };
        if let (None, Some(path)) = (&file.text, &file.source) {
            let source = scan(&file.target, &folder.join(path))?;
            return match file.template {
                true => templates(&source, &with, facts),
                false => Ok(vec![with(FileContent::Source(source))]),
            };
        }
        Ok(vec![with(own(file, facts)?)])
    }

    /// Takes a file for the medium.
    ///
    /// # Errors
    ///
    /// As [`NewFile::all`].
    pub fn on_medium(file: &IsoFile, folder: &Path, facts: &Facts) -> Result<Vec<Self>, Refused> {
        let IsoFile { target, text, source, template } = file.clone();
        let file = File { text, source, template, ..File::text(&target, "") };
        Self::all(&file, folder, facts)
    }
}

/// Returns what a file holds that has no source.
fn own(file: &File, facts: &Facts) -> Result<FileContent, Refused> {
    Ok(match (&file.text, &file.link) {
        (None, Some(link)) => FileContent::Link(link.clone()),
        (None, None) if file.folder => FileContent::Folder,
        (None, None) if file.remove => FileContent::Removed,
        (text, _) => {
            let text = text.as_deref().unwrap_or_default();
            match file.template {
                true => filled(&file.target, text, facts)?,
                false => FileContent::Bytes(text.as_bytes().to_vec()),
            }
        }
    })
}

/// Reads what a file or folder holds.
fn scan(target: &str, path: &Path) -> Result<Source, Refused> {
    Source::scan(path).map_err(|source| Refused::Source { target: target.to_owned(), source })
}

/// Returns each file of a source, filled in, and before them its folders and links.
fn templates(
    source: &Source,
    with: &dyn Fn(FileContent) -> NewFile,
    facts: &Facts,
) -> Result<Vec<NewFile>, Refused> {
    let is_file = |item: &&Item| matches!(item.what, What::File { .. });
    let (texts, others): (Vec<&Item>, Vec<&Item>) = source.items.iter().partition(is_file);
    let items: Vec<Item> = others.into_iter().cloned().collect();
    let mut all = Vec::new();
    if !items.is_empty() {
        all.push(with(FileContent::Source(Source { path: source.path.clone(), items })));
    }
    for item in texts {
        let whole = with(FileContent::Folder);
        let target = item.path_in(&whole.target);
        let from = filled(&target, &read(&target, &source.path_of(item))?, facts)?;
        let executable = matches!(item.what, What::File { executable: true, .. });
        let mode = whole.mode.or(executable.then_some(0o755));
        all.push(NewFile { target, from, mode, ..whole });
    }
    Ok(all)
}

fn read(target: &str, path: &Path) -> Result<String, Refused> {
    let target = || target.to_owned();
    let bytes = fs::read(path).map_err(|source| {
        let source = source::Error { path: path.to_owned(), source };
        Refused::Source { target: target(), source }
    })?;
    String::from_utf8(bytes).map_err(|_| Refused::Template {
        target: target(),
        reason: format!("{} is not a text in UTF-8", path.display()),
    })
}

/// Fills in what is known of a template.
fn filled(target: &str, text: &str, facts: &Facts) -> Result<FileContent, Refused> {
    let template = Template::parse(text).map_err(|mistakes| {
        let lines = mistakes.iter().map(|m| format!("line {}: {}", m.line, m.message));
        let reason = lines.collect::<Vec<_>>().join("; ");
        Refused::Template { target: target.to_owned(), reason }
    })?;
    let template = template
        .fill(&mut |fact| facts.get(fact))
        .map_err(|source| Refused::Fact { target: target.to_owned(), source })?;
    Ok(match template.text() {
        Some(text) => FileContent::Bytes(text.into_bytes()),
        None => FileContent::Template(template),
    })
}

/// Writes down bytes by their BLAKE3, since they may be many.
pub(crate) fn digest<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&blake3::hash(bytes).to_hex())
}
