//! One image of a manifest: a profile for an architecture. Knows neither the manifest nor how one is chosen.

use std::fmt;

/// A profile for an architecture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pick {
    /// The profile.
    pub(crate) profile: String,
    /// The architecture, in Debian's words.
    pub(crate) arch: String,
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.profile, self.arch)
    }
}

/// Returns what tells each image from the others: its profile, its architecture, or both.
pub(crate) fn apart(picks: &[Pick]) -> Vec<String> {
    let same_arch = picks.windows(2).all(|two| two[0].arch == two[1].arch);
    let same_profile = picks.windows(2).all(|two| two[0].profile == two[1].profile);
    let name = |pick: &Pick| match (same_arch, same_profile) {
        (true, _) => pick.profile.clone(),
        (false, true) => pick.arch.clone(),
        (false, false) => format!("{} {}", pick.profile, pick.arch),
    };
    picks.iter().map(name).collect()
}

/// Returns images for people: at most three by name.
pub(crate) fn list(picks: &[&Pick]) -> String {
    let names: Vec<String> = picks.iter().map(ToString::to_string).collect();
    match &names[..] {
        [] => "no image".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= 3 => format!("{} and {last}", first.join(", ")),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(all: &[(&str, &str)]) -> Vec<Pick> {
        let pick = |(profile, arch): &(&str, &str)| Pick {
            profile: (*profile).to_owned(),
            arch: (*arch).to_owned(),
        };
        all.iter().map(pick).collect()
    }

    #[test]
    fn a_name_says_no_more_than_it_must() {
        let apart = |all| apart(&picks(all)).join(", ");
        assert_eq!(apart(&[("a", "amd64"), ("b", "amd64")]), "a, b");
        assert_eq!(apart(&[("a", "amd64"), ("a", "arm64")]), "amd64, arm64");
        assert_eq!(apart(&[("a", "amd64"), ("b", "arm64")]), "a amd64, b arm64");
    }

    #[test]
    fn at_most_three_are_named() {
        let all = picks(&[("a", "amd64"), ("b", "amd64"), ("c", "amd64"), ("d", "amd64")]);
        let list = |count: usize| list(&all[..count].iter().collect::<Vec<_>>());
        assert_eq!(list(1), "a (amd64)");
        assert_eq!(list(3), "a (amd64), b (amd64) and c (amd64)");
        assert_eq!(list(4), "a (amd64), b (amd64) and 2 more");
    }
}
