//! Which kernels a driver is for, as its `dkms.conf` says it (dkms(8)).

use std::collections::BTreeMap;

use regex::Regex;

/// A kernel, as far as drivers choose by it.
#[derive(Debug, Clone, Default)]
pub(super) struct Kernel {
    /// Its version, as `uname -r` tells it.
    pub(super) version: String,
    /// The machines that it is for, as `uname -m` tells them.
    pub(super) machine: String,
    /// How it was configured, if that is known.
    pub(super) config: Option<String>,
}

/// The settings of a `dkms.conf` that stand alone on a line and are plain text.
pub(super) struct Bounds(BTreeMap<String, String>);

impl Bounds {
    pub(super) fn read(text: &str) -> Self {
        Self(text.lines().filter_map(setting).collect())
    }

    /// Says why a driver is not for a kernel, if it says so.
    pub(super) fn forbid(&self, kernel: &Kernel) -> Option<String> {
        let Kernel { version, machine, config } = kernel;
        let found = self
            .misses("BUILD_EXCLUSIVE_KERNEL", version)
            .or_else(|| self.misses("BUILD_EXCLUSIVE_ARCH", machine))
            .or_else(|| self.is_beyond(version))
            .or_else(|| self.lacks(config.as_deref()?));
        found.map(|(name, value)| format!("its dkms.conf has `{name}=\"{value}\"`"))
    }

    /// Returns a setting whose pattern a text does not have.
    fn misses(&self, name: &'static str, text: &str) -> Option<(&'static str, &str)> {
        let value = self.get(name)?;
        let misses = Regex::new(value).is_ok_and(|pattern| !pattern.is_match(text));
        misses.then_some((name, value))
    }

    /// Returns the least or the highest version, if another is below or above it.
    fn is_beyond(&self, version: &str) -> Option<(&'static str, &str)> {
        let least = ["BUILD_EXCLUSIVE_KERNEL_MIN"];
        let most = ["BUILD_EXCLUSIVE_KERNEL_MAX", "OBSOLETE_BY"];
        let first =
            |names: &[&'static str]| names.iter().find_map(|name| Some((*name, self.get(name)?)));
        let least = first(&least).filter(|(_, value)| padded(version) < padded(value));
        least.or_else(|| first(&most).filter(|(_, value)| padded(version) > padded(value)))
    }

    /// Returns the setting of what the kernel must have or not have, if that is not so.
    fn lacks(&self, config: &str) -> Option<(&'static str, &str)> {
        let name = "BUILD_EXCLUSIVE_CONFIG";
        let value = self.get(name)?;
        let is_wrong = |word: &str| match word.strip_prefix('!') {
            Some(name) => is_set(config, name),
            None => !is_set(config, word),
        };
        value.split_whitespace().any(is_wrong).then_some((name, value))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Whether something is built in or a module.
fn is_set(config: &str, name: &str) -> bool {
    let [built_in, module] = ["y", "m"].map(|how| format!("{name}={how}"));
    config.lines().any(|line| line == built_in || line == module)
}

/// Reads `NAME="value"`, unless the shell would put something else in its place.
fn setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let value = value.trim_end();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (inside, rest) = value[1..].split_once(quote)?;
            let rest = rest.trim_start();
            (rest.is_empty() || rest.starts_with('#')).then_some(inside)?
        }
        _ => value.split_whitespace().next().unwrap_or_default(),
    };
    let is_replaced = |text: &str| {
        let after = text.split('$').skip(1);
        let mut names = after.filter_map(|rest| rest.chars().next());
        text.contains('`') || names.any(|c| c.is_ascii_alphanumeric() || "_{(".contains(c))
    };
    (!is_replaced(value)).then(|| (name.to_owned(), value.to_owned()))
}

/// Returns a version in which numbers have three digits or more, so that texts compare as versions do: dkms(8) compares so.
fn padded(version: &str) -> String {
    let mut padded = String::new();
    let mut number = String::new();
    for character in version.chars().chain(['\0']) {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        if !number.is_empty() {
            padded.push_str(&format!("{number:0>3}"));
            number.clear();
        }
        if character != '\0' {
            padded.push(character);
        }
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbids(conf: &str, version: &str) -> Option<String> {
        let config = Some("CONFIG_ACPI=y\nCONFIG_X=m\n# CONFIG_PREEMPT_RT is not set\n".to_owned());
        let (version, machine) = (version.to_owned(), "x86_64".to_owned());
        Bounds::read(conf).forbid(&Kernel { version, machine, config })
    }

    #[test]
    fn patterns_of_versions() {
        let nvidia = "BUILD_EXCLUSIVE_KERNEL=\"^(3\\.[1-9][0-9]|[4-9]\\.)\"\n";
        assert_eq!(forbids(nvidia, "6.12.117+deb13-amd64"), None);
        let reason = forbids(nvidia, "10.1-amd64").unwrap();
        assert_eq!(
            reason,
            "its dkms.conf has `BUILD_EXCLUSIVE_KERNEL=\"^(3\\.[1-9][0-9]|[4-9]\\.)\"`"
        );
        // What the shell would fill in says nothing here.
        assert_eq!(forbids("BUILD_EXCLUSIVE_KERNEL=\"^$want\"\n", "6.1"), None);
        assert_eq!(forbids("if x; then\n  BUILD_EXCLUSIVE_KERNEL=\"^5\"\nfi\n", "6.1"), None);
        assert!(forbids("BUILD_EXCLUSIVE_KERNEL='^5\\.4$' # old\n", "6.1").is_some());
    }

    #[test]
    fn least_and_most() {
        let least = "BUILD_EXCLUSIVE_KERNEL_MIN=6.9\n";
        assert!(
            forbids(least, "6.8.12-amd64").is_some() && forbids(least, "6.12.1-amd64").is_none()
        );
        let most = "BUILD_EXCLUSIVE_KERNEL_MAX=\"6.9\"\n";
        assert!(forbids(most, "6.12.1-amd64").is_some() && forbids(most, "6.8.12-amd64").is_none());
        assert!(forbids("OBSOLETE_BY=\"5.4\"\n", "6.1").is_some());
        assert!(forbids("OBSOLETE_BY=\"5.4\"\nBUILD_EXCLUSIVE_KERNEL_MAX=7\n", "6.1").is_none());
    }

    #[test]
    fn how_the_kernel_is_configured() {
        assert_eq!(forbids("BUILD_EXCLUSIVE_CONFIG=\"CONFIG_ACPI CONFIG_X\"\n", "6"), None);
        assert_eq!(forbids("BUILD_EXCLUSIVE_CONFIG=\"!CONFIG_PREEMPT_RT\"\n", "6"), None);
        assert!(forbids("BUILD_EXCLUSIVE_CONFIG=\"!CONFIG_X\"\n", "6").is_some());
        assert!(forbids("BUILD_EXCLUSIVE_CONFIG=CONFIG_WIRELESS_EXT\n", "6").is_some());
    }

    #[test]
    fn machines() {
        assert_eq!(forbids("BUILD_EXCLUSIVE_ARCH=\"^(i.86|x86_64)\"\n", "6"), None);
        assert!(forbids("BUILD_EXCLUSIVE_ARCH=\"^aarch64\"\n", "6").is_some());
    }
}
