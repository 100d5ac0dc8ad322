//! Why a plugin cannot be used, or did not do its part.

use std::fmt;
use std::io;
use std::path::PathBuf;

use semver::Version;

/// Why a plugin cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no component that wasmtime takes.
    #[error("not a usable component: {0}")]
    Component(String),
    /// It is larger than any plugin may be.
    #[error("the component has {size} bytes, and {limit} is the limit")]
    Size {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It imports something that plugins do not get.
    #[error("the component imports `{name}`: {reason}")]
    Import {
        /// The import.
        name: String,
        /// Why not, and what to use instead.
        reason: String,
    },
    /// It exports no world of plugins, or several.
    #[error("the component is not an isoplug plugin: {0}")]
    World(String),
    /// It was built against another contract.
    #[error(
        "the plugin needs API {needs}, this isoplug has {has}: {}",
        if needs > has { "use a newer isoplug, or an older version of the plugin" }
        else { "use a newer version of the plugin" }
    )]
    Api {
        /// What it was built against.
        needs: Version,
        /// What there is.
        has: Version,
    },
    /// It uses a function that its interface does not have here.
    #[error("the plugin does not fit API {has}: {reason}{}", newer(needs, has))]
    Link {
        /// What it was built against.
        needs: Version,
        /// What there is.
        has: Version,
        /// What does not fit.
        reason: String,
    },
    /// What it says of itself cannot be used.
    #[error("the plugin describes itself wrongly: {0}")]
    Description(String),
    /// It is not of the world that is called.
    #[error("plugin `{plugin}` does not {verb}")]
    Verb {
        /// Its name in the manifest.
        plugin: String,
        /// What it was to do.
        verb: &'static str,
    },
    /// A limit in the manifest that cannot be read.
    #[error("`limits.{name}` in [grants.{plugin}] cannot be read")]
    Limit {
        /// Its name in the manifest.
        plugin: String,
        /// The limit.
        name: &'static str,
    },
    /// A pattern in the manifest that cannot be read.
    #[error("pattern `{pattern}` in [grants.{plugin}]: {reason}")]
    Pattern {
        /// Its name in the manifest.
        plugin: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It trapped or went beyond a limit.
    #[error("{0}")]
    Fault(Box<Fault>),
    /// The folder of compiled plugins and results cannot be used.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// wasmtime does not work on this machine.
    #[error("WebAssembly cannot be run here: {0}")]
    Engine(String),
}

/// Says what helps if it is the contract that is too old.
fn newer(needs: &Version, has: &Version) -> String {
    match needs > has {
        true => format!(
            "\nit was built against API {needs}: use a newer isoplug, or an older version of the plugin"
        ),
        false => String::new(),
    }
}

impl Error {
    /// Returns the error for a file or folder of ours.
    pub(crate) fn folder(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Folder { path, source }
    }
}

/// A plugin that trapped or went beyond a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name in the manifest.
    pub plugin: String,
    /// Its id and version as it says them; empty while it describes itself.
    pub identity: String,
    /// What it was doing: `contribute`.
    pub verb: &'static str,
    /// What happened.
    pub what: String,
    /// How much it had run, in units of fuel.
    pub fuel: u64,
    /// The last lines of its log.
    pub log: Vec<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, identity, verb, what, fuel, log } = self;
        writeln!(f, "plugin `{plugin}` failed in `{verb}` after {fuel} units of fuel: {what}")?;
        for line in log {
            writeln!(f, "  it logged: {line}")?;
        }
        let who = if identity.is_empty() { plugin } else { identity };
        write!(f, "this is a fault of the plugin {who}, not of the manifest")
    }
}
