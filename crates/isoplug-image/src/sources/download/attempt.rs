//! One request for one file, from where the last one broke off.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use super::partial::Partial;
use super::{Expected, Watch, Why};
use isoplug_engine::Digest;

/// What to ask for.
pub(super) struct Attempt<'a> {
    pub(super) agent: &'a ureq::Agent,
    pub(super) url: &'a str,
    pub(super) expected: &'a Expected,
    pub(super) watch: &'a dyn Watch,
}

/// Why an attempt gave no file.
pub(super) enum Outcome {
    /// Asking again may help, after the wait that the mirror asked for.
    Again { why: String, wait: Option<Duration> },
    /// This mirror is of no use.
    Failed(Why),
    /// The local file could not be written.
    Write(io::Error),
    /// It was told to stop.
    Cancelled,
}

impl Attempt<'_> {
    /// Completes the file and returns its digest.
    pub(super) fn run(&self, partial: &mut Partial) -> Result<Digest, Outcome> {
        if self.watch.cancelled() {
            return Err(Outcome::Cancelled);
        }
        let body = match self.url.strip_prefix("file://") {
            Some(path) => open_local(path, partial)?,
            None => self.request(partial)?,
        };
        self.receive(body, partial)?;
        self.judge(partial)
    }

    fn request(&self, partial: &mut Partial) -> Result<Box<dyn Read>, Outcome> {
        let mut request = self.agent.get(self.url);
        if partial.size() > 0 {
            request = request.header("Range", format!("bytes={}-", partial.size()));
        }
        let response = request.call().map_err(|error| again(plain(&error)))?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status().as_u16() {
            200 => partial.restart().map_err(Outcome::Write)?,
            206 if begins_at(header("content-range"), partial.size()) => partial.resume(),
            206 | 416 => {
                partial.restart().map_err(Outcome::Write)?;
                return Err(again("it sent another part than the one asked for".to_owned()));
            }
            status @ (408 | 425 | 429 | 500..=599) => {
                let wait = header("retry-after").and_then(|text| text.trim().parse().ok());
                let wait = wait.map(Duration::from_secs);
                return Err(Outcome::Again { why: format!("HTTP status {status}"), wait });
            }
            status => return Err(Outcome::Failed(Why::Absent(status))),
        }
        Ok(Box::new(response.into_body().into_reader()))
    }

    fn receive(&self, mut body: Box<dyn Read>, partial: &mut Partial) -> Result<(), Outcome> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            if self.watch.cancelled() {
                return Err(Outcome::Cancelled);
            }
            match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => partial.write(&buffer[..count]).map_err(Outcome::Write)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(again(error.to_string())),
            }
            self.watch.at(partial.size());
            self.check_limit(partial.size())?;
        }
    }

    fn check_limit(&self, found: u64) -> Result<(), Outcome> {
        let Expected { size, limit, .. } = *self.expected;
        match size.or((limit > 0).then_some(limit)).filter(|limit| found > *limit) {
            Some(expected) => Err(Outcome::Failed(Why::WrongSize { expected, found })),
            None => Ok(()),
        }
    }

    /// A part that was put together from two transfers may mix two files, so it gets one more
    /// chance as a whole.
    fn judge(&self, partial: &mut Partial) -> Result<Digest, Outcome> {
        let found = partial.digest();
        if let Some(size) = self.expected.size.filter(|size| partial.size() < *size) {
            return Err(again(format!("it ended after {} of {size} bytes", partial.size())));
        }
        match self.expected.digest {
            Some(expected) if expected != found && partial.resumed() => {
                partial.restart().map_err(Outcome::Write)?;
                Err(again(format!("expected {expected}, found {found}")))
            }
            Some(expected) if expected != found => {
                Err(Outcome::Failed(Why::WrongDigest { expected, found }))
            }
            _ => Ok(found),
        }
    }
}

/// Returns the message without the name of the layer that it came from.
fn plain(error: &ureq::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("io: ").map_or(text.clone(), str::to_owned)
}

fn again(why: String) -> Outcome {
    Outcome::Again { why, wait: None }
}

fn open_local(path: &str, partial: &mut Partial) -> Result<Box<dyn Read>, Outcome> {
    partial.restart().map_err(Outcome::Write)?;
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Outcome::Failed(Why::Absent(404)))
        }
        Err(error) => Err(Outcome::Failed(Why::Unreachable(error.to_string()))),
    }
}

/// Reads `Content-Range: bytes 500-999/1000`.
fn begins_at(header: Option<&str>, place: u64) -> bool {
    let range = header.and_then(|text| text.trim().strip_prefix("bytes "));
    let start = range.and_then(|range| range.split('-').next()).and_then(|text| text.parse().ok());
    start == Some(place)
}
