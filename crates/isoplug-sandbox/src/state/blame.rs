//! Says which package made a file that none brought, by what its maintainer scripts say.

use std::collections::BTreeMap;
use std::io;

use isoplug_formats::apt::stanza;
use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Kind, Tree, file_name, parent};
use md5::{Digest as _, Md5};

const STATUS: &[u8] = b"var/lib/dpkg/status";
const INFO: &[u8] = b"var/lib/dpkg/info/";
const SCRIPTS: [&str; 4] = ["postinst", "preinst", "config", "prerm"];

/// The scripts and file lists of installed packages.
pub struct Blame {
    scripts: Vec<(String, String)>,
    lists: Vec<(String, String)>,
    conffiles: String,
    /// The MD5 of each configuration file as its package brought it, by path.
    originals: BTreeMap<String, String>,
}

impl Blame {
    /// Reads them.
    ///
    /// # Errors
    /// Those of reading contents.
    pub fn new(tree: &Tree, contents: &dyn Contents) -> io::Result<Self> {
        let (mut scripts, mut lists) = (Vec::new(), Vec::new());
        let mut conffiles = String::new();
        let below = tree.entries.range(INFO.to_vec()..);
        for (path, entry) in below.take_while(|(path, _)| path.starts_with(INFO)) {
            let Kind::File(content) = &entry.kind else { continue };
            let name = String::from_utf8_lossy(file_name(path)).into_owned();
            let Some((package, kind)) = name.rsplit_once('.') else { continue };
            let package = package.split(':').next().unwrap_or(package).to_owned();
            let text = || contents.read(content).map(|b| String::from_utf8_lossy(&b).into_owned());
            match kind {
                "list" => lists.push((package, text()?)),
                "conffiles" => conffiles += &text()?,
                kind if SCRIPTS.contains(&kind) => scripts.push((package, text()?)),
                _ => {}
            }
        }
        let originals = originals(&status(tree, contents)?);
        Ok(Self { scripts, lists, conffiles, originals })
    }

    /// Tells whether these bytes are those that a package brought as its configuration file.
    pub fn is_original(&self, path: &[u8], bytes: &[u8]) -> bool {
        let found: String = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        names(path).iter().any(|name| self.originals.get(name) == Some(&found))
    }

    /// Tells whether a package brought the file, and it is none of those that a machine's
    /// administrator, or a script, may change.
    pub fn is_shipped(&self, path: &[u8]) -> bool {
        let names = names(path);
        let named = |text: &str| text.lines().any(|line| names.iter().any(|name| name == line));
        self.lists.iter().any(|(_, list)| named(list)) && !named(&self.conffiles)
    }

    /// Returns the paths of what a package brought that no administrator changes, as the tree has them.
    pub fn files(&self, package: &str) -> Vec<String> {
        let lists = self.lists.iter().filter(|(name, _)| name == package);
        let paths = lists.flat_map(|(_, list)| list.lines());
        let brought = paths.filter(|path| self.conffiles.lines().all(|changed| changed != *path));
        brought
            .flat_map(|path| [path[1.min(path.len())..].to_owned(), format!("usr{path}")])
            .collect()
    }

    /// Returns the package whose scripts name the path, or else its name, or else its folder; or
    /// else the one package that has the folder.
    pub fn package(&self, path: &[u8]) -> Option<&str> {
        // That of all packages, such as `/etc`, says nothing.
        let folder = parent(path).filter(|folder| folder.contains(&b'/')).map(names);
        let name = String::from_utf8_lossy(file_name(path)).into_owned();
        let scripts = |words: &[String]| {
            let named = |text: &str| words.iter().any(|word| text.contains(word.as_str()));
            self.scripts.iter().find(|(_, text)| named(text)).map(|(package, _)| &package[..])
        };
        let whole = scripts(&names(path)).or_else(|| scripts(&[name]));
        whole
            .or_else(|| self.owner_of_folder(path))
            .or_else(|| scripts(&folder.unwrap_or_default()))
    }

    /// Returns the package that alone has the nearest folder above a path.
    fn owner_of_folder(&self, path: &[u8]) -> Option<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let folder = names(parent(path).filter(|folder| folder.contains(&b'/'))?);
        for (package, list) in &self.lists {
            if list.lines().any(|line| folder.iter().any(|name| name == line)) {
                *counts.entry(package).or_default() += 1;
            }
        }
        match counts.len() {
            0 => self.owner_of_folder(parent(path)?),
            1 => counts.into_keys().next(),
            _ => None,
        }
    }
}

/// Returns the text of dpkg's `status`; nothing where there is none.
fn status(tree: &Tree, contents: &dyn Contents) -> io::Result<String> {
    let bytes = match tree.get(STATUS).map(|entry| &entry.kind) {
        Some(Kind::File(content)) => contents.read(content)?,
        _ => Vec::new(),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads the configuration files of all packages with their MD5 (dpkg's `status`, the field `Conffiles`).
fn originals(status: &str) -> BTreeMap<String, String> {
    let fields = stanza::stanzas(status).filter_map(|package| stanza::field(package, "Conffiles"));
    let lines = fields.flat_map(str::lines).map(str::trim);
    let pairs = lines.filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    pairs.collect()
}

/// Returns the names that packages may have for a path: those outside `/usr` are links into it.
fn names(path: &[u8]) -> Vec<String> {
    let path = String::from_utf8_lossy(path);
    let short = ["usr/bin/", "usr/sbin/", "usr/lib"].iter().any(|usr| path.starts_with(usr));
    let short = path.strip_prefix("usr").filter(|_| short).map(str::to_owned);
    [Some(format!("/{path}")), short].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blame() -> Blame {
        let pair = |package: &str, text: &str| (package.to_owned(), text.to_owned());
        Blame {
            scripts: vec![
                pair("nvme-cli", "[ -f /etc/nvme/hostnqn ] || gen > /etc/nvme/hostnqn"),
                pair("acme", "d=/etc/acme; gen > $d/id.key"),
            ],
            lists: vec![
                pair("nvme-cli", "/.\n/etc\n/etc/nvme\n/lib/x\n"),
                pair("acme", "/.\n/etc\n/var/lib/acme\n/etc/acme.conf\n"),
            ],
            conffiles: "/etc/acme.conf\n".into(),
            originals: originals(
                "Package: acme\nConffiles:\n /etc/acme.conf 5d41402abc4b2a76b9719d911017c592\n \
                 /etc/old 0 obsolete\nVersion: 1\n",
            ),
        }
    }

    #[test]
    fn scripts_tell_and_else_the_folder() {
        let blame = blame();
        assert_eq!(blame.package(b"etc/nvme/hostnqn"), Some("nvme-cli"));
        assert_eq!(blame.package(b"etc/acme/id.key"), Some("acme"));
        assert_eq!(blame.package(b"var/lib/acme/a/b"), Some("acme"));
        assert_eq!(blame.package(b"etc/other"), None);
    }

    #[test]
    fn what_a_package_brought_is_shipped_unless_it_may_change() {
        let blame = blame();
        assert!(blame.is_shipped(b"usr/lib/x"));
        assert!(!blame.is_shipped(b"etc/acme.conf") && !blame.is_shipped(b"etc/nvme/hostnqn"));
        assert!(blame.is_original(b"etc/acme.conf", b"hello"));
        assert!(!blame.is_original(b"etc/acme.conf", b"hullo"));
        assert!(!blame.is_original(b"etc/other", b"hello"));
    }
}
