//! Takes out of a tree what packages left there and must not be in an image: what tells when or
//! where the image was made, and caches. What each machine makes for itself, `state.rs` knows.
//!
//! It is given the tree before anything that the user, a plugin or a built-in contributor adds is
//! laid over it (`stages/rootfs.rs`): what somebody puts at a path is meant to be there. Knows no
//! files of the build machine: a tree goes in, a tree comes out.

pub(crate) mod headers;
mod keystore;
mod ucf;

use isoplug_formats::tree::{Content, Entry, Kind, Tree, TreePath, file_name, parent};

/// What becomes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It goes, with all below it.
    Gone,
    /// It stays, without content.
    Empty,
}

/// Files that go.
const GONE: [&[u8]; 7] = [
    b"var/cache/apt/pkgcache.bin",
    b"var/cache/apt/srcpkgcache.bin",
    b"var/cache/ldconfig/aux-cache",
    b"var/lib/dbus/machine-id",
    b"var/lib/systemd/credential.secret",
    b"var/lib/systemd/random-seed",
    b"var/lib/urandom/random-seed",
];

/// Folders of which all that is in them goes.
const CLEARED: [&[u8]; 7] = [
    b"run",
    b"tmp",
    b"var/backups",
    b"var/cache/man",
    b"var/lib/apt/lists",
    b"var/log/journal",
    b"var/tmp",
];

/// Folders and the end of names in them that go: what tools keep of the state before.
const BACKUPS: [(&[u8], &[u8]); 4] = [
    (b"etc", b"-"),
    (b"var/cache/apt/archives", b".deb"),
    (b"var/cache/debconf", b"-old"),
    (b"var/lib/dpkg", b"-old"),
];

/// Files of accounts, of which programs keep the state before in a file with a dash at the end.
const ACCOUNTS: [&[u8]; 6] =
    [b"passwd-", b"group-", b"shadow-", b"gshadow-", b"subuid-", b"subgid-"];

/// Answers of the type `password` to questions of packages, which are of use at installation alone.
const PASSWORDS: &[u8] = b"var/cache/debconf/passwords.dat";

/// Where TeX keeps what it makes when it is installed.
const TEX: &[u8] = b"var/lib/texmf/";

/// Who may write a regular file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its owner.
    pub user: u32,
    /// Its mode.
    pub mode: u32,
}

impl File {
    /// Whether root alone may, who can also make it anew.
    fn is_of_root(self) -> bool {
        self.user == 0 && self.mode & 0o022 == 0
    }
}

/// Says what becomes of a path below the root. `file`: it is a regular file.
pub fn fate(path: &[u8], file: Option<File>) -> Fate {
    let folder = parent(path).unwrap_or_default();
    if CLEARED.contains(&folder) {
        return Fate::Gone;
    }
    let Some(file) = file else { return Fate::Stays };
    match path {
        b"etc/machine-id" | PASSWORDS => Fate::Empty,
        path if GONE.contains(&path) || is_backup(folder, file_name(path)) => Fate::Gone,
        path if path.starts_with(b"var/log/") => fate_of_log(path, file),
        path if path.starts_with(TEX) && path.ends_with(b".log") => Fate::Gone,
        _ => Fate::Stays,
    }
}

fn is_backup(folder: &[u8], name: &[u8]) -> bool {
    if folder == b"var/lib/ucf" {
        return name.starts_with(b"hashfile.") || name.starts_with(b"registry.");
    }
    let is_backup = BACKUPS.iter().any(|(of, end)| folder == *of && name.ends_with(end));
    is_backup && (folder != b"etc" || ACCOUNTS.contains(&name))
}

/// Logs go; the tables of logins, which programs only write to if they exist, become empty. So does what a script
/// made for a daemon that is not root: whoever made it anew could take it from that.
fn fate_of_log(path: &[u8], file: File) -> Fate {
    if path.ends_with(b".log") && file.is_of_root() { Fate::Gone } else { Fate::Empty }
}

/// Returns what a file is to hold instead of what a program wrote into it: the same without the
/// time of day, and without traces of what is gone. `None`: it stays as it is. `content` is asked only for files that may be such.
///
/// # Errors
/// Those of `content`.
pub fn settled(
    path: &[u8],
    content: impl FnOnce() -> std::io::Result<Vec<u8>>,
    epoch: u64,
) -> std::io::Result<Option<Vec<u8>>> {
    match path {
        keystore::PATH => Ok(keystore::without_times(&content()?, epoch)),
        ucf::PATH => Ok(ucf::without_state(&content()?)),
        _ => Ok(None),
    }
}

/// Returns what the packages made as it goes into an image. Times after the epoch (seconds since
/// 1970) become the epoch.
pub fn finalise(mut tree: Tree, epoch: u64) -> Tree {
    let doomed = |path: &TreePath, entry: &Entry| {
        let is_file = matches!(entry.kind, Kind::File(_) | Kind::HardLink(_));
        fate(path, is_file.then(|| file(entry))) == Fate::Gone
    };
    tree.prune(doomed);
    empty(&mut tree);
    let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
    for entry in tree.entries.values_mut() {
        entry.mtime = entry.mtime.min(epoch);
    }
    tree
}

fn file(entry: &Entry) -> File {
    File { user: entry.uid, mode: entry.mode.into() }
}

/// Takes out manual pages and documentation, but for the copyright files.
pub fn remove_documentation(tree: &mut Tree) {
    tree.prune(|path, entry| is_documentation(path, entry));
}

fn is_documentation(path: &[u8], entry: &Entry) -> bool {
    let below = |folder: &[u8]| path.starts_with(folder) && path.len() > folder.len();
    if below(b"usr/share/doc/") {
        return file_name(path) != b"copyright"
            && matches!(entry.kind, Kind::File(_) | Kind::HardLink(_));
    }
    let folders: [&[u8]; 4] =
        [b"usr/share/info/", b"usr/share/lintian/", b"usr/share/linda/", b"usr/share/man/"];
    folders.iter().any(|folder| below(folder)) && entry.kind != Kind::Directory
}

/// Empties the files that are to be empty.
fn empty(tree: &mut Tree) {
    // No bytes can be read from any pack; a tree without packs has no files.
    let Some(&pack) = tree.packs().first() else { return };
    let digest = *blake3::hash(b"").as_bytes();
    let nothing = Content { digest, size: 0, pack, offset: 0 };
    for (path, entry) in &mut tree.entries {
        let file = file(entry);
        if let Kind::File(content) = &mut entry.kind
            && content.size > 0
            && fate(path, Some(file)) == Fate::Empty
        {
            *content = nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Content = Content { digest: [7; 32], size: 5, pack: [9; 32], offset: 3 };

    fn finalised(paths: &[&str]) -> Tree {
        finalise(with(paths), 50)
    }

    fn with(paths: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for path in paths {
            tree.insert(path.as_bytes(), Entry::new(Kind::File(CONTENT), 0o644, 100));
        }
        tree
    }

    fn files(tree: &Tree) -> Vec<String> {
        let files = tree.entries.iter().filter(|(_, entry)| entry.kind != Kind::Directory);
        files.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
    }

    const LEFT: [&str; 13] = [
        "etc/foo-",
        "etc/machine-id",
        "etc/passwd-",
        "etc/ssh/sshd_config",
        "run/lock/x",
        "var/cache/debconf/config.dat-old",
        "var/cache/debconf/passwords.dat",
        "var/lib/apt/lists/deb_Packages",
        "var/lib/dbus/machine-id",
        "var/lib/dpkg/status-old",
        "var/lib/texmf/web2c/tex/tex.log",
        "var/log/btmp",
        "var/log/dpkg.log",
    ];

    const STAYS: [&str; 5] = [
        "etc/foo-",
        "etc/machine-id",
        "etc/ssh/sshd_config",
        "var/cache/debconf/passwords.dat",
        "var/log/btmp",
    ];

    #[test]
    fn what_each_machine_makes_for_itself_goes() {
        let tree = finalised(&LEFT);
        assert_eq!(files(&tree), STAYS);
        let sizes: Vec<u64> = tree.contents().map(|content| content.size).collect();
        assert_eq!(sizes, [5, 0, 5, 0, 0]);
        assert!(
            tree.entries.contains_key(&b"run"[..]) && !tree.entries.contains_key(&b"run/lock"[..])
        );
        assert!(tree.entries.values().all(|entry| entry.mtime == 50));
    }

    /// As freshclam's: two of its programs start at once, and one as root made it first.
    #[test]
    fn a_log_stays_that_is_a_daemons() {
        let mut tree =
            with(&["var/log/a.log", "var/log/b.log", "var/log/x/c.log", "var/log/d.log"]);
        let mut own = |path: &[u8], uid, mode| {
            let entry = tree.entries.get_mut(path).unwrap();
            (entry.uid, entry.mode) = (uid, mode);
        };
        own(b"var/log/b.log", 0, 0o640);
        own(b"var/log/x/c.log", 990, 0o640);
        own(b"var/log/d.log", 0, 0o660);
        let tree = finalise(tree, 50);
        assert_eq!(files(&tree), ["var/log/d.log", "var/log/x/c.log"]);
        assert!(tree.contents().all(|content| content.size == 0));
        assert_eq!(tree.entries[&b"var/log/x/c.log"[..]].uid, 990);
    }

    #[test]
    fn copyright_stays_when_documentation_goes() {
        let paths =
            ["usr/share/doc/a/README", "usr/share/doc/a/copyright", "usr/share/man/man1/a.1"];
        assert_eq!(files(&finalised(&paths)), paths);
        let mut tree = with(&paths);
        remove_documentation(&mut tree);
        assert_eq!(files(&tree), ["usr/share/doc/a/copyright"]);
    }
}
