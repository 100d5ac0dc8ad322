//! What packages make for one machine when they are installed: host keys, identities, databases.
//!
//! No image carries it, since every copy would have the same. The table `state/known.toml` says
//! what it is and how a machine makes its own; [`unknown`] finds what is in no table. Knows no
//! store and no manifest.

mod blame;
pub mod difference;
mod pattern;
pub mod suspect;
pub mod unknown;

use std::sync::LazyLock;

use isoplug_formats::tree::{Entry, Kind, Tree, file_name, join, parent};
use serde::{Deserialize, Serialize};

pub use blame::Blame;
pub use pattern::Patterns;

/// One row of the table: state of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct State {
    /// What the unit that makes it is called: `isoplug-NAME.service`.
    pub name: String,
    /// What it is, to follow the word "Make".
    pub what: String,
    /// The package that makes it when it is installed.
    pub package: String,
    /// Where it is; patterns of [`Patterns`].
    pub paths: Vec<String>,
    /// A program, or another file, without which a machine has no use for it; empty: none.
    #[serde(default)]
    pub needs: String,
    /// Text of a shell script that makes it; none: the daemon does so by itself.
    #[serde(default)]
    pub make: Option<String>,
    /// A glob pattern of the file by which one knows that it is made; empty: the first path.
    #[serde(default)]
    pub made: String,
    /// Units that need it. None: all that come after sysinit.target may.
    #[serde(default)]
    pub before: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    derived: Vec<String>,
    named: Vec<String>,
    state: Vec<State>,
}

/// The table with its patterns ready for use.
pub struct Known {
    states: Vec<State>,
    paths: Patterns,
    derived: Patterns,
    named: Patterns,
}

impl Known {
    /// Returns all rows.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Tells whether a file, link or folder below the root is state of a machine.
    pub fn is_state(&self, path: &[u8], is_folder: bool) -> bool {
        self.paths.has(path, is_folder)
    }

    /// Returns what stands for all that [`Known::is_state`] says, in the keys of layers.
    pub fn version(&self) -> String {
        let paths: Vec<&str> =
            self.states.iter().flat_map(|state| &state.paths).map(String::as_str).collect();
        blake3::hash(paths.join("\n").as_bytes()).to_hex()[..16].to_owned()
    }

    /// Tells whether the host name of the build may stand in a file.
    pub fn is_named(&self, path: &[u8]) -> bool {
        self.named.has(path, false)
    }

    /// Tells whether tools make a file of what packages brought, the same on every machine.
    pub fn is_derived(&self, path: &[u8]) -> bool {
        self.derived.has(path, false)
    }
}

/// Returns the table.
pub fn known() -> &'static Known {
    static KNOWN: LazyLock<Known> = LazyLock::new(|| {
        // A test reads it, too.
        let Table { derived, named, state } = table().unwrap_or_default();
        let paths = state.iter().flat_map(|state| &state.paths);
        let paths = Patterns::new(paths.map(String::as_str));
        let derived = Patterns::new(derived.iter().map(String::as_str));
        let named = Patterns::new(named.iter().map(String::as_str));
        Known { states: state, paths, derived, named }
    });
    &KNOWN
}

fn table() -> Result<Table, toml::de::Error> {
    toml::from_str(include_str!("state/known.toml"))
}

/// Takes the names out of `/etc/ssl/certs` by which OpenSSL would find a certificate that is
/// state, and so gone.
pub fn remove_links(tree: &mut Tree, known: &Known) {
    tree.entries.retain(|path, entry| !is_name_of_state(path, entry, known));
}

fn is_name_of_state(path: &[u8], entry: &Entry, known: &Known) -> bool {
    let Kind::Symlink(target) = &entry.kind else { return false };
    let name = file_name(path);
    let is_hash = name.len() > 9 && name[8] == b'.' && name[..8].iter().all(u8::is_ascii_hexdigit);
    let target = join(parent(path).unwrap_or_default(), target);
    is_hash && known.is_state(&target, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_row_is_whole() {
        let table = table().unwrap();
        let mut names = BTreeSet::new();
        for state in &table.state {
            let State { name, what, package, paths, needs, made, before, make } = state;
            assert!(names.insert(name), "{name} is there twice");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain) && !what.is_empty() && !package.is_empty(), "{name}");
            assert!(!paths.is_empty() && paths.iter().all(|path| path.starts_with('/')), "{name}");
            assert!(needs.is_empty() || needs.starts_with('/'), "{name}");
            assert!(made.is_empty() || made.starts_with('/'), "{name}");
            assert!(before.iter().all(|unit| unit.contains('.')), "{name}");
            let first = if made.is_empty() { &paths[0] } else { made };
            assert!(make.is_none() || !first.ends_with("**"), "{name}: what is it known by?");
        }
    }

    #[test]
    fn scripts_are_shell() {
        for state in table().unwrap().state {
            let Some(make) = state.make else { continue };
            let folder = tempfile::tempdir().unwrap();
            let script = folder.path().join("script");
            std::fs::write(&script, &make).unwrap();
            let checked = std::process::Command::new("sh").arg("-n").arg(&script).output().unwrap();
            assert!(checked.status.success(), "{}: {checked:?}", state.name);
        }
    }

    #[test]
    fn mail_gets_the_name_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("postfix")).unwrap();
        let text =
            "myhostname = isoplug.UNKNOWN\nmydestination = $myhostname, isoplug, localhost\n";
        std::fs::write(at("postfix/main.cf"), text).unwrap();
        let states = table().unwrap().state;
        let mailname = states.iter().find(|state| state.name == "mailname").unwrap();
        let make = mailname.make.clone().unwrap();
        let make = make.replace("/etc", &folder.path().display().to_string());
        let make = format!("hostname() {{ echo box.example.org; }}\n{make}\n");
        assert!(std::process::Command::new("sh").args(["-ec", &make]).status().unwrap().success());
        let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
        assert_eq!(
            read("postfix/main.cf"),
            "myhostname = box.example.org\nmydestination = $myhostname, box.example.org, localhost\n"
        );
        assert_eq!(read("mailname"), "box.example.org\n");
    }

    #[test]
    fn a_name_of_a_certificate_that_is_gone_goes() {
        let link = |target: &str| Entry::new(Kind::Symlink(target.into()), 0o777, 0);
        let mut tree = Tree::default();
        tree.insert(*b"etc/ssl/certs/47e320ec.0", link("ssl-cert-snakeoil.pem"));
        tree.insert(*b"etc/ssl/certs/5ad8a5d6.0", link("GlobalSign_Root_CA.pem"));
        tree.insert(*b"etc/x/cert.pem", link("/etc/ssl/certs/ssl-cert-snakeoil.pem"));
        remove_links(&mut tree, known());
        assert!(tree.get("etc/ssl/certs/47e320ec.0").is_none());
        assert!(tree.get("etc/ssl/certs/5ad8a5d6.0").is_some());
        assert!(tree.get("etc/x/cert.pem").is_some());
    }
}
