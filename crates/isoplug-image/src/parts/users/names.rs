//! Says which names, hashes and fields the files of accounts can hold.

use super::super::ContributeError;
use isoplug_manifest::options::User;

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
    check_hash(&subject, user.hashed_password.as_deref())
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

/// Refuses what is no hash, such as a password in plain text.
pub(super) fn check_hash(subject: &str, hash: Option<&str>) -> Result<(), ContributeError> {
    let fits = |hash: &str| {
        let body = hash.starts_with('$') && hash.matches('$').count() >= 3;
        body && hash.chars().all(|c| c.is_ascii_graphic() && !":;*!\\".contains(c))
    };
    match hash {
        Some(hash) if !fits(hash) => {
            let reason =
                "its hashed password is not one that crypt(5) knows; make one with `mkpasswd`";
            Err(ContributeError::refused(subject, reason))
        }
        _ => Ok(()),
    }
}
