//! One request for one file, from where the last one broke off.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::pace::{Measure, Pace};
use super::partial::Partial;
use super::{Expected, GLANCE, Watch, Why, distrusted};
use isoplug_engine::Digest;

/// What to ask for.
pub(super) struct Attempt<'a> {
    pub(super) agent: &'a ureq::Agent,
    pub(super) url: &'a str,
    pub(super) expected: &'a Expected,
    pub(super) pace: Pace,
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

/// What a mirror sends.
type Body = Box<dyn Read + Send>;

/// How many chunks may wait to be written.
const CHUNKS: usize = 8;

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

    fn request(&self, partial: &mut Partial) -> Result<Body, Outcome> {
        let mut request = self.agent.get(self.url);
        if partial.size() > 0 {
            request = request.header("Range", format!("bytes={}-", partial.size()));
        }
        let (sender, answer) = sync_channel(1);
        thread::spawn(move || {
            let _ = sender.send(request.call());
        });
        let response = self.next(&answer)?.ok_or_else(|| again("no answer came".to_owned()))?;
        let response = response.map_err(|error| no_answer(plain(&error)))?;
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

    fn receive(&self, body: Body, partial: &mut Partial) -> Result<(), Outcome> {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::spawn(|| send(body, sender));
        let mut measure = Measure::begin(self.pace, partial.size());
        while let Some(chunk) = self.next(&chunks)? {
            let chunk = chunk.map_err(|error| again(error.to_string()))?;
            partial.write(&chunk).map_err(Outcome::Write)?;
            self.watch.at(partial.size());
            self.check_limit(partial.size())?;
            if measure.is_too_slow(partial.size()) {
                return Err(again("it sends too slowly".to_owned()));
            }
        }
        Ok(())
    }

    /// Waits for what a thread sends, `None` at its end. A mirror may be silent for long, and is left
    /// to itself when the transfer is to stop.
    fn next<T>(&self, sent: &Receiver<T>) -> Result<Option<T>, Outcome> {
        loop {
            if self.watch.cancelled() {
                return Err(Outcome::Cancelled);
            }
            match sent.recv_timeout(GLANCE) {
                Ok(found) => return Ok(Some(found)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
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

/// Sends what is read of a body, and its error, until nobody wants more.
fn send(mut body: Body, chunks: SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; 128 << 10];
    loop {
        let chunk = match body.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => Ok(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = chunk.is_err();
        if chunks.send(chunk).is_err() || is_last {
            return;
        }
    }
}

/// Returns the message without the name of the layer that it came from.
fn plain(error: &ureq::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("io: ").map_or(text.clone(), str::to_owned)
}

fn no_answer(why: String) -> Outcome {
    match distrusted(&why) {
        Some(why) => Outcome::Failed(Why::Untrusted(why.to_owned())),
        None => again(why),
    }
}

fn again(why: String) -> Outcome {
    Outcome::Again { why, wait: None }
}

fn open_local(path: &str, partial: &mut Partial) -> Result<Body, Outcome> {
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use crate::{Authorities, Downloader, Error, Patience, SILENCE};

    use super::*;

    /// Stops at the first bytes, or at once.
    struct Stops(AtomicBool);

    impl Watch for Stops {
        fn at(&self, _: u64) {
            self.0.store(true, Ordering::Relaxed);
        }

        fn cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Fetches from a mirror that says this and then nothing more.
    fn stopped(said: &'static str, watch: &Stops) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mirror = format!("http://{}", listener.local_addr().unwrap());
        let (end, ended) = sync_channel::<()>(0);
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(said.as_bytes()).unwrap();
            _ = ended.recv();
        });
        let (begun, file) = (Instant::now(), tempfile::tempfile().unwrap());
        let builtin = Authorities::default();
        let downloader = Downloader::new(1, Patience::default(), &builtin).unwrap();
        let fetched = downloader.fetch(&[mirror], "a.deb", &Expected::default(), &file, watch);
        assert!(matches!(fetched, Err(Error::Cancelled)), "{fetched:?}");
        assert!(begun.elapsed() < SILENCE, "{:?}", begun.elapsed());
        drop(end);
        server.join().unwrap();
    }

    #[test]
    fn a_silent_mirror_is_not_waited_for() {
        stopped("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nbegin", &Stops(false.into()));
        let watch = Stops(false.into());
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(GLANCE * 4);
                watch.at(0);
            });
            stopped("", &watch);
        });
    }
}
