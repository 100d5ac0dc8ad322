//! Says which names, hashes and fields the files of accounts can hold.

use super::super::ContributeError;
use isoplug_manifest::options::{User, wrong_hash};

/// Refuses a user whose fields cannot be written.
pub(super) fn check_user(name: &str, user: &User) -> Result<(), ContributeError> {
    check_name(name)?;
    let subject = format!("user `{name}`");
    let home = user.home.as_deref().unwrap_or("/");
    for (field, value) in
        [("description", &user.description[..]), ("home", home), ("shell", &user.shell)]
    {
        if value.contains([':', '\n', '\0']) {
            let reason = format!("its {field} must hold neither a colon nor a line break");
            return Err(ContributeError::refused(subject, reason));
        }
    }
    if !home.starts_with('/') {
        return Err(ContributeError::refused(subject, "its home must begin with a slash"));
    }
    check_hash(&subject, user.hash())
}

/// Refuses a name that useradd(8) of Debian would refuse.
pub(super) fn check_name(name: &str) -> Result<(), ContributeError> {
    let first = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if first && name.chars().all(rest) && name.len() <= 32 {
        return Ok(());
    }
    let reason = "a name begins with a lowercase letter and goes on with lowercase letters, \
                  digits, `_` and `-`, 32 at most";
    Err(ContributeError::refused(format!("user `{name}`"), reason))
}

/// Refuses what is no hash, such as a password in plain text. What stands in the manifest was checked there.
pub(super) fn check_hash(subject: &str, hash: Option<&str>) -> Result<(), ContributeError> {
    match hash.and_then(wrong_hash) {
        Some(reason) => {
            Err(ContributeError::refused(subject, format!("its hashed password: {reason}")))
        }
        None => Ok(()),
    }
}
