//! Chooses packages: the one interface that a solver has here.

mod expected;
mod limits;
mod recommends;
mod resolvo;
mod wording;

use std::collections::BTreeSet;

use isoplug_formats::apt::Relation;

use super::universe::{Id, Universe};

pub use self::limits::Limits;
pub use self::recommends::{add_possible, solve_with_recommends};
pub use self::resolvo::Resolvo;

/// What must hold of the answer.
#[derive(Debug, Clone, Default)]
pub struct Problem<'a> {
    /// Each group needs one satisfied alternative.
    pub wanted: Vec<Vec<Relation<'a>>>,
    /// Offers that must be chosen as they are, which decides the version of their names.
    pub fixed: BTreeSet<Id>,
    /// Names that must not be chosen.
    pub removed: BTreeSet<&'a str>,
    /// Names to choose first among alternatives, the best first.
    pub preferred: Vec<&'a str>,
    /// Offers to choose first among the versions of their names.
    pub favoured: BTreeSet<Id>,
    /// How much may be spent on the answer.
    pub limits: Limits,
}

/// Why nothing satisfies the problem, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unsatisfiable {
    /// What contradicts what, on several lines.
    pub reason: String,
    /// The names among the wanted and the removed ones that take part in it, sorted.
    pub names: BTreeSet<String>,
    /// Whether an answer may exist, and the limits were reached before it was found.
    pub gave_up: bool,
}

impl Unsatisfiable {
    /// Makes one of a limit that was reached.
    pub(crate) fn gave_up(limit: &str) -> Self {
        Self { gave_up: true, ..Self::because(limit) }
    }

    /// Makes one that no name is known of.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), names: BTreeSet::new(), gave_up: false }
    }
}

/// Finds a set of offers that satisfies a problem and all relations between its members.
pub trait Solver {
    /// Returns the chosen offers. The answer depends on nothing but the arguments.
    ///
    /// # Errors
    ///
    /// When what is asked for cannot be installed together, or a limit is reached.
    fn solve(&self, universe: &Universe, problem: &Problem) -> Result<BTreeSet<Id>, Unsatisfiable>;
}

#[cfg(test)]
mod tests;
