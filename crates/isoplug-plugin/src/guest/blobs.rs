//! The interface `blobs`.

use wasmtime::component::Resource;
use wasmtime::{Error as Trap, Result};

use super::{Blob, Guest};
use crate::contract::isoplug::plugin::blobs::{Host, HostBlob, HostWriter};
use crate::contract::isoplug::plugin::types::AccessError;
use crate::spool::Spooled;
use crate::{Content, limit};

/// Bytes in the making.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub struct Writer(Spooled);

/// The most that one call reads, in bytes.
const READ: usize = 1 << 20;

impl Guest {
    /// Gives the plugin a handle.
    pub(crate) fn hold(&mut self, content: Content) -> Result<Resource<Blob>> {
        Ok(self.table.push(content)?)
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Result<Result<Resource<Blob>, String>> {
        self.made_bytes(bytes.len())?;
        match self.spool.keep(bytes) {
            Ok(content) => self.hold(content).map(Ok),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Counts bytes that the host holds for the plugin, whether it places them or not.
    fn made_bytes(&mut self, bytes: usize) -> Result<()> {
        self.spool.pieces += 1;
        if self.spool.pieces > limit::PIECES {
            return Err(Trap::msg(
                "it makes bytes in more than 1000000 pieces, which is the limit",
            ));
        }
        self.spool.taken = self.spool.taken.saturating_add(bytes as u64);
        if self.spool.taken > limit::BYTES {
            return Err(Trap::msg("it makes more than 4 GiB, which is the limit"));
        }
        Ok(())
    }
}

impl Host for Guest {
    fn finish(&mut self, writer: Resource<Writer>) -> Result<Result<Resource<Blob>, String>> {
        let Writer(spooled) = self.table.delete(writer)?;
        match self.spool.finish(spooled) {
            Ok(content) => self.hold(content).map(Ok),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    fn from_bytes(&mut self, bytes: Vec<u8>) -> Result<Result<Resource<Blob>, String>> {
        self.keep(bytes)
    }

    fn from_string(&mut self, text: String) -> Result<Result<Resource<Blob>, String>> {
        self.keep(text.into_bytes())
    }
}

impl HostBlob for Guest {
    fn size(&mut self, blob: Resource<Blob>) -> Result<u64> {
        let content = self.table.get(&blob)?;
        let hidden = content.secret_name().is_some_and(|name| self.allowed.reveals(name).is_err());
        Ok(if hidden { 0 } else { content.size() })
    }

    fn digest(&mut self, blob: Resource<Blob>) -> Result<String> {
        let content = self.table.get(&blob)?;
        match content.secret_name() {
            Some(name) if self.allowed.reveals(name).is_err() => {
                Ok(Content::bytes(name.as_bytes()).digest().to_string())
            }
            Some(_) => {
                self.made.revealed = true;
                Ok(content.digest().to_string())
            }
            None => Ok(content.digest().to_string()),
        }
    }

    fn read(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
        length: u32,
    ) -> Result<Result<Vec<u8>, AccessError>> {
        let content = self.table.get(&blob)?;
        if let Some(name) = content.secret_name() {
            if let Err(reason) = self.allowed.reveals(name) {
                return Ok(Err(AccessError::Denied(reason)));
            }
            self.made.revealed = true;
        }
        let length = usize::try_from(length).unwrap_or(READ).min(READ);
        let part = content.part(offset, length);
        Ok(part.map_err(|error| AccessError::Failed(error.to_string())))
    }

    fn drop(&mut self, blob: Resource<Blob>) -> Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl HostWriter for Guest {
    fn new(&mut self) -> Result<Resource<Writer>> {
        Ok(self.table.push(Writer(Spooled::default()))?)
    }

    fn write(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> Result<Result<(), String>> {
        self.made_bytes(bytes.len())?;
        let Writer(spooled) = self.table.get_mut(&writer)?;
        Ok(self.spool.write(spooled, &bytes).map_err(|error| error.to_string()))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}
