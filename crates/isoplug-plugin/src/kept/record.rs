//! How contents, strengths and places are written down in a kept result.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use isoplug_engine::Digest;
use serde::{Deserialize, Serialize};

use crate::{Content, Contribution, EntryKind};

/// A content as it is written down: small ones whole, secrets by name only.
#[derive(Serialize, Deserialize)]
pub(crate) enum KeptContent {
    Bytes(String),
    File(PathBuf, Digest, u64),
    Secret(String),
}

impl From<Content> for KeptContent {
    fn from(content: Content) -> Self {
        if let Some(name) = content.secret_name() {
            return Self::Secret(name.to_owned());
        }
        match (content.plain(), content.path()) {
            (_, Some(path)) => Self::File(path.to_owned(), content.digest(), content.size()),
            (bytes, None) => Self::Bytes(STANDARD.encode(bytes.unwrap_or_default())),
        }
    }
}

impl TryFrom<KeptContent> for Content {
    type Error = base64::DecodeError;

    fn try_from(kept: KeptContent) -> Result<Self, base64::DecodeError> {
        Ok(match kept {
            KeptContent::Bytes(text) => Self::bytes(STANDARD.decode(text)?),
            KeptContent::File(path, digest, size) => Self::known_file(path, digest, size),
            KeptContent::Secret(name) => Self::secret(&name, Vec::new()),
        })
    }
}

/// Puts secrets in their places again; false if one is missing, or a file that was kept by name.
pub(super) fn complete(
    contribution: &mut Contribution,
    secrets: &BTreeMap<String, Content>,
) -> bool {
    let modules = contribution.modules.iter_mut();
    modules.flat_map(contents).all(|content| {
        if let Some(name) = content.secret_name() {
            let Some(secret) = secrets.get(name) else { return false };
            *content = secret.clone();
        }
        let size = |path: &std::path::Path| path.metadata().map(|metadata| metadata.len()).ok();
        content.path().is_none_or(|path| size(path) == Some(content.size()))
    })
}

fn contents(module: &mut crate::Module) -> impl Iterator<Item = &mut Content> {
    let files = module.entries.iter_mut().filter_map(|entry| match &mut entry.kind {
        EntryKind::File(content, _) => Some(content),
        _ => None,
    });
    files.chain(module.hooks.iter_mut().map(|hook| &mut hook.script))
}

/// Writes fragments down.
pub(crate) mod fragments {
    use isoplug_manifest::strength::Strength;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value as Json;

    pub(crate) fn serialize<S: Serializer>(
        fragments: &[(Json, Strength)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let word = |(json, strength): &(Json, Strength)| (json.clone(), strength.to_string());
        fragments.iter().map(word).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(Json, Strength)>, D::Error> {
        let fragments: Vec<(Json, String)> = Vec::deserialize(deserializer)?;
        let strength = |word: &str| match word {
            "fallback" => Strength::Fallback,
            "force" => Strength::Force,
            _ => Strength::Normal,
        };
        Ok(fragments.into_iter().map(|(json, word)| (json, strength(&word))).collect())
    }
}

/// Writes the way to an option down: a text for a key, a number for an index.
pub(crate) mod segments {
    use isoplug_manifest::plugin::Segment;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Key(String),
        Index(usize),
    }

    pub(crate) fn serialize<S: Serializer>(
        segments: &[Segment],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let kept = |segment: &Segment| match segment {
            Segment::Key(key) => Kept::Key(key.clone()),
            Segment::Index(index) => Kept::Index(*index),
        };
        segments.iter().map(kept).collect::<Vec<_>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Segment>, D::Error> {
        let segment = |kept| match kept {
            Kept::Key(key) => Segment::Key(key),
            Kept::Index(index) => Segment::Index(index),
        };
        Ok(Vec::deserialize(deserializer)?.into_iter().map(segment).collect())
    }
}
