//! Formats of users: names, password hashes and SSH keys.

use ssh_key::PublicKey;

use super::{Finding, Verdict, is_placeholder, made_of, require};

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

/// A password hash of crypt(5) that Debian's libcrypt verifies.
pub(super) fn crypt_hash(text: &str) -> Verdict {
    if is_placeholder(text) {
        let message = "this password hash is a placeholder: nobody can log in with it";
        return Verdict::Doubtful(
            Finding::new("placeholder", message).help("make one with `mkpasswd`"),
        );
    }
    if ["!", "*", "!*"].contains(&text) {
        return Verdict::Fine;
    }
    let shape = || Finding::new("bad-hash", "this is no password hash of crypt(5)");
    require(is_hash(text), || {
        if text.starts_with('$') {
            return shape().help("make one with `mkpasswd`");
        }
        let message = "this looks like a plain password, not like a hash";
        Finding::new("plain-password", message).help("make a hash with `mkpasswd`")
    })
}

/// `$method$…$hash`, each part of the characters that crypt(5) allows.
fn is_hash(text: &str) -> bool {
    let Some((method, rest)) = text.strip_prefix('$').and_then(|text| text.split_once('$')) else {
        return false;
    };
    let hash = rest.rsplit('$').next().unwrap_or_default();
    let digits = match method {
        "1" => 22,
        "5" => 43,
        "6" => 86,
        "y" | "gy" | "7" => 43,
        "2a" | "2b" | "2y" => 53,
        _ => return false,
    };
    let base64 = |each: char| each.is_ascii_alphanumeric() || "./".contains(each);
    hash.len() == digits && made_of(hash, base64)
}

/// A line of `authorized_keys`, with or without options before the key.
pub(super) fn ssh_key(text: &str) -> Verdict {
    if is_placeholder(text) {
        let message = "this SSH key is a placeholder: nobody can log in with it";
        return Verdict::Doubtful(
            Finding::new("placeholder", message).help("put the line of your `.pub` file here"),
        );
    }
    let key = match PublicKey::from_openssh(without_options(text)) {
        Ok(_) => return Verdict::Fine,
        Err(error) => error,
    };
    let finding = Finding::new("bad-ssh-key", format!("this is no SSH public key: {key}"));
    Verdict::Wrong(finding.help("put the line of your `.pub` file here"))
}

/// The options of `authorized_keys` end at the first blank outside of quotes: sshd(8).
fn without_options(text: &str) -> &str {
    let algorithms = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    if algorithms.iter().any(|word| text.starts_with(word)) {
        return text;
    }
    let mut quoted = false;
    let end = text.find(|each: char| {
        quoted ^= each == '"';
        each == ' ' && !quoted
    });
    end.map_or(text, |end| text[end..].trim_start())
}
