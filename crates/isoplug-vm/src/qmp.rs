//! Speaks QEMU's control protocol (QMP, QEMU's docs/interop/qmp-spec.rst) over a socket.
//!
//! Knows five commands; events are skipped.

use std::io::{BufRead as _, BufReader, Error, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// A connection that may give commands.
pub(crate) struct Qmp {
    socket: BufReader<UnixStream>,
    asked: u64,
}

impl Qmp {
    /// Takes over a fresh connection: waits for the greeting and leaves negotiation.
    pub(crate) fn negotiate(socket: UnixStream) -> Result<Self, Error> {
        // QEMU may still be loading on a busy machine.
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut qmp = Self { socket: BufReader::new(socket), asked: 0 };
        qmp.execute("qmp_capabilities", json!({}))?;
        qmp.socket.get_ref().set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(qmp)
    }

    /// The state of the virtual machine: `running`, `internal-error`, `shutdown` …
    pub(crate) fn status(&mut self) -> Result<String, Error> {
        let answer = self.execute("query-status", json!({}))?;
        Ok(answer["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Writes a picture of the screen to `stem` with `.png`, or `.ppm` on a QEMU before 7.1, and
    /// returns its path.
    pub(crate) fn screendump(&mut self, stem: &Path) -> Result<PathBuf, Error> {
        let (png, ppm) = (stem.with_extension("png"), stem.with_extension("ppm"));
        let arguments = json!({ "filename": png, "format": "png" });
        if self.execute("screendump", arguments).is_ok() {
            return Ok(png);
        }
        self.execute("screendump", json!({ "filename": ppm })).map(|_| ppm)
    }

    /// How many bytes the guest has read of its image.
    pub(crate) fn bytes_read(&mut self) -> Result<u64, Error> {
        let answer = self.execute("query-blockstats", json!({}))?;
        let devices = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        let image = devices.iter().find(|device| device["device"] == "image");
        Ok(image.and_then(|device| device["stats"]["rd_bytes"].as_u64()).unwrap_or_default())
    }

    /// Ends QEMU at once.
    pub(crate) fn quit(&mut self) -> Result<(), Error> {
        self.execute("quit", json!({})).map(|_| ())
    }

    fn execute(&mut self, command: &str, arguments: Value) -> Result<Value, Error> {
        self.asked += 1;
        let id = json!(self.asked);
        let request = json!({ "execute": command, "arguments": arguments, "id": id });
        self.socket.get_mut().write_all(format!("{request}\n").as_bytes())?;
        loop {
            let mut line = String::new();
            if self.socket.read_line(&mut line)? == 0 {
                return Err(Error::other("QEMU closed the connection"));
            }
            let mut answer: Value = serde_json::from_str(&line)?;
            // A late answer to what was asked before, when QEMU had no time.
            if answer.get("id").is_some_and(|answered| *answered != id) {
                continue;
            }
            if let Some(error) = answer.get("error") {
                return Err(Error::other(format!("{command}: {}", error["desc"])));
            }
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_events_and_falls_back_to_ppm() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs
            .write_all(
                b"{\"QMP\": {}}\n{\"return\": {}}\n{\"event\": \"RESUME\"}\n\
                  {\"return\": {\"status\": \"late\"}, \"id\": 1}\n\
                  {\"return\": {\"status\": \"running\"}}\n\
                  {\"error\": {\"desc\": \"Invalid parameter 'format'\"}}\n{\"return\": {}}\n",
            )
            .unwrap();
        let mut qmp = Qmp::negotiate(ours).unwrap();
        assert_eq!(qmp.status().unwrap(), "running");
        assert_eq!(qmp.screendump(Path::new("out/bios-cd")).unwrap(), Path::new("out/bios-cd.ppm"));
        drop(theirs);
        assert!(qmp.quit().is_err());
    }
}
