//! Why a request has no answer, in words for people.

use crate::solver::Unsatisfiable;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Packages that no source has.
    #[error("{}", unknown_text(.0))]
    Unknown(Vec<UnknownPackage>),
    /// Pins that fit nothing, by their places among those of the request.
    #[error("{} of `packages.pins` fit nothing that a source has", .0.len())]
    UnmetPins(Vec<usize>),
    /// No set of packages satisfies everything.
    #[error("{}", unsatisfiable_text(.0))]
    Unsatisfiable(#[from] Unsatisfiable),
    /// A kernel for which nothing can be compiled.
    #[error(
        "no source has the headers of the kernel {kernel} (the package {headers}), which drivers are compiled with"
    )]
    NoHeaders {
        /// The version of the kernel.
        kernel: String,
        /// The package that would have them.
        headers: String,
    },
    /// Drivers without a kernel.
    #[error("the image has no kernel package that its drivers could be compiled for")]
    NoKernel,
    /// A wish that does not follow the grammar.
    #[error("{0:?} is not a package: expected name, name=version or name/suite")]
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

/// A package that no source has, or not as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownPackage {
    /// What was asked for, as the request has it.
    pub wish: String,
    /// The name in it.
    pub name: String,
    /// The version in it.
    pub version: Option<String>,
    /// The suite in it.
    pub suite: Option<String>,
    /// The source in it.
    pub source: Option<String>,
    /// Whether there are some that a priority below 0 keeps out.
    pub refused: bool,
    /// The suites that there are.
    pub suites: Vec<String>,
    /// Names like it, the best first.
    pub nearest: Vec<String>,
    /// Versions and suites that are there, if it is only these that do not fit.
    pub offered: Vec<String>,
    /// Components that have it and that no source names, with their suites.
    pub elsewhere: Vec<(String, String)>,
    /// Other architectures for which the sources have it.
    pub architectures: Vec<String>,
}

fn unsatisfiable_text(error: &Unsatisfiable) -> String {
    match error.gave_up {
        true => format!("gave up choosing packages: {error}"),
        false => format!("the packages cannot be installed together\n{error}"),
    }
}

impl UnknownPackage {
    /// Tells whether a suite was asked for that no source has.
    #[must_use]
    pub fn lacks_suite(&self) -> bool {
        self.suite.as_ref().is_some_and(|suite| !self.suites.contains(suite))
    }

    /// Says what is not there.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { name, version, suite, .. } = self;
        if let Some(source) = &self.source {
            return format!("the source `{source}` has no package `{name}`");
        }
        if self.refused && self.offered.is_empty() {
            return format!("a priority below 0 keeps every version of `{name}` out");
        }
        match (version, suite) {
            (Some(version), _) => format!("no source has version {version} of `{name}`"),
            (_, Some(suite)) if self.lacks_suite() => format!("no source has the suite `{suite}`"),
            (_, Some(suite)) => format!("the suite `{suite}` has no package `{name}`"),
            (None, None) if !self.architectures.is_empty() => {
                let there = self.architectures.join(" and ");
                format!("the sources have `{name}` for {there} alone")
            }
            (None, None) => format!("no source has the package `{name}`"),
        }
    }
}

fn unknown_text(packages: &[UnknownPackage]) -> String {
    let line = |package: &UnknownPackage| {
        let UnknownPackage { nearest, offered, .. } = package;
        let text = package.text();
        match (&offered[..], &nearest[..]) {
            ([], []) => text,
            ([], names) => format!("{text}; did you mean {}?", names.join(" or ")),
            (offered, _) => format!("{text}; there is {}", offered.join(", ")),
        }
    };
    packages.iter().map(line).collect::<Vec<_>>().join("\n")
}
