//! A component before it runs: which world it implements, which contract it was built against, and
//! that it imports nothing else.
//!
//! Reads names only, so a plugin that cannot run is refused before anything is compiled.

use std::fmt;
use std::sync::{Arc, OnceLock};

use isoplug_engine::Digest;
use semver::Version;

use crate::Error;
use crate::link::Linked;
use crate::wasi;
use isoplug_registry::names::{Name, Nameless, Names};

/// The contract that this isoplug keeps.
pub const API: Version = Version::new(0, 1, 0);

/// The largest component, in bytes.
pub const LARGEST: u64 = 64 << 20;

const PACKAGE: &str = "isoplug:plugin/";

/// A component that may run. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    /// Its SHA-256: its identity.
    pub digest: Digest,
    /// What it does.
    pub world: World,
    /// In bytes.
    pub size: u64,
    /// The contract that it was built against.
    pub api: Version,
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) linked: Arc<OnceLock<Linked>>,
}

/// What a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Adds to an image.
    Contributor,
    /// Plans a stage.
    Stage,
    /// Checks a finished image.
    Check,
}

impl World {
    /// Returns its name, which is that of the interface that it exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Stage => "stage",
            Self::Check => "check",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digest, world, size, api, bytes: _, linked: _ } = self;
        write!(f, "{world} {digest}, {size} bytes, API {api}")
    }
}

impl Component {
    /// Reads the names in a component, and refuses what could not run.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let size = bytes.len() as u64;
        if size > LARGEST {
            return Err(Error::Size { size, limit: LARGEST });
        }
        let (imports, exports) = interfaces(bytes)?;
        let mut api = Version::new(0, 0, 0);
        for name in imports.iter().chain(&exports).filter(|name| name.starts_with(PACKAGE)) {
            api = api.max(version(name)?);
        }
        for name in imports.iter().filter(|name| !name.starts_with(PACKAGE)) {
            wasi::accepts(name).map_err(|reason| Error::Import { name: name.clone(), reason })?;
        }
        let (digest, world) = (Digest::of(bytes), world(&exports)?);
        Ok(Self { digest, world, size, api, bytes: bytes.into(), linked: Arc::default() })
    }
}

/// Returns the version of one of our interfaces, if this isoplug keeps it.
fn version(name: &str) -> Result<Version, Error> {
    let version = name.split_once('@').and_then(|(_, version)| Version::parse(version).ok());
    let needs = version.ok_or_else(|| Error::World(format!("`{name}` has no version")))?;
    let keeps = needs.major == API.major && needs.minor == API.minor;
    if keeps { Ok(needs) } else { Err(Error::Api { needs, has: API }) }
}

fn world(exports: &[String]) -> Result<World, Error> {
    let has = |interface: &str| {
        let name = |name: &String| name.strip_prefix(PACKAGE)?.split('@').next().map(str::to_owned);
        exports.iter().filter_map(name).any(|name| name == interface)
    };
    let worlds = [World::Contributor, World::Stage, World::Check];
    let worlds: Vec<World> = worlds.into_iter().filter(|world| has(world.name())).collect();
    match worlds.as_slice() {
        _ if !has("describe") => Err(Error::World("it does not export `describe`".to_owned())),
        [world] => Ok(*world),
        [] => Err(Error::World("it exports none of `contributor`, `stage`, `check`".to_owned())),
        _ => Err(Error::World(
            "it exports more than one of `contributor`, `stage`, `check`".to_owned(),
        )),
    }
}

/// Returns the imports, which must all be interfaces, and those exports that are.
fn interfaces(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), Error> {
    let Names { imports, exports } = Names::read(bytes).map_err(|why| match why {
        Nameless::Module => Error::Component(
            "it is a core module; `isoplug plugin build` makes a component of it".to_owned(),
        ),
        malformed => Error::Component(malformed.to_string()),
    })?;
    let whole = |Name { text, is_instance }| match is_instance {
        true => Ok(text),
        false => {
            let reason = "plugins import whole interfaces only".to_owned();
            Err(Error::Import { name: text, reason })
        }
    };
    let imports = imports.into_iter().map(whole).collect::<Result<_, _>>()?;
    let exports = exports.into_iter().filter(|name| name.is_instance);
    Ok((imports, exports.map(|name| name.text).collect()))
}
