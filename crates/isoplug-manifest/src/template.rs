//! Texts with facts of an image in them: `{{ image.name }}`.
//!
//! What stands between two pairs of braces on one line is the name of a fact, or a text between double quotes that
//! stays as it is: `{{ "{{" }}`. Nothing else is special. Knows which facts there are, and none of any image.

use serde::Serialize;

/// A text with facts in it, those that are known filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Piece {
    Text(String),
    Fact(Fact),
}

/// Something that is known of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The image's name.
    Name,
    /// The image's version.
    Version,
    /// Its name and version.
    Title,
    /// The profile.
    Profile,
    /// The architecture, in Debian's words.
    Arch,
    /// The day of its epoch, such as `2026-11-29`.
    Date,
    /// The kernel that it boots, as `uname -r` says it.
    Kernel,
    /// How many packages are installed.
    PackageCount,
    /// The packages and their versions, a line each.
    PackageList,
    /// The version of an installed package.
    Package(String),
}

/// The facts with names of their own.
const NAMED: [(&str, Fact); 9] = [
    ("image.name", Fact::Name),
    ("image.version", Fact::Version),
    ("image.title", Fact::Title),
    ("image.profile", Fact::Profile),
    ("image.arch", Fact::Arch),
    ("image.date", Fact::Date),
    ("kernel.version", Fact::Kernel),
    ("packages.count", Fact::PackageCount),
    ("packages.list", Fact::PackageList),
];
/// What stands before the name of a package whose version is meant.
const PACKAGE: &str = "package.";

/// What is wrong with braces that are left open, and what to try.
const OPEN: (&str, &str) = (
    "`{{` is not closed on its line",
    "close it with `}}`, or write `{{ \"{{\" }}` for braces that stay",
);

/// Something in a text that is no fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to try.
    pub help: String,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// When it names what is no fact, or braces are not closed; each place.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let (mut pieces, mut mistakes, mut rest) = (Vec::new(), Vec::new(), text);
        while let Some((before, from)) = rest.split_once("{{") {
            push(&mut pieces, before);
            let (piece, after) = match inner(from) {
                Some((inner, after)) => (Self::piece(inner), after),
                None => (Err((OPEN.0.to_owned(), OPEN.1.to_owned())), from),
            };
            match piece {
                Ok(Piece::Text(text)) => push(&mut pieces, &text),
                Ok(fact) => pieces.push(fact),
                Err((message, help)) => {
                    let line = text[..text.len() - from.len()].matches('\n').count() + 1;
                    mistakes.push(Mistake { line, message, help });
                }
            }
            rest = after;
        }
        push(&mut pieces, rest);
        if mistakes.is_empty() { Ok(Self(pieces)) } else { Err(mistakes) }
    }

    fn piece(inner: &str) -> Result<Piece, (String, String)> {
        if let Some(text) = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            return Ok(Piece::Text(text.to_owned()));
        }
        Fact::named(inner).map(Piece::Fact)
    }

    /// Returns the facts in it that are not filled in.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Fact(fact) => Some(fact),
        })
    }

    /// Fills in what is known: `know` returns nothing for what is not known yet.
    ///
    /// # Errors
    ///
    /// That of `know`.
    pub fn fill<E>(
        self,
        know: &mut dyn FnMut(&Fact) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let mut pieces = Vec::new();
        for piece in self.0 {
            let known = match &piece {
                Piece::Text(text) => Some(text.clone()),
                Piece::Fact(fact) => know(fact)?,
            };
            match known {
                Some(text) => push(&mut pieces, &text),
                None => pieces.push(piece),
            }
        }
        Ok(Self(pieces))
    }

    /// Returns the text, if all facts are filled in.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let text = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Fact(_) => None,
        });
        text.collect()
    }
}

impl Fact {
    fn named(name: &str) -> Result<Self, (String, String)> {
        if let Some((_, fact)) = NAMED.iter().find(|(own, _)| *own == name) {
            return Ok(fact.clone());
        }
        let package = name.strip_prefix(PACKAGE).filter(|package| !package.is_empty());
        if let Some(package) = package {
            return Ok(Self::Package(package.to_owned()));
        }
        let names = NAMED.iter().map(|(own, _)| *own);
        let likeness = |own: &str| strsim::jaro_winkler(own, name);
        let nearest = names.clone().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = nearest.filter(|own| likeness(own) > 0.8);
        let all = || names.map(|own| format!("`{own}`")).collect::<Vec<_>>().join(", ");
        let help = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the facts are {} and `{PACKAGE}NAME`", all()),
        };
        Err((format!("there is no fact `{name}`"), help))
    }
}

/// Returns what stands before the closing braces of a line, without blanks around it, and the text behind them. Between double quotes
/// braces close nothing.
fn inner(from: &str) -> Option<(&str, &str)> {
    let line = from.split('\n').next().unwrap_or_default();
    let begin = line.len() - line.trim_start().len();
    let quoted = line[begin..].strip_prefix('"').and_then(|rest| rest.find('"'));
    let skip = quoted.map_or(begin, |end| begin + end + 2);
    let end = skip + line[skip..].find("}}")?;
    Some((line[..end].trim(), &from[end + 2..]))
}

/// Adds a text, to the last one if that is one too.
fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Fills in the name of each fact, but for one.
    fn filled(text: &str, unknown: Option<&Fact>) -> Template {
        let mut know = |fact: &Fact| {
            let word = format!("<{fact:?}>");
            Ok::<_, Infallible>((Some(fact) != unknown).then_some(word))
        };
        Template::parse(text).unwrap().fill(&mut know).unwrap()
    }

    fn text(text: &str) -> String {
        filled(text, None).text().unwrap()
    }

    #[test]
    fn facts_take_the_place_of_their_names() {
        assert_eq!(text("a {{ image.name }}{{image.version}}\n"), "a <Name><Version>\n");
        assert_eq!(text("{{ package.libstdc++6 }}"), "<Package(\"libstdc++6\")>");
        for (name, fact) in NAMED {
            assert_eq!(text(&format!("{{{{ {name} }}}}")), format!("<{fact:?}>"));
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for same in ["", "}}", "{ {x} }", "${x}", "{%x%}", "a\n\nb", "{"] {
            assert_eq!(text(same), same);
        }
        assert_eq!(text("{{ \"{{\" }} x }}"), "{{ x }}");
        assert_eq!(text("{{ \"}}\" }}{{ \"\" }}"), "}}");
    }

    #[test]
    fn what_is_not_known_yet_is_filled_in_later() {
        let half = filled("{{ image.name }} {{ kernel.version }}", Some(&Fact::Kernel));
        assert_eq!(half.text(), None);
        assert_eq!(half.facts().collect::<Vec<_>>(), [&Fact::Kernel]);
        let whole = half.fill(&mut |_| Ok::<_, Infallible>(Some("6.12".to_owned()))).unwrap();
        assert_eq!(whole.text().unwrap(), "<Name> 6.12");
    }

    #[test]
    fn what_is_no_fact_is_told_with_its_line() {
        let said = |text: &str| {
            let mistakes = Template::parse(text).unwrap_err();
            let lines = mistakes.iter().map(|m| format!("{}: {}; {}", m.line, m.message, m.help));
            lines.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(said("a\n{{ image.nane }} {{ x }}\n{{ image.name\n}}"), @r#"
        2: there is no fact `image.nane`; did you mean `image.name`?
        2: there is no fact `x`; the facts are `image.name`, `image.version`, `image.title`, `image.profile`, `image.arch`, `image.date`, `kernel.version`, `packages.count`, `packages.list` and `package.NAME`
        3: `{{` is not closed on its line; close it with `}}`, or write `{{ "{{" }}` for braces that stay
        "#);
        assert!(said("{{ package. }}").contains("no fact `package.`"));
        assert!(said("{{ }}").contains("no fact ``"));
    }
}
