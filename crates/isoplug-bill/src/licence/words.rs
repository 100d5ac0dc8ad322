//! From the short names of copyright-format 1.0 to the identifiers of SPDX's list.

use super::expression::Expression;

/// How every word begins that SPDX's list does not have.
pub(super) const OTHER: &str = "LicenseRef-Debian-";

/// The short names that stand for one text each. Names are compared without regard to case, as the format has it.
const EXACT: [(&str, &str); 15] = [
    ("0bsd", "0BSD"),
    ("artistic-2", "Artistic-2.0"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("bsd-4-clause", "BSD-4-Clause"),
    ("cc0", "CC0-1.0"),
    ("cc0-1", "CC0-1.0"),
    ("cddl-1", "CDDL-1.0"),
    ("expat", "MIT"),
    ("fsfap", "FSFAP"),
    ("fsfullr", "FSFULLR"),
    ("isc", "ISC"),
    ("unlicense", "Unlicense"),
    ("w3c", "W3C"),
    ("zlib", "Zlib"),
];

/// Families that have versions, with those that SPDX's list has.
const VERSIONED: [(&str, &[&str]); 9] = [
    ("AFL", &["1.1", "1.2", "2.0", "2.1", "3.0"]),
    ("Apache", &["1.0", "1.1", "2.0"]),
    ("CC-BY", &["1.0", "2.0", "2.5", "3.0", "4.0"]),
    ("CC-BY-SA", &["1.0", "2.0", "2.5", "3.0", "4.0"]),
    ("EPL", &["1.0", "2.0"]),
    ("MPL", &["1.0", "1.1", "2.0"]),
    ("OFL", &["1.0", "1.1"]),
    ("QPL", &["1.0"]),
    ("LPPL", &["1.0", "1.1", "1.2", "1.3a", "1.3c"]),
];

/// Families of the Free Software Foundation, whose identifiers say whether later versions may be taken.
const OR_LATER: [(&str, &[&str]); 4] = [
    ("GPL", &["1.0", "2.0", "3.0"]),
    ("LGPL", &["2.0", "2.1", "3.0"]),
    ("GFDL", &["1.1", "1.2", "1.3"]),
    ("AGPL", &["1.0", "3.0"]),
];

/// Exceptions whose text was compared, by how a synopsis names them, and the licence that they are of.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    ("bison", "GPL", "Bison-exception-2.2"),
    ("font", "GPL", "Font-exception-2.0"),
    ("libtool", "GPL", "Libtool-exception"),
    ("linux-syscall-note", "GPL", "Linux-syscall-note"),
];

/// Returns what the words between two operators stand for; none for none.
pub(super) fn word(tokens: &[&str]) -> Option<Expression> {
    let with = tokens.iter().position(|token| token.eq_ignore_ascii_case("with"));
    let known = match (tokens, with) {
        ([], _) => return None,
        ([one], _) => licence(one),
        (_, Some(1)) => exception(tokens[0], &tokens[2..]),
        _ => None,
    };
    Some(known.unwrap_or_else(|| Expression::Word(format!("{OTHER}{}", plain(&tokens.join("-"))))))
}

fn exception(name: &str, of: &[&str]) -> Option<Expression> {
    let named = of.strip_suffix(&["exception"]).unwrap_or(of).join("-").to_lowercase();
    let Some(Expression::Word(licence)) = licence(name) else { return None };
    let found =
        EXCEPTIONS.iter().find(|(words, family, _)| named == *words && licence.starts_with(family));
    found.map(|(.., exception)| Expression::Word(format!("{licence} WITH {exception}")))
}

fn licence(name: &str) -> Option<Expression> {
    let lower = name.to_lowercase();
    let shortest = without_zeros(&lower);
    if let Some((_, id)) = EXACT.iter().find(|(word, _)| *word == shortest) {
        return Some(Expression::Word((*id).to_owned()));
    }
    if lower == "perl" {
        // "as Perl itself": the format's table says that it is those two.
        let both = ["Artistic-1.0-Perl", "GPL-1.0-or-later"];
        return Expression::any(both.map(|id| Expression::Word(id.to_owned())).to_vec());
    }
    versioned(&lower).or_else(|| or_later(&lower)).map(Expression::Word)
}

/// Version 2.0 is version 2.
fn without_zeros(name: &str) -> &str {
    name.strip_suffix(".0")
        .filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(name)
}

fn versioned(lower: &str) -> Option<String> {
    let (family, version) = lower.rsplit_once('-')?;
    let (family, versions) =
        VERSIONED.iter().find(|(name, _)| name.eq_ignore_ascii_case(family))?;
    Some(format!("{family}-{}", listed(version, versions)?))
}

fn or_later(lower: &str) -> Option<String> {
    let (family, rest) = lower.split_once('-')?;
    let (family, versions) = OR_LATER.iter().find(|(name, _)| name.eq_ignore_ascii_case(family))?;
    let (invariants, rest) = match rest.strip_prefix("niv-") {
        Some(rest) => ("-no-invariants", rest),
        None => ("", rest),
    };
    if !invariants.is_empty() && *family != "GFDL" {
        return None;
    }
    let later = rest.strip_suffix('+').or_else(|| rest.strip_suffix("-or-later"));
    let version = later.or_else(|| rest.strip_suffix("-only")).unwrap_or(rest);
    let which = if later.is_some() { "or-later" } else { "only" };
    Some(format!("{family}-{}{invariants}-{which}", listed(version, versions)?))
}

fn listed<'a>(version: &str, versions: &[&'a str]) -> Option<&'a str> {
    versions.iter().find(|known| **known == version || without_zeros(known) == version).copied()
}

/// Returns a word of the characters that an identifier may have. `+` has a word of its own, or `X+` would be `X-`.
fn plain(word: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || ".-".contains(c) => c.to_string(),
        '+' => "plus".to_owned(),
        _ => "-".to_owned(),
    };
    word.chars().map(plain).collect()
}
