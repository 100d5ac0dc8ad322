//! The synopsis of a licence field: words with `and`, `or`, `with` and commas (copyright-format 1.0, "Syntax").

use std::fmt;

use super::words;

/// An expression of SPDX.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expression {
    /// An identifier, perhaps with `WITH` and an exception.
    Word(String),
    /// All of them.
    And(Vec<Expression>),
    /// One of them.
    Or(Vec<Expression>),
}

/// Reads a synopsis; none if it is empty.
pub(super) fn parse(synopsis: &str) -> Option<Expression> {
    let spaced = synopsis.replace(',', " , ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    weakest(&tokens)
}

/// Splits where a comma stands before an `and` or an `or`: those bind least, and do so from the left.
fn weakest(tokens: &[&str]) -> Option<Expression> {
    let at = (1..tokens.len()).rev().find(|&at| tokens[at - 1] == "," && is_operator(tokens[at]));
    let Some(at) = at else { return any(tokens) };
    let (left, right) = (weakest(&tokens[..at - 1]), any(&tokens[at + 1..]));
    let parts: Vec<Expression> = left.into_iter().chain(right).collect();
    if tokens[at].eq_ignore_ascii_case("and") {
        Expression::all(parts)
    } else {
        Expression::any(parts)
    }
}

fn is_operator(token: &str) -> bool {
    token.eq_ignore_ascii_case("and") || token.eq_ignore_ascii_case("or")
}

fn any(tokens: &[&str]) -> Option<Expression> {
    let parts = tokens.split(|token| token.eq_ignore_ascii_case("or")).filter_map(all);
    Expression::any(parts.collect())
}

/// A comma without a word after it lists, and what is listed all holds.
fn all(tokens: &[&str]) -> Option<Expression> {
    let parts = tokens.split(|token| *token == "," || token.eq_ignore_ascii_case("and"));
    Expression::all(parts.filter_map(words::word).collect())
}

impl Expression {
    /// Returns one that asks for all of some; none for none.
    #[must_use]
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::And(inner) => inner,
            other => vec![other],
        });
        once(flat.collect(), Self::And)
    }

    /// Returns one that asks for one of some; none for none.
    #[must_use]
    pub fn any(parts: Vec<Self>) -> Option<Self> {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Or(inner) => inner,
            other => vec![other],
        });
        once(flat.collect(), Self::Or)
    }

    /// Returns its identifiers; exceptions are none.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Word(word) => {
                let id = word.split(' ').next().unwrap_or(word);
                vec![id.to_owned()]
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::words).collect(),
        }
    }
}

fn once(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Option<Expression> {
    parts.sort();
    parts.dedup();
    if parts.len() > 1 { Some(many(parts)) } else { parts.pop() }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::Word(word) => return f.write_str(word),
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { between })?;
            match part {
                Self::Word(word) => f.write_str(word)?,
                inner => write!(f, "({inner})")?,
            }
        }
        Ok(())
    }
}

impl Expression {
    /// Reads an expression as this program writes it; none if it is another.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = &tokens[..];
        let read = Self::read_or(&mut rest)?;
        rest.is_empty().then_some(read)
    }

    fn read_or(rest: &mut &[&str]) -> Option<Self> {
        let mut parts = vec![Self::read_and(rest)?];
        while let Some(("OR", more)) = rest.split_first().map(|(first, more)| (*first, more)) {
            *rest = more;
            parts.push(Self::read_and(rest)?);
        }
        Self::any(parts)
    }

    fn read_and(rest: &mut &[&str]) -> Option<Self> {
        let mut parts = vec![Self::read_word(rest)?];
        while let Some(("AND", more)) = rest.split_first().map(|(first, more)| (*first, more)) {
            *rest = more;
            parts.push(Self::read_word(rest)?);
        }
        Self::all(parts)
    }

    fn read_word(rest: &mut &[&str]) -> Option<Self> {
        let (first, more) = rest.split_first()?;
        *rest = more;
        if *first == "(" {
            let inner = Self::read_or(rest)?;
            let (end, more) = rest.split_first()?;
            *rest = more;
            return (*end == ")").then_some(inner);
        }
        match *rest {
            ["WITH", exception, more @ ..] => {
                *rest = more;
                Some(Self::Word(format!("{first} WITH {exception}")))
            }
            _ => Some(Self::Word((*first).to_owned())),
        }
    }

    /// Returns an identifier that cannot be done without, of those that are denied.
    #[must_use]
    pub fn denied(&self, is_denied: &dyn Fn(&str) -> bool) -> Option<String> {
        match self {
            Self::Word(_) => self.words().into_iter().find(|word| is_denied(word)),
            Self::And(parts) => parts.iter().find_map(|part| part.denied(is_denied)),
            Self::Or(parts) => {
                let denied: Option<Vec<String>> =
                    parts.iter().map(|part| part.denied(is_denied)).collect();
                denied.and_then(|denied| denied.into_iter().next())
            }
        }
    }
}
