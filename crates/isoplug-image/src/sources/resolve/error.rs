//! Why a request has no answer, in words for people.

use crate::sources::solver::Unsatisfiable;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Packages that no source has.
    #[error("{}", unknown_text(.0))]
    Unknown(Vec<UnknownPackage>),
    /// No set of packages satisfies everything.
    #[error("{}", unsatisfiable_text(.0))]
    Unsatisfiable(#[from] Unsatisfiable),
    /// A wish that does not follow the grammar.
    #[error("{0:?} is no package wish: expected name, name=version or name/suite")]
    Malformed(String),
    /// A package of another architecture than the image's.
    #[error("{name} is wanted for {wanted}, but the image is for {architecture}")]
    ForeignArchitecture {
        /// The package.
        name: String,
        /// The architecture that was asked for.
        wanted: String,
        /// The architecture of the image.
        architecture: String,
    },
    /// The sources have no Essential packages, so nothing could be installed on.
    #[error(
        "the sources have no Essential packages for {0}; is a suite of the base system missing?"
    )]
    NoEssential(String),
    /// An index entry without a usable path or hash.
    #[error("{package} {version} from {archive} has no usable {field} in the index")]
    BadRecord {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// The archive.
        archive: String,
        /// The field at fault.
        field: &'static str,
    },
}

/// A name that no source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPackage {
    /// What was asked for.
    pub wish: String,
    /// Names like it, the best first.
    pub nearest: Vec<String>,
    /// Versions and suites that are there, if it is only these that do not fit.
    pub offered: Vec<String>,
    /// Components that have it and that no source names, with their suites.
    pub elsewhere: Vec<(String, String)>,
}

fn unsatisfiable_text(error: &Unsatisfiable) -> String {
    match error.gave_up {
        true => format!("gave up choosing packages: {error}"),
        false => format!("the packages cannot be installed together\n{error}"),
    }
}

fn unknown_text(packages: &[UnknownPackage]) -> String {
    let line = |package: &UnknownPackage| {
        let UnknownPackage { wish, nearest, offered, elsewhere: _ } = package;
        match (&offered[..], &nearest[..]) {
            ([], []) => format!("no source has the package {wish}"),
            ([], names) => {
                format!("no source has the package {wish}; did you mean {}?", names.join(" or "))
            }
            (offered, _) => format!("no source has {wish}; there is {}", offered.join(", ")),
        }
    };
    packages.iter().map(line).collect::<Vec<_>>().join("\n")
}
