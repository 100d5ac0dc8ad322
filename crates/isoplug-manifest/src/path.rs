//! Paths of options, as TOML writes dotted keys: `users.ada.shell`, `systemd.units."a.service"`.

use std::borrow::Borrow;

/// Splits a path into its keys. A quote that is never closed reaches to the end.
#[must_use]
pub fn split(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quoted = false;
    for each in path.chars() {
        match each {
            '"' => quoted = !quoted,
            '.' if !quoted => keys.push(String::new()),
            each => {
                if let Some(key) = keys.last_mut() {
                    key.push(each);
                }
            }
        }
    }
    keys
}

/// Joins keys to a path.
#[must_use]
pub fn join<K: Borrow<str>>(keys: &[K]) -> String {
    let bare = |each: char| each.is_ascii_alphanumeric() || "_-".contains(each);
    let key = |key: &K| match key.borrow() {
        key if !key.is_empty() && key.chars().all(bare) => key.to_owned(),
        key => format!("\"{key}\""),
    };
    keys.iter().map(key).collect::<Vec<_>>().join(".")
}

/// Returns where a path of the running system really is, in an image of Debian's family: without a
/// slash at its ends, folders that are links taken for what they lead to (usrmerge; hier(7)).
#[must_use]
pub fn in_image(path: &str) -> String {
    let path: Vec<&str> = path.split('/').filter(|part| !["", "."].contains(part)).collect();
    let merged =
        |first: &str| ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"].contains(&first);
    match path[..] {
        [first, _, ..] if merged(first) => format!("usr/{}", path.join("/")),
        ["var", "run", ..] => {
            ["run"].iter().chain(&path[2..]).copied().collect::<Vec<_>>().join("/")
        }
        ["var", "lock", ..] => {
            ["run", "lock"].iter().chain(&path[2..]).copied().collect::<Vec<_>>().join("/")
        }
        _ => path.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_dots_are_quoted() {
        let keys = ["systemd", "units", "a.service", "text"];
        assert_eq!(join(&keys), "systemd.units.\"a.service\".text");
        assert_eq!(split(&join(&keys)), keys);
        assert_eq!(split("boot.menu"), ["boot", "menu"]);
    }
}
