//! A case of a plugin's tests: a folder that says what the plugin sees, and what it should answer.
//!
//! `case.toml` has what is unlike the usual; `options.toml` or `options.json`, `inputs/`,
//! `secrets/`, `downloads/`, `rootfs/` and `stage.json` are what the plugin sees.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_formats::tree::sorted_names;
use isoplug_manifest::plugin::check_options;
use isoplug_plugin::{
    Content, Description, Found, FoundKind, Grants, InputEntry, LogLine, Rootfs, SecretGrant,
    Surroundings, Unseen, Verb, World, input,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::KitError;

/// A case as the plugin sees it.
pub(crate) struct Scene {
    pub(crate) verb: Verb,
    pub(crate) options: Json,
    pub(crate) grants: Grants,
    /// The stage and its inputs as JSON, for a plan.
    pub(crate) stage: Option<(String, String)>,
    folder: PathBuf,
    facts: BTreeMap<String, Json>,
    modes: BTreeMap<String, String>,
}

/// What `case.toml` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct CaseToml {
    /// What is called, if the world and the files leave a choice.
    call: Option<String>,
    /// The stage to plan.
    stage: Option<String>,
    /// Settled values, beside name, version, architecture and profile of the image.
    facts: BTreeMap<String, Json>,
    /// The grants; without them, all that the plugin requests.
    grants: Option<Grants>,
    /// Modes of paths in `rootfs/`, in octal, where git would not keep them.
    modes: BTreeMap<String, String>,
}

impl CaseToml {
    fn read(path: &Path) -> Result<Self, KitError> {
        match read_if_there(path)? {
            None => Ok(Self::default()),
            Some(text) => toml::from_str(&text).map_err(|error| KitError::case(path, error)),
        }
    }
}

impl Scene {
    /// Reads a case.
    pub(crate) fn read(
        folder: &Path,
        world: World,
        description: &Description,
    ) -> Result<Self, KitError> {
        let path = folder.join("case.toml");
        let said = CaseToml::read(&path)?;
        let verb = verb(said.call.as_deref(), world, folder)
            .ok_or_else(|| KitError::case(&path, format!("a {world} has no such call")))?;
        let stage = match verb {
            Verb::Plan => Some(stage(&said, folder, description)?),
            _ => None,
        };
        let facts = [("name", "case"), ("version", "1.0"), ("arch", "amd64"), ("profile", "main")];
        let facts = facts.map(|(name, value)| (format!("image.{name}"), json!(value)));
        Ok(Self {
            verb,
            options: options(folder, description)?,
            grants: said.grants.unwrap_or_else(|| granted(description)),
            stage,
            folder: folder.to_owned(),
            facts: BTreeMap::from(facts).into_iter().chain(said.facts).collect(),
            modes: said.modes,
        })
    }

    /// Makes a case of an example of the plugin's own.
    pub(crate) fn example(folder: &Path, verb: Verb, options: Json, grants: Grants) -> Self {
        let (facts, modes) = (BTreeMap::new(), BTreeMap::new());
        Self { verb, options, grants, stage: None, folder: folder.to_owned(), facts, modes }
    }
}

/// Grants what the plugin requests; its secrets are files of the case.
pub(crate) fn granted(description: &Description) -> Grants {
    let mut grants = description.requests.granted();
    for (name, secret) in &mut grants.secrets {
        *secret = SecretGrant { env: None, file: Some(name.clone()), read: false };
    }
    grants
}

fn verb(call: Option<&str>, world: World, folder: &Path) -> Option<Verb> {
    match (world, call) {
        (World::Contributor, Some("contribute")) => Some(Verb::Contribute),
        (World::Contributor, Some("furnish")) => Some(Verb::Furnish),
        (World::Contributor, None) if folder.join("rootfs").is_dir() => Some(Verb::Furnish),
        (World::Contributor, None) => Some(Verb::Contribute),
        (World::Stage, None | Some("plan")) => Some(Verb::Plan),
        (World::Check, None | Some("check")) => Some(Verb::Check),
        _ => None,
    }
}

fn stage(
    said: &CaseToml,
    folder: &Path,
    description: &Description,
) -> Result<(String, String), KitError> {
    let stage = said.stage.clone().or_else(|| description.stages.first().cloned());
    let path = folder.join("stage.json");
    let inputs = read_if_there(&path)?.unwrap_or_else(|| "{}".to_owned());
    if let Err(error) = serde_json::from_str::<Json>(&inputs) {
        return Err(KitError::case(&path, error));
    }
    Ok((stage.unwrap_or_default(), inputs))
}

fn options(folder: &Path, description: &Description) -> Result<Json, KitError> {
    let (json, toml) = (folder.join("options.json"), folder.join("options.toml"));
    let (path, text) = match (read_if_there(&json)?, read_if_there(&toml)?) {
        (Some(text), _) => {
            let options: Json =
                serde_json::from_str(&text).map_err(|error| KitError::case(&json, error))?;
            let text = toml::to_string(&options).map_err(|error| KitError::case(&json, error))?;
            (json, text)
        }
        (None, text) => (toml, text.unwrap_or_default()),
    };
    let name = path.display().to_string();
    check_options(&description.options, &name, &text)
        .map_err(|diagnostics| KitError::case(&path, format!("not its options\n{diagnostics}")))
}

fn read_if_there(path: &Path) -> Result<Option<String>, KitError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KitError::io(path)(error)),
    }
}

impl Surroundings for Scene {
    fn fact(&self, path: &str) -> Option<Json> {
        self.facts.get(path).cloned()
    }

    fn list_input(&self, place: &str) -> Result<Vec<InputEntry>, Unseen> {
        input::list(&self.folder.join("inputs").join(place))
    }

    fn open_input(&self, place: &str, path: &str) -> Result<Content, Unseen> {
        input::open(&self.folder.join("inputs").join(place), path)
    }

    /// A download lies in `downloads/`, under the 64 digits of its digest.
    fn fetch(&self, url: &str, digest: Digest) -> Result<Content, Unseen> {
        let content = Content::file(&self.folder.join("downloads").join(digest.hex()))?;
        if content.digest() != digest {
            return Err(Unseen::Failed(format!("{url}: downloads/ has other bytes")));
        }
        Ok(content)
    }

    fn secret(&self, secret: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        let name = secret.file.as_ref().or(secret.env.as_ref()).ok_or(Unseen::NotFound)?;
        Ok(fs::read(self.folder.join("secrets").join(name))?)
    }

    fn seed(&self) -> Digest {
        Digest::of(b"a case of a plugin's tests")
    }

    fn log(&self, _: &str, _: &LogLine) {}
}

/// The folder `rootfs/`, owned by root, with the modes that git keeps and those that the case says.
impl Rootfs for Scene {
    fn look(&self, path: &str) -> Option<Found> {
        let place = self.folder.join("rootfs").join(path.trim_start_matches('/'));
        let found = fs::symlink_metadata(&place).ok()?;
        let (kind, usual) = kind_and_usual_mode(&found);
        let said = self.modes.get(path).and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let target = fs::read_link(&place).unwrap_or_default();
        Some(Found {
            kind,
            mode: said.unwrap_or(usual),
            uid: 0,
            gid: 0,
            size: if kind == FoundKind::File { found.size() } else { 0 },
            target: target.to_string_lossy().into_owned(),
        })
    }

    fn names(&self, path: &str) -> Vec<String> {
        let place = self.folder.join("rootfs").join(path.trim_start_matches('/'));
        let names = sorted_names(&place).unwrap_or_default();
        names.into_iter().filter_map(|name| name.into_string().ok()).collect()
    }

    fn open(&self, path: &str) -> Result<Option<Content>, Unseen> {
        let place = self.folder.join("rootfs").join(path.trim_start_matches('/'));
        if !place.is_file() {
            return Ok(None);
        }
        Ok(Some(Content::file(&place)?))
    }
}

fn kind_and_usual_mode(found: &Metadata) -> (FoundKind, u32) {
    let kind = found.file_type();
    match () {
        () if kind.is_symlink() => (FoundKind::Symlink, 0o777),
        () if kind.is_dir() => (FoundKind::Folder, 0o755),
        () if kind.is_block_device() || kind.is_char_device() => (FoundKind::Device, 0o600),
        () if !kind.is_file() => (FoundKind::Other, 0o600),
        () if found.permissions().mode() & 0o100 != 0 => (FoundKind::File, 0o755),
        () => (FoundKind::File, 0o644),
    }
}
