//! Parses relations between packages: `Depends`, `Conflicts`, `Provides` and their like.
//!
//! Grammar: Debian Policy 7.1, with the qualifiers of Multi-Arch and the restrictions of source
//! packages. Knows no packages; whether a relation holds is asked with a version in hand.

use super::version;

/// How a version must compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`, and the old `<`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`, and the old `>`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    /// Tells whether `version` stands in this relation to `wanted`.
    pub fn holds(self, version: &str, wanted: &str) -> bool {
        let order = version::compare(version, wanted);
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }

    /// Returns the sign as Debian writes it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<<" => Self::Earlier,
            "<=" | "<" => Self::EarlierOrEqual,
            "=" => Self::Equal,
            ">=" | ">" => Self::LaterOrEqual,
            ">>" => Self::Later,
            _ => return None,
        })
    }
}

/// One alternative: `name:qualifier (>= version) [architectures] <profiles>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'a> {
    /// Name of a package, real or virtual.
    pub name: &'a str,
    /// What follows the name's colon: `any`, `native` or an architecture.
    pub qualifier: Option<&'a str>,
    /// The versions that are meant.
    pub version: Option<(Operator, &'a str)>,
    /// What stands between square brackets.
    pub architectures: Option<&'a str>,
    /// What stands between angle brackets; only source packages have it.
    pub profiles: Option<&'a str>,
}

impl Relation<'_> {
    /// Tells whether a package of this version is meant, whatever its name.
    pub fn allows(&self, version: &str) -> bool {
        self.version.is_none_or(|(operator, wanted)| operator.holds(version, wanted))
    }

    /// Tells whether the relation counts on `architecture`; `[linux-any]` wildcards are understood
    /// for Linux architectures, which have no dash in their names.
    pub fn applies_to(&self, architecture: &str) -> bool {
        let Some(list) = self.architectures else { return true };
        let matches = |word: &str| {
            word == "any"
                || word.trim_start_matches("linux-") == "any"
                || word.strip_prefix("any-").unwrap_or(word) == architecture
        };
        let mut words = list.split_ascii_whitespace().peekable();
        match words.peek().is_some_and(|word| word.starts_with('!')) {
            true => !words.any(|word| matches(word.trim_start_matches('!'))),
            false => words.any(matches),
        }
    }
}

impl std::fmt::Display for Relation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if let Some(qualifier) = self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((operator, version)) = self.version {
            write!(f, " ({} {version})", operator.sign())?;
        }
        if let Some(architectures) = self.architectures {
            write!(f, " [{architectures}]")?;
        }
        match self.profiles {
            Some(profiles) => write!(f, " <{profiles}>"),
            None => Ok(()),
        }
    }
}

/// A relation that does not follow the grammar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("the relation {0:?} is malformed")]
pub struct Malformed(pub String);

/// Parses a field: all groups must hold, of each group at least one alternative.
///
/// # Errors
///
/// When an alternative does not follow the grammar; it is named.
pub fn parse(field: &str) -> Result<Vec<Vec<Relation<'_>>>, Malformed> {
    let groups = field.split(',').filter(|group| !group.trim().is_empty());
    groups.map(|group| group.split('|').map(parse_one).collect()).collect()
}

/// Parses a field without alternatives, such as `Conflicts` or `Provides`.
///
/// # Errors
///
/// When a relation does not follow the grammar; it is named.
pub fn parse_list(field: &str) -> Result<Vec<Relation<'_>>, Malformed> {
    let items = field.split(',').filter(|item| !item.trim().is_empty());
    items.map(parse_one).collect()
}

/// Parses a single alternative.
///
/// # Errors
///
/// When it does not follow the grammar.
pub fn parse_one(text: &str) -> Result<Relation<'_>, Malformed> {
    parts(text.trim()).ok_or_else(|| Malformed(text.trim().to_owned()))
}

fn parts(text: &str) -> Option<Relation<'_>> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || "([<".contains(c));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let (name, qualifier) = match name.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (name, None),
    };
    let (version, rest) = bracketed(rest, '(', ')')?;
    let (architectures, rest) = bracketed(rest, '[', ']')?;
    let profiles = Some(rest.trim()).filter(|text| !text.is_empty());
    let profiles = match profiles {
        Some(text) => Some(text.strip_prefix('<')?.strip_suffix('>')?),
        None => None,
    };
    let version = match version {
        Some(text) => Some(parse_version(text)?),
        None => None,
    };
    let sound = is_word(name) && qualifier.is_none_or(is_word);
    sound.then_some(Relation { name, qualifier, version, architectures, profiles })
}

/// Takes `(…)` off the front if it is there; `None` if it is not closed.
fn bracketed(text: &str, open: char, close: char) -> Option<(Option<&str>, &str)> {
    match text.trim_start().strip_prefix(open) {
        Some(inner) => inner.split_once(close).map(|(inner, rest)| (Some(inner.trim()), rest)),
        None => Some((None, text)),
    }
}

fn parse_version(text: &str) -> Option<(Operator, &str)> {
    let end = text.find(|c| !"<>=".contains(c))?;
    let (operator, version) = text.split_at(end);
    let version = version.trim();
    let sound = !version.is_empty() && !version.contains(|c: char| c.is_ascii_whitespace());
    Operator::parse(operator).filter(|_| sound).map(|operator| (operator, version))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
}
