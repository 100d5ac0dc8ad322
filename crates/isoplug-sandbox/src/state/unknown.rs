//! Finds state of a machine that no table knows: among the files that scripts of packages made,
//! those whose bytes give them away.
//!
//! Such files are told by their time: what is made during the build gets the epoch, what packages
//! bring keeps its own, unless that is later than the epoch.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use isoplug_formats::tree::pack::Contents;
use isoplug_formats::tree::{Content, Kind, Tree};

use super::suspect::{Suspect, suspect};
use super::{Blame, Patterns, known};
use crate::HOST;

/// State of a machine that no table knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Where it is.
    pub path: String,
    /// What gives it away.
    pub suspect: Suspect,
    /// The package that made it, if that can be told.
    pub package: Option<String>,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { path, suspect, package } = self;
        write!(formatter, "{path} holds {suspect}")?;
        package.iter().try_for_each(|package| write!(formatter, " (package {package})"))
    }
}

/// Looks through a layer. `accepted`: what the user knows of.
///
/// # Errors
/// Those of reading contents.
pub fn unknown(
    tree: &Tree,
    contents: &dyn Contents,
    accepted: &Patterns,
    epoch: u32,
) -> io::Result<Vec<Unknown>> {
    let mut found = suspicious(tree, contents, accepted, epoch)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let blame = Blame::new(tree, contents)?;
    found.retain(|(path, _)| !blame.is_shipped(path));
    let source = Source { tree, contents, blame: &blame, epoch };
    let mut unexplained = Vec::new();
    for (path, suspect) in found {
        if source.is_original(path)? {
            continue;
        }
        unexplained.extend(source.remains(path, suspect)?.map(|suspect| (path, suspect)));
    }
    let unknown = |(path, suspect): (&Vec<u8>, Suspect)| Unknown {
        path: format!("/{}", String::from_utf8_lossy(path)),
        suspect,
        package: blame.package(path).map(str::to_owned),
    };
    Ok(unexplained.into_iter().map(unknown).collect())
}

/// Returns what was made here, is neither a copy nor known of, and holds what could be a machine's own.
fn suspicious<'t>(
    tree: &'t Tree,
    contents: &dyn Contents,
    accepted: &Patterns,
    epoch: u32,
) -> io::Result<Vec<(&'t Vec<u8>, Suspect)>> {
    let mut found = Vec::new();
    let shipped = shipped(tree, epoch);
    for (path, content) in made_here(tree, epoch) {
        let is_copy = shipped.contains(&content.digest);
        let is_derived = known().is_derived(path) || is_compiled(tree, path);
        if !is_copy && !is_derived && !accepted.has(path, false) {
            let bytes = contents.read(content)?;
            let suspect = suspect(&bytes, epoch, HOST);
            let is_name = suspect == Some(Suspect::HostName) && known().is_named(path);
            found.extend(suspect.filter(|_| !is_name).map(|suspect| (path, suspect)));
        }
    }
    Ok(found)
}

/// Tells whether a file was compiled of a source beside it, which is looked at itself: those of Python and Emacs Lisp.
fn is_compiled(tree: &Tree, path: &[u8]) -> bool {
    let Some(path) = std::str::from_utf8(path).ok().map(Path::new) else { return false };
    let extension = path.extension().and_then(OsStr::to_str);
    let source = match (extension, path.parent(), path.file_name().and_then(OsStr::to_str)) {
        (Some("pyc"), Some(folder), Some(name)) if folder.ends_with("__pycache__") => {
            let module = name.split('.').next().unwrap_or(name);
            folder.with_file_name(format!("{module}.py"))
        }
        (Some("elc"), ..) => path.with_extension("el"),
        _ => return false,
    };
    tree.get(source.as_os_str().as_bytes()).is_some()
}

/// Longer texts are no source of what a script writes.
const LONGEST: u64 = 1 << 20;

/// What packages brought, from which their scripts make files.
struct Source<'a> {
    tree: &'a Tree,
    contents: &'a dyn Contents,
    blame: &'a Blame,
    epoch: u32,
}

impl Source<'_> {
    /// Returns what gives a file away without the lines that its package brought, as those of a list
    /// that a script copies in another form.
    fn remains(&self, path: &[u8], found: Suspect) -> io::Result<Option<Suspect>> {
        let (Some(package), Some(content)) = (self.blame.package(path), self.content(path)) else {
            return Ok(Some(found));
        };
        let bytes = self.contents.read(content)?;
        let brought = self.texts(package, content)?;
        let brought: BTreeSet<&[u8]> = brought.iter().flat_map(|text| lines(text)).collect();
        let rest: Vec<&[u8]> = lines(&bytes).filter(|line| !brought.contains(line)).collect();
        Ok(suspect(&rest.join(&b'\n'), self.epoch, HOST))
    }

    /// Tells whether a file is a configuration file as its package brought it.
    fn is_original(&self, path: &[u8]) -> io::Result<bool> {
        let bytes = self.content(path).map(|content| self.contents.read(content)).transpose()?;
        Ok(bytes.is_some_and(|bytes| self.blame.is_original(path, &bytes)))
    }

    /// Returns the texts that a package brought, but that of a file.
    fn texts(&self, package: &str, but: &Content) -> io::Result<Vec<Vec<u8>>> {
        let mut texts = Vec::new();
        for path in self.blame.files(package) {
            let content = self.content(path.as_bytes());
            let content = content.filter(|one| one.size <= LONGEST && one.digest != but.digest);
            let bytes = content.map(|content| self.contents.read(content)).transpose()?;
            texts.extend(bytes.filter(|bytes| std::str::from_utf8(bytes).is_ok()));
        }
        Ok(texts)
    }

    fn content(&self, path: &[u8]) -> Option<&Content> {
        match &self.tree.get(path)?.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }
}

/// Returns the lines of a text, or of what has texts in it.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn files(tree: &Tree) -> impl Iterator<Item = (&Vec<u8>, u32, &Content)> {
    tree.entries.iter().filter_map(|(path, entry)| match &entry.kind {
        Kind::File(content) if content.size > 0 => Some((path, entry.mtime, content)),
        _ => None,
    })
}

fn made_here(tree: &Tree, epoch: u32) -> impl Iterator<Item = (&Vec<u8>, &Content)> {
    files(tree).filter(move |(_, time, _)| *time == epoch).map(|(path, _, content)| (path, content))
}

/// Returns the digests of what packages bring: a copy of that is no secret.
fn shipped(tree: &Tree, epoch: u32) -> BTreeSet<[u8; 32]> {
    files(tree).filter(|(_, time, _)| *time != epoch).map(|(.., content)| content.digest).collect()
}

#[cfg(test)]
mod tests {
    use isoplug_formats::tree::Entry;
    use isoplug_formats::tree::pack::{PackWriter, Packs};

    use super::*;

    const EPOCH: u32 = 1_793_491_200;
    const ID: &str = "0c2f8d5b-5c0a-4f6b-9d9e-5b1c3a0f4e7d\n";

    /// Files by path, text and whether a script made them.
    fn found(files: &[(&str, &str, bool)], accepted: &[&str]) -> Vec<String> {
        let mut pack = PackWriter::new(tempfile::tempfile().unwrap());
        let pending: Vec<_> =
            files.iter().map(|(_, text, _)| pack.append(text.as_bytes()).unwrap()).collect();
        let (file, id, finished) = pack.finish().unwrap();
        let (mut tree, mut packs) = (Tree::default(), Packs::default());
        packs.add(id, file);
        for ((path, _, made), pending) in files.iter().zip(pending) {
            let time = if *made { EPOCH } else { EPOCH - 9 };
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.as_bytes(), Entry::new(kind, 0o600, time));
        }
        let accepted = Patterns::new(accepted.iter().copied());
        let unknown = unknown(&tree, &packs, &accepted, EPOCH).unwrap();
        unknown.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn path_reason_and_package_are_named() {
        let script = "uuidgen > /etc/acme/id\n";
        let files = [
            ("etc/acme/id", ID, true),
            ("var/lib/dpkg/info/acme.postinst", script, false),
            ("var/lib/dpkg/info/acme.list", "/etc/acme\n", true),
        ];
        assert_eq!(found(&files, &[]), ["/etc/acme/id holds a random UUID (package acme)"]);
        assert!(found(&files, &["/etc/acme/*"]).is_empty());
    }

    #[test]
    fn lines_that_a_package_brought_are_no_secret() {
        let (brought, own) = (format!("# a\n{ID}# b\n"), "1c2f8d5b-5c0a-4f6b-9d9e-5b1c3a0f4e7d\n");
        let files = |copy| {
            let list = "/usr\n/usr/share/acme/disks\n/var/lib/acme\n";
            found(
                &[
                    ("usr/share/acme/disks", &*brought, false),
                    ("var/lib/acme/disks.raw", copy, true),
                    ("var/lib/dpkg/info/acme.list", list, true),
                ],
                &[],
            )
        };
        let copy = format!("{ID}# c\n");
        assert!(files(&copy).is_empty());
        let both = format!("{ID}{own}");
        assert_eq!(files(&both), ["/var/lib/acme/disks.raw holds a random UUID (package acme)"]);
    }

    /// As the tests of cryptography have the keys that they test with.
    #[test]
    fn what_was_compiled_of_a_source_has_what_the_source_has() {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDTciuOGJd9xS5b";
        let key = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n");
        let compiled = format!("\u{b}\r\n\0\0s\0\0{key}z\0\u{1}");
        let python = ["usr/lib/acme/test.py", "usr/lib/acme/__pycache__/test.cpython-313.pyc"];
        for [source, path] in [python, ["usr/share/acme/test.el", "usr/share/acme/test.elc"]] {
            let seen = format!("/{path} holds a private key");
            let brought = [(source, "key", false), (path, &*compiled, true)];
            assert!(found(&brought, &[]).is_empty(), "{path}");
            assert_eq!(found(&brought[1..], &[]), [&*seen]);
            let made = [(source, &*key, true), (path, &*compiled, true)];
            assert_eq!(found(&made, &[]), [format!("/{source} holds a private key")]);
        }
    }

    /// As where the epoch is earlier than what packages bring.
    #[test]
    fn a_configuration_file_as_its_package_brought_it_is_no_state_of_a_machine() {
        let files = |text| {
            let status = "Package: acme\nConffiles:\n /etc/acme e077fa73d580296705d3f564de679ee7\n";
            found(&[("etc/acme", text, true), ("var/lib/dpkg/status", status, true)], &[])
        };
        assert!(files(ID).is_empty());
        assert_eq!(files(&ID.replace('0', "1")), ["/etc/acme holds a random UUID"]);
    }

    #[test]
    fn what_packages_bring_is_no_state_of_a_machine() {
        let files = [
            ("usr/share/acme/default.conf", ID, false),
            ("etc/acme.conf", ID, true),
            ("etc/ld.so.cache", "not looked at: 8f14e45fceea167a5a36dedd4bea2543", true),
        ];
        assert!(found(&files, &[]).is_empty());
    }
}
