//! A build in which there is nothing to see.

use isoplug_engine::Digest;
use isoplug_plugin::{Content, InputEntry, LogLine, SecretGrant, Surroundings, Unseen};
use serde_json::Value as Json;

/// Nothing to see.
pub(crate) struct Nothing;

impl Surroundings for Nothing {
    fn fact(&self, _: &str) -> Option<Json> {
        None
    }

    fn list_input(&self, _: &str) -> Result<Vec<InputEntry>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn open_input(&self, _: &str, _: &str) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn fetch(&self, _: &str, _: Digest) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn secret(&self, _: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn seed(&self) -> Digest {
        Digest::of(b"")
    }

    fn log(&self, _: &str, _: &LogLine) {}
}
