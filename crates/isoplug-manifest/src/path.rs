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
