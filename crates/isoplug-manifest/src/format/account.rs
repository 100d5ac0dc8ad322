//! Formats of users: their names and those of groups.

use super::{Finding, Verdict, made_of, require};

/// Names of groups elsewhere, and Debian's.
const GROUP_ALIASES: &[(&str, &str)] = &[("networkmanager", "netdev"), ("wheel", "sudo")];

/// A name that Debian's `adduser` takes.
pub(super) fn user_name(text: &str) -> Verdict {
    require(is_account_name(text), || {
        let message = format!("\"{text}\" cannot be a user name");
        Finding::new("bad-name", message)
            .help("a small letter or `_`, then up to 31 of `a-z 0-9 _ -`")
    })
}

pub(super) fn group_name(text: &str) -> Verdict {
    if let Some((_, debian)) = GROUP_ALIASES.iter().find(|(name, _)| *name == text) {
        let message = format!("Debian has no group `{text}`; taken as `{debian}`");
        let finding = Finding::new("alias", message).help(format!("write `{debian}`"));
        return Verdict::Alias((*debian).to_owned(), finding);
    }
    require(is_account_name(text), || {
        let message = format!("\"{text}\" cannot be a group name");
        Finding::new("bad-name", message)
            .help("a small letter or `_`, then up to 31 of `a-z 0-9 _ -`")
    })
}

fn is_account_name(text: &str) -> bool {
    let first = |first: char| first.is_ascii_lowercase() || first == '_';
    let rest =
        |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || "_-".contains(each);
    text.len() <= 32 && text.starts_with(first) && made_of(text, rest)
}
