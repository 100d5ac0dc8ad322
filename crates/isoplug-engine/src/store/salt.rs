//! The random bytes of a store, with which digests of secrets are made.
//!
//! Made once; of several processes that open a new store at the same time, one wins.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Error;
use crate::key::Salt;

const NAME: &str = "salt-v1";

/// Returns the salt of the store in this folder, and makes it if need be. A damaged one is made anew: what was
/// made with secrets is then made again.
pub(super) fn read(root: &Path) -> Result<Salt, Error> {
    let path = root.join(NAME);
    match fs::read(&path) {
        Ok(bytes) if bytes.len() == 32 => {}
        Ok(_) => replace(root, &path).map_err(Error::io("write", &path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(root, &path).map_err(Error::io("write", &path))?;
        }
        Err(error) => return Err(Error::io("read", &path)(error)),
    }
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    let salt = bytes.try_into().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    salt.map(Salt).map_err(Error::io("read", &path))
}

/// Puts a new salt there, unless another process was first.
fn make(root: &Path, path: &Path) -> io::Result<()> {
    match made(root)?.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

fn replace(root: &Path, path: &Path) -> io::Result<()> {
    made(root)?.persist(path).map(drop).map_err(|error| error.error)
}

fn made(root: &Path) -> io::Result<NamedTempFile> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    // Whoever shares the store by its group reads it, too.
    let mut made = tempfile::Builder::new();
    made.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o640));
    // Not below `tmp/`, where another process takes what nobody has locked for a dead one's.
    let mut file = made.tempfile_in(root)?;
    file.write_all(&bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn a_store_has_one_salt_for_all_who_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(folder.path()).unwrap().salt();
        let salts: Vec<Salt> = std::thread::scope(|scope| {
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            opening.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(salts.iter().all(|salt| *salt == open()));
        let other = tempfile::tempdir().unwrap();
        assert_ne!(Store::open(other.path()).unwrap().salt(), open());
        fs::write(folder.path().join(NAME), "cut").unwrap();
        assert_ne!(open(), salts[0]);
    }
}
