//! What a plugin may ask for while it runs: facts, inputs, secrets and downloads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use isoplug_engine::Digest;
use isoplug_manifest::path::split;
use isoplug_manifest::plugin::SecretGrant;
use isoplug_plugin::{Content, InputEntry, LogLine, Surroundings, Unseen, input};
use serde_json::Value as Json;

use crate::downloads::Downloads;
use crate::read::read_bytes;
use crate::session::{self, Session};

/// Answers plugins from what is settled of an image.
pub(crate) struct Answers {
    facts: BTreeMap<String, Json>,
    /// The options of the profile; null while it is evaluated.
    options: Json,
    downloads: Downloads,
    lines: Mutex<Vec<String>>,
}

impl Answers {
    /// Knows the facts that are settled before a profile is.
    pub(crate) fn of_evaluation(facts: BTreeMap<String, Json>, session: &Session) -> Self {
        Self::of_image(facts, Json::Null, session)
    }

    /// Knows the facts and options of an evaluated profile.
    pub(crate) fn of_image(
        facts: BTreeMap<String, Json>,
        options: Json,
        session: &Session,
    ) -> Self {
        let downloads = Downloads::new("plugin-files", session);
        Self { facts, options, downloads, lines: Mutex::default() }
    }

    /// Takes the lines that plugins logged.
    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Surroundings for Answers {
    fn fact(&self, path: &str) -> Option<Json> {
        if let Some(fact) = self.facts.get(path) {
            return Some(fact.clone()).filter(|fact| !fact.is_null());
        }
        let option = |value, key: &String| Json::get(value, key);
        let found = split(path).iter().try_fold(&self.options, option)?;
        Some(found.clone()).filter(|found| !found.is_null())
    }

    fn all_facts(&self) -> Json {
        serde_json::json!([self.facts, self.options])
    }

    fn list_input(&self, place: &str) -> Result<Vec<InputEntry>, Unseen> {
        input::list(Path::new(place))
    }

    fn open_input(&self, place: &str, path: &str) -> Result<Content, Unseen> {
        input::open(Path::new(place), path)
    }

    fn fetch(&self, url: &str, digest: Digest) -> Result<Content, Unseen> {
        let path = self.downloads.get(url, digest).map_err(Unseen::Failed)?;
        let size = fs::metadata(&path)?.len();
        Ok(Content::known_file(path, digest, size))
    }

    fn secret(&self, secret: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        match (&secret.env, &secret.file) {
            (Some(name), None) => session::secret(name).ok_or(Unseen::NotFound),
            (None, Some(path)) => Ok(read_bytes(Path::new(path))?),
            _ => Err(Unseen::Failed("set exactly one of `env` and `file` in its grant".to_owned())),
        }
    }

    /// Two images of one manifest differ in their random numbers; two builds of one do not.
    fn seed(&self) -> Digest {
        let identity = ["image.name", "image.version", "image.profile", "image.arch"];
        let values: Vec<Option<&Json>> =
            identity.iter().map(|name| self.facts.get(*name)).collect();
        Digest::of(serde_json::json!(values).to_string().as_bytes())
    }

    fn log(&self, plugin: &str, line: &LogLine) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("plugin {plugin}: {}", line.text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_settled_values() {
        let answers = Answers {
            facts: BTreeMap::from([("image.name".to_owned(), json!("a"))]),
            options: json!({
                "root": { "locked": true },
                "users": { "a.b": { "uid": 7 } }
            }),
            downloads: Downloads::none(),
            lines: Mutex::default(),
        };
        assert_eq!(answers.fact("image.name"), Some(json!("a")));
        assert_eq!(answers.fact("root"), Some(json!({ "locked": true })));
        assert_eq!(answers.fact("users.\"a.b\""), Some(json!({ "uid": 7 })));
        assert_eq!(answers.fact("nothing"), None);
    }
}
