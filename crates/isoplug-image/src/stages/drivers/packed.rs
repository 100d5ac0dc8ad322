//! Walks what is packed in a tar, be it a driver's package or what was compiled: each file and link with its path, and as
//! much of its bytes as is allowed. Does not know what any of them is for.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;

use isoplug_formats::deb::Deb;
use isoplug_formats::tar::bounded;
use isoplug_sandbox::dpkg::Package;

use super::Error;

/// The most bytes that a file of a driver may have; the largest known, firmware of NVIDIA, have 75 MB.
const MOST: u64 = 512 << 20;

/// A file or link.
pub(super) struct Packed<'a, 'b, R: Read> {
    /// Its path without a leading `./`.
    pub(super) path: String,
    from: &'a str,
    entry: tar::Entry<'b, R>,
}

impl<R: Read> Packed<'_, '_, R> {
    /// Returns the target of a symbolic link; `None` for what is none.
    pub(super) fn link(&self) -> Option<Cow<'_, [u8]>> {
        let is_link = self.entry.header().entry_type().is_symlink();
        is_link.then(|| self.entry.link_name_bytes().unwrap_or_default())
    }

    /// Tells whether it is a file with bytes of its own.
    pub(super) fn is_file(&self) -> bool {
        self.entry.header().entry_type().is_file()
    }

    /// Returns its permission bits.
    pub(super) fn mode(&self) -> u16 {
        let mode = self.entry.header().mode().unwrap_or(0o644);
        u16::try_from(mode & 0o7777).unwrap_or(0o644)
    }

    /// Returns its bytes, if it has at most `most`.
    ///
    /// # Errors
    ///
    /// When it has more, or they cannot be read.
    pub(super) fn bytes_up_to(&mut self, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let limited = (&mut self.entry).take(most + 1).read_to_end(&mut bytes);
        limited.map_err(Error::io(self.from))?;
        match bytes.len() as u64 > most {
            true => {
                let (path, from) = (self.path.clone(), self.from.to_owned());
                Err(Error::TooLarge { path, from, most })
            }
            false => Ok(bytes),
        }
    }

    /// Returns its bytes.
    ///
    /// # Errors
    ///
    /// When no driver has so many, or they cannot be read.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.bytes_up_to(MOST)
    }
}

/// Shows each entry of a tar until `see` has seen enough; `from` names the tar in errors.
///
/// # Errors
///
/// When the tar cannot be read, and what `see` returns.
pub(super) fn each<R: Read>(
    from: &str,
    tar: R,
    mut see: impl FnMut(Packed<'_, '_, R>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries().map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.trim_start_matches("./").to_owned();
        if see(Packed { path, from, entry })?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Shows each entry of a package, whose digest the store compared when it came, until `see` has seen enough.
///
/// # Errors
///
/// When the package cannot be read, and what `see` returns.
pub(super) fn each_of(
    package: &Package,
    see: impl FnMut(Packed<'_, '_, Box<dyn Read + '_>>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let damaged = |source| Error::Deb { package: package.name.clone(), source };
    let file = File::open(&package.deb).map_err(Error::io(&package.name))?;
    let deb = Deb::open(file).map_err(damaged)?.known();
    let tar: Box<dyn Read + '_> = Box::new(bounded(deb.data().map_err(damaged)?));
    each(&package.name, tar, see)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_of(bytes: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, "./usr/src/acme/dkms.conf", bytes).unwrap();
        tar.into_inner().unwrap()
    }

    fn read(tar: &[u8], most: u64) -> Result<Vec<u8>, Error> {
        let mut read = Vec::new();
        each("acme-dkms", tar, |mut packed| {
            assert_eq!((packed.path.as_str(), packed.mode()), ("usr/src/acme/dkms.conf", 0o755));
            read = packed.bytes_up_to(most)?;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(read)
    }

    #[test]
    fn what_is_too_large_is_told_with_its_place() {
        let tar = tar_of(b"eight by");
        assert_eq!(read(&tar, 8).unwrap(), b"eight by");
        let error = read(&tar, 7).unwrap_err().to_string();
        assert_eq!(
            error,
            "usr/src/acme/dkms.conf in acme-dkms has more than 7 bytes, which no driver has"
        );
    }
}
