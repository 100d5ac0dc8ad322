//! What names a medium, or a squashfs on it, and so follows from all that is there: whoever compares two media looks at the
//! rest as if both had the same names.

use std::io;

use crate::iso::Medium;

use super::Difference;
use super::medium::exact;

/// The names by which the boot loaders find their own medium, and the root hashes of dm-verity.
pub(super) struct Identities {
    old: Option<String>,
    new: Option<String>,
    /// The squashfs with other root hashes, and both of those.
    roots: Vec<(String, String, String)>,
}

fn identity(medium: &Medium) -> Option<String> {
    let names = medium.entries.iter().filter_map(|entry| entry.path.strip_prefix(".isoplug/"));
    names
        .filter(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_owned)
        .next()
}

/// Returns the squashfs that both media have a root hash for, with those that differ.
fn roots(a: &Medium, b: &Medium) -> io::Result<Vec<(String, String, String)>> {
    let mut found = Vec::new();
    for entry in &b.entries {
        let Some(squashfs) = entry.path.strip_suffix(".roothash") else { continue };
        let Some(before) = exact(a, &entry.path) else { continue };
        let [old, new] = [a.part(before), b.part(entry)].map(|span| span.read_some(0, 64));
        let [old, new] = [old?, new?].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if old != new && old.len() == 64 && new.len() == 64 {
            found.push((squashfs.to_owned(), old, new));
        }
    }
    Ok(found)
}

impl Identities {
    pub(super) fn of(a: &Medium, b: &Medium) -> io::Result<Self> {
        Ok(Self { old: identity(a), new: identity(b), roots: roots(a, b)? })
    }

    /// Tells whether a file is the hash tree of a squashfs with another root hash.
    pub(super) fn has_other_root(&self, path: &str) -> bool {
        path.strip_suffix(".verity").is_some_and(|path| self.roots.iter().any(|it| it.0 == path))
    }

    /// Returns a text of the first medium as the second would have it.
    pub(super) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.replaced(text.as_bytes())).into_owned()
    }

    pub(super) fn is_marker(&self, path: &str) -> bool {
        let name = path.strip_prefix(".isoplug/");
        name.is_some_and(|name| [&self.old, &self.new].iter().any(|it| it.as_deref() == Some(name)))
    }

    /// Returns bytes of the first as they would be with the identity of the second.
    pub(super) fn replaced(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let media = self.old.iter().zip(&self.new);
        let roots = self.roots.iter().map(|(_, old, new)| (old, new));
        for (old, new) in media.chain(roots).filter(|(old, new)| old != new) {
            let (length, mut at) = (old.len(), 0);
            while let Some(found) =
                bytes[at..].windows(length).position(|window| window == old.as_bytes())
            {
                bytes[at + found..at + found + length].copy_from_slice(new.as_bytes());
                at += found + length;
            }
        }
        bytes
    }

    pub(super) fn tell(&self, found: &mut Difference) {
        if let (Some(old), Some(new)) = (&self.old, &self.new)
            && old != new
        {
            found.volatile.push(format!("the identity of the medium: {old}, then {new}"));
        }
        for (path, old, new) in &self.roots {
            found.volatile.push(format!("the root hash of /{path}: {old}, then {new}"));
        }
    }
}
