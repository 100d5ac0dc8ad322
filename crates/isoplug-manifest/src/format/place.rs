//! Formats of language and time: locales and time zones that images know.

use super::{Finding, Verdict, require};
use crate::names;

/// A locale by any name that the C library takes, kept by the one that Debian compiles it under.
pub(super) fn locale(text: &str) -> Verdict {
    if ["C", "POSIX"].contains(&text) {
        return Verdict::Fine;
    }
    let Some(locale) = names::locale(text) else { return Verdict::Wrong(no_locale(text)) };
    // Who names a charset wants it; who names none hardly wants an old one.
    let unicode = format!("{text}.UTF-8");
    if locale.charset != "UTF-8" && names::locale(&unicode).is_some() {
        let message = format!("`{text}` is the locale with the charset {}", locale.charset);
        let finding = Finding::new("old-charset", message);
        return Verdict::Doubtful(finding.help(format!("write `{unicode}`")));
    }
    if locale.name == text { Verdict::Fine } else { Verdict::Same(locale.name.to_owned()) }
}

fn no_locale(text: &str) -> Finding {
    let finding = Finding::new("bad-locale", format!("there is no locale `{text}`"));
    finding.help(match names::nearest_locale(text) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "language, country and encoding, such as `de_DE.UTF-8`".to_owned(),
    })
}

/// A country by the two letters of ISO 3166-1.
pub(super) fn country(text: &str) -> Verdict {
    let is_right = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    require(is_right, || {
        let finding = Finding::new("bad-country", format!("\"{text}\" is not a country's code"));
        let upper = text.to_ascii_uppercase();
        finding.help(
            match upper.len() == 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
                true => format!("write \"{upper}\""),
                false => "two capital letters, such as \"DE\" or \"US\"".to_owned(),
            },
        )
    })
}

pub(super) fn timezone(text: &str) -> Verdict {
    require(names::is_zone(text), || {
        let finding = Finding::new("bad-timezone", format!("there is no time zone `{text}`"));
        finding.help(match names::nearest_zone(text) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "a file below `/usr/share/zoneinfo`, such as `Europe/Berlin`".to_owned(),
        })
    })
}
