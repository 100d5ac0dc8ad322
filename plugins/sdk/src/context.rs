//! What a plugin may see: settled values, inputs, secrets, downloads, the root filesystem.

use crate::error::{Diagnostic, Result, seen};
use crate::host::context::{self, Level};
use crate::host::rootfs;
use crate::json::{self, FromJson};
use crate::module::Blob;

pub use crate::bindings::contributor::isoplug::plugin::context::InputEntry;
pub use crate::bindings::contributor::isoplug::plugin::rootfs::{Entry, Kind};

/// The host, as a plugin sees it. It has no clock, no network and no random numbers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context {}

impl Context {
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Writes a line into the log.
    pub fn log(&self, message: &str) {
        context::log(Level::Info, message);
    }

    /// Writes a line into the log that is shown only on request.
    pub fn debug(&self, message: &str) {
        context::log(Level::Debug, message);
    }

    /// Tells the user something. A diagnostic of severity error makes the build fail, yet lets
    /// the plugin go on, so that several mistakes are reported at once.
    pub fn report(&self, diagnostic: Diagnostic) {
        context::report(&diagnostic.into_contract());
    }

    /// Returns a settled value: `image.name`, `epoch`, any option by its path; `None` if not set.
    pub fn fact<T: FromJson>(&self, path: &str) -> Result<Option<T>> {
        let json = seen(|| format!("the fact `{path}`"), context::fact(path))?.flatten();
        let Some(value) = json.and_then(|json| json::parse(&json)) else { return Ok(None) };
        let wrong = |wrong: Diagnostic| format!("the fact `{path}`: {}", wrong.message()).into();
        T::from_json(&value).map(Some).map_err(wrong)
    }

    /// Returns bytes that are the same in every build of one manifest and lock, another series
    /// for each label. At most 4096.
    pub fn seed(&self, label: &str, length: u32) -> Vec<u8> {
        context::seed(label, length)
    }

    /// Returns a granted input that is a file; `None` if there is none.
    pub fn input(&self, name: &str) -> Result<Option<Blob>> {
        self.input_file(name, "")
    }

    /// Returns a file of a granted input that is a folder; `None` if there is none.
    pub fn input_file(&self, name: &str, path: &str) -> Result<Option<Blob>> {
        let blob = seen(|| format!("the input `{name}`"), context::open_input(name, path))?;
        Ok(blob.map(Blob))
    }

    /// Returns what is in a granted input, in byte order; `None` if there is no such input.
    pub fn list_input(&self, name: &str) -> Result<Option<Vec<InputEntry>>> {
        seen(|| format!("the input `{name}`"), context::list_input(name))
    }

    /// Returns a download, named by its digest.
    pub fn fetch(&self, url: &str, sha256: &str) -> Result<Option<Blob>> {
        Ok(seen(|| format!("the download {url}"), context::fetch(url, sha256))?.map(Blob))
    }

    /// Returns a secret, which can be placed into a file but not read unless the grant says so.
    pub fn secret(&self, name: &str) -> Result<Option<Blob>> {
        Ok(seen(|| format!("the secret `{name}`"), context::secret(name))?.map(Blob))
    }

    /// Returns the root filesystem, as far as it may be read. Only in `furnish` and `check`.
    pub fn rootfs(&self) -> Rootfs {
        Rootfs {}
    }
}

/// The root filesystem after the packages are in.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rootfs {}

impl Rootfs {
    /// Returns what is at a path, a link at its end not followed; `None` if there is nothing.
    pub fn look(&self, path: &str) -> Result<Option<Entry>> {
        seen(|| path.to_owned(), rootfs::look(path))
    }

    /// Returns the names in a folder, in byte order; none if there is no folder.
    pub fn names(&self, path: &str) -> Result<Vec<String>> {
        Ok(seen(|| path.to_owned(), rootfs::names(path))?.unwrap_or_default())
    }

    /// Returns a regular file, links followed; `None` if there is none.
    pub fn open(&self, path: &str) -> Result<Option<Blob>> {
        Ok(seen(|| path.to_owned(), rootfs::open(path))?.map(Blob))
    }

    /// Returns a file's text, bytes that are no UTF-8 replaced; `None` if there is none.
    pub fn text(&self, path: &str) -> Result<Option<String>> {
        let bytes = self.open(path)?.map(|blob| blob.bytes()).transpose()?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Shows every entry below a folder with its path, parents first, links not followed.
    pub fn walk(
        &self,
        folder: &str,
        visit: &mut dyn FnMut(&str, &Entry) -> Result<()>,
    ) -> Result<()> {
        for name in self.names(folder)? {
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            let Some(entry) = self.look(&path)? else { continue };
            visit(&path, &entry)?;
            if entry.kind == Kind::Folder {
                self.walk(&path, visit)?;
            }
        }
        Ok(())
    }
}
