//! Keeps fetched Release files and indices by digest, and checks the digest at each reading.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;

use super::Error;

/// Compression of kept indices: fast, since they are written once and read often.
const LEVEL: i32 = 3;

/// Returns a kept file if it is there with the right bytes, of which there are no more than `most`.
pub(super) fn read(
    folder: &Path,
    kind: &str,
    sha256: &str,
    most: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let path = place(folder, kind, sha256);
    let failed = |source| Error::Cache { action: "read", path: path.clone(), source };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    let whole = zstd::Decoder::new(file)
        .and_then(|text| text.take(most.saturating_add(1)).read_to_end(&mut bytes));
    // A damaged file is as good as none: it is fetched and written again.
    Ok((whole.is_ok() && Digest::of(&bytes).hex() == sha256).then_some(bytes))
}

/// Keeps a file under the digest that it has.
pub(super) fn write(folder: &Path, kind: &str, sha256: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = place(folder, kind, sha256);
    let parent = path.parent().unwrap_or(folder).to_owned();
    let write = || -> io::Result<()> {
        fs::create_dir_all(&parent)?;
        let mut file = tempfile::NamedTempFile::new_in(&parent)?;
        let mut out = zstd::Encoder::new(&mut file, LEVEL)?;
        out.write_all(bytes)?;
        out.finish()?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(|source| Error::Cache { action: "write", path: path.clone(), source })
}

fn place(folder: &Path, kind: &str, sha256: &str) -> PathBuf {
    folder.join(kind).join(format!("{sha256}.zst"))
}
