//! Which packages the options ask for, each with the option that does.

use crate::part::{Contribution, Needed, Package};

/// A package that the image must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The package's name, with architecture, version and suite as they were given.
    pub name: String,
    /// The path of the option that asks for it, such as `services.openssh.enable`.
    pub because: String,
    /// Whether the image can do without it where no source has it.
    pub optional: bool,
}

impl Wanted {
    /// Returns the package's name alone, without architecture, version and suite.
    #[must_use]
    pub fn package(&self) -> &str {
        package_name(&self.name)
    }
}

/// Returns the name in what asks for a package: `name:architecture`, `name=version`, `name/suite`.
#[must_use]
pub fn package_name(wish: &str) -> &str {
    wish.split([':', '=', '/']).next().unwrap_or(wish)
}

/// Returns each package once. The last to need it counts: what the user lists is asked for last.
pub(crate) fn wanted(needs: &Contribution) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for Needed { what: Package { name, optional }, because, by: _ } in needs.packages.iter().rev() {
        if !wanted.iter().any(|wanted| wanted.name == *name) {
            let (name, because) = (name.clone(), because.clone());
            wanted.push(Wanted { name, because, optional: *optional });
        }
    }
    wanted
}
