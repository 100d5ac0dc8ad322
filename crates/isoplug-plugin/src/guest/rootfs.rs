//! The interface `rootfs`.
//!
//! What a plugin may read is decided where links have led, not where it asked.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::{Blob, Guest, Verb};
use crate::contract::isoplug::plugin::rootfs::{Entry, Host, Kind};
use crate::contract::isoplug::plugin::types::AccessError;
use crate::grant::path::normal;
use crate::question::{Answer, Question};
use crate::{Found, FoundKind};

impl Host for Guest {
    fn look(&mut self, path: String) -> Result<Result<Entry, AccessError>> {
        let path = match self.readable(&path) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let Answer::Look(found) = self.ask(Question::Look(path.clone()))? else {
            return Ok(Err(AccessError::NotFound));
        };
        let (place, found) = found.unzip();
        Ok(self.granted(place, &path).and_then(|()| found.map(entry).ok_or(AccessError::NotFound)))
    }

    fn names(&mut self, path: String) -> Result<Result<Vec<String>, AccessError>> {
        let path = match self.readable(&path) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let Answer::Names(names) = self.ask(Question::Names(path.clone()))? else {
            return Ok(Err(AccessError::NotFound));
        };
        let (place, names) = names.unzip();
        // To list a folder is to read what is in it.
        let inside = |folder: &str| format!("{}/*", folder.trim_end_matches('/'));
        let granted = self.granted(place.as_deref().map(inside), &inside(&path));
        Ok(granted.and_then(|()| names.ok_or(AccessError::NotFound)))
    }

    fn open(&mut self, path: String) -> Result<Result<Resource<Blob>, AccessError>> {
        let path = match self.readable(&path) {
            Ok(path) => path,
            Err(error) => return Ok(Err(error)),
        };
        let Answer::Content(place, content) = self.ask(Question::Open(path.clone()))? else {
            return Ok(Err(AccessError::NotFound));
        };
        if let Err(denied) = self.granted(place, &path) {
            return Ok(Err(denied));
        }
        match content {
            Ok(content) => self.hold(content).map(Ok),
            Err(unseen) => Ok(Err(unseen.into())),
        }
    }
}

impl Guest {
    /// Returns a path in its shortest form, if there is a root filesystem to read from.
    fn readable(&self, path: &str) -> Result<String, AccessError> {
        if !matches!(self.verb, Verb::Furnish | Verb::Check) {
            let reason = format!("there is no root filesystem during `{}`", self.verb.name());
            return Err(AccessError::Failed(reason));
        }
        normal(path).map_err(|reason| AccessError::Failed(format!("{path:?}: {reason}")))
    }

    /// Refuses what is not granted where links have led; where they lead nowhere, what was asked.
    fn granted(&self, place: Option<String>, path: &str) -> Result<(), AccessError> {
        let place = place.as_deref().unwrap_or(path);
        self.allowed.reads(place).map_err(AccessError::Denied)
    }
}

fn entry(found: Found) -> Entry {
    let Found { kind, mode, uid, gid, size, target } = found;
    let kind = match kind {
        FoundKind::File => Kind::File,
        FoundKind::Folder => Kind::Folder,
        FoundKind::Symlink => Kind::Symlink,
        FoundKind::Device => Kind::Device,
        FoundKind::Other => Kind::Other,
    };
    Entry { kind, mode, uid, gid, size, target }
}
