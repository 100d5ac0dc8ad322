//! The parts of a manifest that are not options: image, sources, plugins and their grants.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::plugin::{Grants, PluginSource, Trust};
use crate::shape::Shape;

/// A whole manifest, as `isoplug.toml` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// What the image is called.
    pub image: Image,
    /// Where packages come from. Without any: Debian trixie, `main`.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub sources: BTreeMap<String, Source>,
    /// Files and archives of other places that a build fetches, each by its digest. `download:NAME` stands for one
    /// wherever an option names a file beside the manifest, `download:NAME/PATH` for what is in the archive.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub downloads: BTreeMap<String, Download>,
    /// Shared modules, by the name that they have here: `extends = "NAME:PROFILE"` takes a profile of one.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub modules: BTreeMap<String, ModuleSource>,
    /// The plugins, by the name that they have here.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub plugins: BTreeMap<String, PluginSource>,
    /// What each plugin may see and contribute.
    #[serde(default)]
    pub grants: BTreeMap<String, Grants>,
    /// The settings of each plugin, checked against its own schema.
    #[serde(default)]
    pub config: BTreeMap<String, Map<String, Json>>,
    /// Whose plugins to believe.
    #[serde(default)]
    pub trust: Trust,
    /// Variables that `--var NAME=VALUE` sets, each with its default, `channel = "stable"`, or with all that it may be, too:
    /// `channel = { default = "stable", values = ["stable", "beta"] }`. `when.var` of a profile asks for them.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub vars: BTreeMap<String, Json>,
    /// Names for several profiles, which stand for them wherever one chooses: `nightly = ["minimal", "rescue"]` makes
    /// `--profile nightly` both.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub groups: BTreeMap<String, Vec<String>>,
    /// The images that can be built: options, with `extends`, `include` and `when`.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "image-name" }))]
    pub profiles: BTreeMap<String, Map<String, Json>>,
}

impl Manifest {
    /// Returns its shape, which is read from the type once.
    #[must_use]
    pub fn shape() -> &'static Shape {
        static SHAPE: OnceLock<Shape> = OnceLock::new();
        SHAPE.get_or_init(Shape::of::<Self>)
    }
}

/// Where a shared module comes from: a registry, or a folder of this machine. It is a folder with an `isoplug.toml`, of
/// whose profiles others extend theirs, and the files that these name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModuleSource {
    /// Its repository in a registry: `registry.example.com/acme/base`. Either this or `path`.
    pub registry: Option<String>,
    /// The versions to take from the registry, such as `^3.2`. Without one: any.
    #[schemars(extend("format" = "version-requirement"))]
    pub version: Option<String>,
    /// Its folder, relative to the manifest, while it is being written.
    #[schemars(extend("format" = "local-path"))]
    pub path: Option<String>,
}

/// What the image is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// The name, first part of the ISO's file name.
    #[schemars(extend("format" = "image-name"))]
    pub name: String,
    /// The version, a part of the ISO's file name.
    #[serde(default)]
    #[schemars(extend("format" = "image-name"))]
    pub version: Option<String>,
    /// A line for people.
    #[serde(default)]
    pub description: String,
    /// Who publishes it, as its bills of materials say: `Acme Ltd <images@acme.example>`. The address may be left out.
    #[serde(default)]
    pub publisher: Option<String>,
    /// The profiles to build when none is named, and groups of them. Without any: all profiles.
    #[serde(default)]
    pub default_profiles: Vec<String>,
}

impl Image {
    /// Returns what a person calls it: its name and version.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A place where packages come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// How to read it.
    #[serde(default)]
    pub kind: SourceKind,
    /// The suite: a codename such as `trixie`, a name that moves on such as `stable`, or, for a flat
    /// repository, its folder with a `/` at the end: `./`.
    #[serde(default)]
    #[schemars(extend("format" = "suite"))]
    pub suite: String,
    /// A folder of `.deb` files, in place of an archive: those in it are offered, not those in folders below. Nobody
    /// signs them; the lock has the digest of each that it takes.
    #[serde(default)]
    #[schemars(extend("format" = "local-path"))]
    pub folder: Option<String>,
    /// The components, such as `main` or `non-free-firmware`. A flat repository has none.
    #[serde(default = "main")]
    pub components: Vec<String>,
    /// The mirrors, tried in this order. Known for Debian and Ubuntu.
    #[serde(default)]
    #[schemars(extend("format" = "url"))]
    pub mirrors: Vec<String>,
    /// The file with the keys that may sign it, armored or binary. Known for Debian and Ubuntu.
    #[serde(default)]
    #[schemars(extend("format" = "local-path"))]
    pub keyring: Option<String>,
    /// The keys that may sign it as armored text, beside those of a `keyring` file.
    #[serde(default)]
    pub keys: Option<String>,
    /// The fingerprints of those of the keys that count. Without any: all of them.
    #[serde(default)]
    #[schemars(extend("format" = "fingerprint"))]
    pub fingerprints: Vec<String>,
    /// The fingerprints of keys that count although apt of Debian 13 refuses them: RSA keys of less than
    /// 2048 bits, DSA keys, and keys that only SHA-1 binds to their owner.
    #[serde(default)]
    #[schemars(extend("format" = "fingerprint"))]
    pub allow_weak_keys: Vec<String>,
    /// The suite or codename that its Release file names, where that is not `suite`.
    #[serde(default)]
    pub codename: Option<String>,
    /// Whether apt of the running image reads it too. Without a word: the distribution's, and no others, since
    /// their mirrors may be of use on the build machine alone.
    #[serde(default)]
    pub in_image: Option<bool>,
    /// The further suites of the distribution that belong to it, where it has them: `sid` has none.
    #[serde(default = "pockets")]
    pub pockets: Vec<Pocket>,
    /// Whether a Release file that is older than it allows, or signed by a key that has expired since,
    /// is an error.
    #[serde(default = "yes")]
    pub check_valid_until: bool,
    /// Which source a package is taken from if several have it: the highest, as in
    /// apt_preferences(5).
    #[serde(default = "priority")]
    pub priority: i32,
    /// The moment of snapshot.debian.org, or of snapshot.ubuntu.com, to take it from, such as `20261120T000000Z`.
    /// `mirrors` are other services with the same paths, which are asked one after the other.
    #[serde(default)]
    #[schemars(extend("format" = "snapshot"))]
    pub snapshot: Option<String>,
    /// Services of snapshots that are asked last, for what the lock names and no mirror has any more, such as
    /// `https://snapshot.debian.org/archive`. The SHA-256 of the lock decides.
    #[serde(default)]
    #[schemars(extend("format" = "url"))]
    pub snapshot_services: Vec<String>,
}

/// A file, or an archive (tar, alone or with gzip, xz or zstd), that a build fetches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Download {
    /// Where it is.
    #[schemars(extend("format" = "url"))]
    pub url: String,
    /// Its SHA-256, as `sha256sum` prints it. What comes with another is refused.
    #[schemars(extend("format" = "sha256"))]
    pub sha256: String,
}

/// How the path of a download begins.
pub const DOWNLOAD: &str = "download:";

/// A kind of source.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// An archive of Debian packages.
    #[default]
    Apt,
}

/// A further suite of a distribution beside the main one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Pocket {
    /// Updates between point releases.
    Updates,
    /// Security fixes.
    Security,
    /// Newer versions, for those that ask for them.
    Backports,
}

impl Pocket {
    /// Returns the word for it, with which the names of its suites end.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Updates => "updates",
            Self::Security => "security",
            Self::Backports => "backports",
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: SourceKind::Apt,
            suite: "trixie".to_owned(),
            folder: None,
            components: main(),
            mirrors: Vec::new(),
            keyring: None,
            keys: None,
            fingerprints: Vec::new(),
            allow_weak_keys: Vec::new(),
            codename: None,
            in_image: None,
            pockets: pockets(),
            check_valid_until: true,
            priority: priority(),
            snapshot: None,
            snapshot_services: Vec::new(),
        }
    }
}

fn main() -> Vec<String> {
    vec!["main".to_owned()]
}

fn pockets() -> Vec<Pocket> {
    vec![Pocket::Updates, Pocket::Security]
}

fn yes() -> bool {
    true
}

fn priority() -> i32 {
    500
}
