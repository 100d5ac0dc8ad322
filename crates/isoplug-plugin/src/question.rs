//! What a plugin asked while it ran, and what it was told: a kept result holds while the same
//! questions have the same answers.

use isoplug_engine::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::conversation::Outside;
use crate::{Content, Found, FoundKind, InputEntry, Rootfs, SecretGrant, Unseen};

/// A question that a granted call asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
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
    let place = resolve(rootfs, path, false)?;
    let found = rootfs.look(&place)?;
    Some((place, found))
}

fn names(rootfs: &dyn Rootfs, path: &str) -> Option<(String, Vec<String>)> {
    let place = resolve(rootfs, path, true)?;
    let is_folder = rootfs.look(&place)?.kind == FoundKind::Folder;
    is_folder.then(|| (place.clone(), rootfs.names(&place)))
}

fn open(rootfs: &dyn Rootfs, path: &str) -> Answer {
    let Some(place) = resolve(rootfs, path, true) else {
        return Answer::Content(None, Err(Unseen::NotFound));
    };
    let content = rootfs.open(&place).and_then(|content| content.ok_or(Unseen::NotFound));
    Answer::Content(Some(place), content)
}

/// The most links that the kernel follows on one way.
const LINKS: usize = 40;

/// Returns where a path leads in the root filesystem: links on the way followed, one at its end if
/// asked. The end may not exist; `None` if the way does not.
fn resolve(rootfs: &dyn Rootfs, path: &str, follow: bool) -> Option<String> {
    let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let (mut place, mut links) = (String::new(), 0);
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                place.truncate(place.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let next = format!("{place}/{part}");
        let is_end = rest.iter().all(|part| matches!(part.as_str(), "" | "."));
        match rootfs.look(&next) {
            Some(found) if found.kind == FoundKind::Symlink && (follow || !is_end) => {
                links += 1;
                if links > LINKS {
                    return None;
                }
                if found.target.starts_with('/') {
                    place.clear();
                }
                rest.extend(found.target.split('/').rev().map(str::to_owned));
            }
            Some(_) => place = next,
            None if is_end => place = next,
            None => return None,
        }
    }
    Some(if place.is_empty() { "/".to_owned() } else { place })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Links by path; what has no target is a folder.
    struct Links(BTreeMap<&'static str, &'static str>);

    impl Rootfs for Links {
        fn look(&self, path: &str) -> Option<Found> {
            let target = (*self.0.get(path)?).to_owned();
            let kind = if target.is_empty() { FoundKind::Folder } else { FoundKind::Symlink };
            Some(Found { kind, mode: 0o755, uid: 0, gid: 0, size: 0, target })
        }

        fn names(&self, _: &str) -> Vec<String> {
            Vec::new()
        }

        fn open(&self, _: &str) -> Result<Option<Content>, Unseen> {
            Ok(None)
        }
    }

    #[test]
    fn links_are_followed_inside() {
        let links = [
            ("/lib", "usr/lib"),
            ("/usr", ""),
            ("/usr/lib", ""),
            ("/usr/lib/out", "../../../../etc"),
            ("/etc", ""),
            ("/loop", "/loop"),
        ];
        let links = Links(BTreeMap::from(links));
        let resolve = |path, follow| resolve(&links, path, follow).unwrap_or("none".to_owned());
        assert_eq!(resolve("/lib/x", false), "/usr/lib/x");
        assert_eq!(resolve("/lib", false), "/lib");
        assert_eq!(resolve("/lib", true), "/usr/lib");
        assert_eq!(resolve("/lib/out/passwd", false), "/etc/passwd");
        assert_eq!(resolve("/loop/x", false), "none");
        assert_eq!(resolve("/nothing/x", false), "none");
        assert_eq!(resolve("/", true), "/");
    }
}
