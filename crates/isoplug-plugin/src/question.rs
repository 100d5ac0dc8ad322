//! What a plugin asked while it ran, and what it was told: a kept result holds while the same
//! questions have the same answers.

use isoplug_engine::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::conversation::Outside;
use crate::resolve::{Last, resolve};
use crate::{Content, Found, FoundKind, InputEntry, Rootfs, SecretGrant, Unseen};

/// A question that a granted call asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// The value of a fact.
    Fact(String),
    /// What random numbers are made of.
    Seed,
    /// What is in the input at a place.
    List(String),
    /// A file of the input at a place.
    Input(String, String),
    /// A download.
    Fetch(String, Digest),
    /// A secret: its name and where it is.
    Secret(String, Option<String>, Option<String>),
    /// An entry of the root filesystem.
    Look(String),
    /// The names in a folder of the root filesystem.
    Names(String),
    /// A file of the root filesystem.
    Open(String),
}

/// What it is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// A fact.
    Fact(Option<Json>),
    /// A seed.
    Seed(Digest),
    /// The entries of an input.
    List(Result<Vec<InputEntry>, Unseen>),
    /// A file, and where links led in the root filesystem.
    Content(Option<String>, Result<Content, Unseen>),
    /// An entry of the root filesystem, and where links led.
    Look(Option<(String, Found)>),
    /// The names in a folder, and where links led.
    Names(Option<(String, Vec<String>)>),
}

impl Question {
    /// Asks for a secret.
    pub(crate) fn secret(name: &str, grant: &SecretGrant) -> Self {
        Self::Secret(name.to_owned(), grant.env.clone(), grant.file.clone())
    }

    /// Asks it.
    pub(crate) fn ask(&self, outside: &Outside<'_>) -> Answer {
        let Outside { around, rootfs } = *outside;
        match self {
            Self::Fact(path) => Answer::Fact(around.fact(path)),
            Self::Seed => Answer::Seed(around.seed()),
            Self::List(place) => Answer::List(around.list_input(place)),
            Self::Input(place, path) => Answer::Content(None, around.open_input(place, path)),
            Self::Fetch(url, digest) => Answer::Content(None, around.fetch(url, *digest)),
            Self::Secret(name, env, file) => {
                let grant = SecretGrant { env: env.clone(), file: file.clone(), read: false };
                let secret = around.secret(&grant).map(|bytes| Content::secret(name, bytes));
                Answer::Content(None, secret)
            }
            Self::Look(path) => Answer::Look(rootfs.and_then(|rootfs| look(rootfs, path))),
            Self::Names(path) => Answer::Names(rootfs.and_then(|rootfs| names(rootfs, path))),
            Self::Open(path) => {
                rootfs.map_or(Answer::Content(None, Err(Unseen::NotFound)), |it| open(it, path))
            }
        }
    }
}

impl Answer {
    /// Returns a digest of all that the plugin can learn from it.
    pub(crate) fn digest(&self) -> Digest {
        let unseen = |unseen: &Unseen| unseen.to_string();
        let told = match self {
            Self::Fact(fact) => serde_json::to_string(&fact.clone().map(sorted)),
            Self::Seed(seed) => serde_json::to_string(seed),
            Self::List(list) => serde_json::to_string(&list.as_ref().map_err(unseen)),
            Self::Content(place, content) => {
                let content = content.as_ref().map(Content::digest).map_err(unseen);
                serde_json::to_string(&(place, content))
            }
            Self::Look(found) => serde_json::to_string(found),
            Self::Names(names) => serde_json::to_string(names),
        };
        // None of these can fail to be JSON; if one did, no kept result would hold.
        Digest::of(told.unwrap_or_default().as_bytes())
    }
}

/// Sorts the keys of all objects.
pub(crate) fn sorted(mut value: Json) -> Json {
    value.sort_all_objects();
    value
}

fn look(rootfs: &dyn Rootfs, path: &str) -> Option<(String, Found)> {
    let place = resolve(rootfs, path, Last::Kept)?;
    let found = rootfs.look(&place)?;
    Some((place, found))
}

fn names(rootfs: &dyn Rootfs, path: &str) -> Option<(String, Vec<String>)> {
    let place = resolve(rootfs, path, Last::Followed)?;
    let is_folder = rootfs.look(&place)?.kind == FoundKind::Folder;
    is_folder.then(|| (place.clone(), rootfs.names(&place)))
}

fn open(rootfs: &dyn Rootfs, path: &str) -> Answer {
    let Some(place) = resolve(rootfs, path, Last::Followed) else {
        return Answer::Content(None, Err(Unseen::NotFound));
    };
    let content = rootfs.open(&place).and_then(|content| content.ok_or(Unseen::NotFound));
    Answer::Content(Some(place), content)
}
