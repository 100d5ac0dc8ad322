//! The test's end of a serial port: reads with patience, keeps the log, gives plain text.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::trouble::plain;

/// A serial port and all that came over it.
pub(crate) struct Serial {
    stream: UnixStream,
    log: File,
    lines: String,
    partial: Vec<u8>,
    last_output: Instant,
    received: u64,
}

impl Serial {
    /// Takes over a connection. All that comes is written to `log` unchanged.
    pub(crate) fn new(stream: UnixStream, log: File) -> Self {
        let (lines, partial) = (String::new(), Vec::new());
        Self { stream, log, lines, partial, last_output: Instant::now(), received: 0 }
    }

    /// Waits up to `wait` for output; returns whether some came. An error means that the other end
    /// is gone.
    pub(crate) fn read(&mut self, wait: Duration) -> Result<bool, Error> {
        self.stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 16384];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(Error::from(ErrorKind::UnexpectedEof)),
            Ok(length) => self.take(&buffer[..length]).map(|()| true),
            Err(error) if is_wait(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.log.write_all(bytes)?;
        self.last_output = Instant::now();
        self.received += bytes.len() as u64;
        self.partial.extend_from_slice(bytes);
        if let Some(end) = self.partial.iter().rposition(|&byte| byte == b'\n') {
            let rest = self.partial.split_off(end + 1);
            let whole = std::mem::replace(&mut self.partial, rest);
            self.lines.push_str(&plain(&String::from_utf8_lossy(&whole)));
        }
        Ok(())
    }

    /// Sends what a keyboard would.
    pub(crate) fn send(&mut self, text: &str) -> Result<(), Error> {
        self.stream.write_all(text.as_bytes())
    }

    /// A place in the text: where the unfinished line begins.
    pub(crate) fn mark(&self) -> usize {
        self.lines.len()
    }

    /// Ends the unfinished line here, and gives the place after it.
    pub(crate) fn cut(&mut self) -> usize {
        self.lines.push_str(&plain(&String::from_utf8_lossy(&self.partial)));
        self.lines.push('\n');
        self.partial.clear();
        self.mark()
    }

    /// The plain text from a place on, the unfinished line included.
    pub(crate) fn since(&self, mark: usize) -> String {
        let mut text = self.lines[mark..].to_owned();
        text.push_str(&plain(&String::from_utf8_lossy(&self.partial)));
        text
    }

    /// The last lines that say something.
    pub(crate) fn tail(&self, count: usize) -> Vec<String> {
        let text = self.since(0);
        let said = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let mut last: Vec<String> = said.rev().take(count).map(ToOwned::to_owned).collect();
        last.reverse();
        last
    }

    /// How many bytes came so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// How long it has been quiet.
    pub(crate) fn quiet(&self) -> Duration {
        self.last_output.elapsed()
    }
}

fn is_wait(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
impl Serial {
    /// Gives the connection back.
    pub(crate) fn into_stream(self) -> UnixStream {
        self.stream
    }
}
