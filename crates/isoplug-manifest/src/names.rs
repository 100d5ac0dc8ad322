//! Names that images know: locales and time zones, as the packages of Debian have them.
//!
//! The tables are files of their own; a test compares them with the archive's packages.

/// Locales with their charsets, and other names of locales.
const LOCALES: &str = include_str!("../data/locales.txt");
/// Time zones.
const ZONES: &str = include_str!("../data/time-zones.txt");

/// A locale that Debian's `locales` can compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Locale {
    /// Its name there.
    pub(crate) name: &'static str,
    /// Its charset.
    pub(crate) charset: &'static str,
}

/// Returns the locale that the C library takes a name for: `en_US.utf8` is `en_US.UTF-8`.
pub(crate) fn locale(text: &str) -> Option<Locale> {
    let found = |text: &str| {
        let named = Name::of(text);
        locales().find(|locale| locale.name == text).or_else(|| {
            locales().find(|locale| {
                let own = Name::of(locale.name);
                let charset = normal(locale.charset);
                own.language == named.language
                    && own.modifier == named.modifier
                    && named.codeset.is_some_and(|codeset| normal(codeset) == charset)
            })
        })
    };
    found(text).or_else(|| found(other_name(text)?))
}

/// Returns a locale that may have been meant.
pub(crate) fn nearest_locale(text: &str) -> Option<&'static str> {
    let language = text.split([' ', '_', '-', '.', '@']).next().unwrap_or_default().to_lowercase();
    let of_language = |name: &&str| name.split(['_', '.', '@']).next() == Some(&*language);
    let names = || locales().filter(|locale| locale.charset == "UTF-8").map(|locale| locale.name);
    let alone = language == text.to_lowercase();
    let usual = [language.to_uppercase(), "US".to_owned()];
    let usual = usual.map(|territory| format!("{language}_{territory}.UTF-8"));
    let usual = usual.iter().filter(|_| alone).find_map(|name| names().find(|own| own == name));
    let letters = |text: &str| -> String {
        text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
    };
    let same = names().find(|name| letters(name) == letters(text));
    let similar = || best(text, names().filter(of_language)).map(|(_, name)| name);
    usual.or(same).or_else(similar).or_else(|| most_similar(text, names()))
}

/// Says whether there is a time zone of this name.
pub(crate) fn is_zone(text: &str) -> bool {
    let text = ["right/", "posix/"].iter().find_map(|set| text.strip_prefix(set)).unwrap_or(text);
    zones().any(|(name, _)| name == text)
}

/// Says whether a time zone is in `tzdata-legacy`, where there is such a package.
pub(crate) fn is_legacy_zone(text: &str) -> bool {
    text.starts_with("right/") || zones().any(|(name, legacy)| name == text && legacy)
}

/// Returns a time zone that may have been meant: the one of a place, or a similar one.
pub(crate) fn nearest_zone(text: &str) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
    let place = |name: &str| plain(name.rsplit('/').next().unwrap_or(name));
    let names = || zones().map(|(name, _)| name);
    names()
        .find(|name| plain(name) == plain(text))
        .or_else(|| names().find(|name| place(name) == place(text)))
        .or_else(|| most_similar(text, names()))
}

fn zones() -> impl Iterator<Item = (&'static str, bool)> {
    lines(ZONES).map(|line| match line.split_once(' ') {
        Some((name, _)) => (name, true),
        None => (line, false),
    })
}

fn locales() -> impl Iterator<Item = Locale> {
    let pairs = lines(LOCALES).filter_map(|line| line.split_once(' '));
    let pairs = pairs.filter(|(name, _)| *name != "=");
    pairs.map(|(name, charset)| Locale { name, charset })
}

fn other_name(text: &str) -> Option<&'static str> {
    let others = lines(LOCALES).filter_map(|line| line.strip_prefix("= ")?.split_once(' '));
    others.into_iter().find(|(other, _)| *other == text).map(|(_, name)| name)
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// `language_TERRITORY.codeset@modifier`.
struct Name<'n> {
    language: &'n str,
    codeset: Option<&'n str>,
    modifier: Option<&'n str>,
}

impl<'n> Name<'n> {
    fn of(text: &'n str) -> Self {
        let (rest, modifier) = match text.split_once('@') {
            Some((rest, modifier)) => (rest, Some(modifier)),
            None => (text, None),
        };
        let (language, codeset) = match rest.split_once('.') {
            Some((language, codeset)) => (language, Some(codeset)),
            None => (rest, None),
        };
        Self { language, codeset, modifier }
    }
}

/// The C library compares codesets so (glibc, `_nl_normalize_codeset`).
fn normal(codeset: &str) -> String {
    let kept = codeset.chars().filter(char::is_ascii_alphanumeric);
    let text: String = kept.map(|each| each.to_ascii_lowercase()).collect();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("iso{text}") } else { text }
}

fn most_similar(text: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    best(text, names).filter(|(score, _)| *score > 0.8).map(|(_, name)| name)
}

fn best(text: &str, names: impl Iterator<Item = &'static str>) -> Option<(f64, &'static str)> {
    let scored = names.map(|name| (strsim::jaro_winkler(text, name), name));
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: [(&str, &str, &str); 15] = [
        ("en_US.utf8", "en_US.UTF-8", "UTF-8"),
        ("en_US.UTF8", "en_US.UTF-8", "UTF-8"),
        ("C.utf8", "C.UTF-8", "UTF-8"),
        ("de_DE@euro", "de_DE@euro", "ISO-8859-15"),
        ("de_DE.ISO-8859-15@euro", "de_DE@euro", "ISO-8859-15"),
        ("de_DE.iso88591", "de_DE", "ISO-8859-1"),
        ("de_DE.8859-1", "de_DE", "ISO-8859-1"),
        ("ca_ES@valencia", "ca_ES@valencia", "UTF-8"),
        ("ca_ES.UTF-8@valencia", "ca_ES@valencia", "UTF-8"),
        ("en_IN", "en_IN", "UTF-8"),
        ("en_IN.UTF-8", "en_IN", "UTF-8"),
        ("ja_JP.eucJP", "ja_JP.EUC-JP", "EUC-JP"),
        ("german", "de_DE", "ISO-8859-1"),
        ("sr_RS.utf-8@latin", "sr_RS@latin", "UTF-8"),
        ("eo", "eo", "UTF-8"),
    ];

    #[test]
    fn locales_are_found_as_the_c_library_finds_them() {
        for (text, name, charset) in FOUND {
            assert_eq!(locale(text), Some(Locale { name, charset }), "{text}");
        }
        for text in ["en_UK.UTF-8", "en", "de_DE.UTF-9", "UTF-8", "", "german@euro"] {
            assert_eq!(locale(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_there_has_a_neighbour() {
        let table = [
            ("de", "de_DE.UTF-8"),
            ("en", "en_US.UTF-8"),
            ("de_ED.UTF-8", "de_DE.UTF-8"),
            ("en-US", "en_US.UTF-8"),
            ("en_us.utf8", "en_US.UTF-8"),
        ];
        for (text, expected) in table {
            assert_eq!(nearest_locale(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_zone_that_is_not_there_has_a_neighbour() {
        let table = [
            ("Europe/Berlinn", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("America/New York", "America/New_York"),
            ("US/Estern", "US/Eastern"),
        ];
        for (text, expected) in table {
            assert_eq!(nearest_zone(text), Some(expected), "{text}");
        }
        assert_eq!(nearest_zone("12345"), None);
    }

    #[test]
    fn old_zones_are_known_as_such() {
        assert!(is_legacy_zone("US/Eastern") && is_zone("right/Europe/Berlin"));
        assert!(is_zone("Etc/GMT+5") && !is_legacy_zone("Europe/Berlin") && !is_zone("Europe"));
    }
}
