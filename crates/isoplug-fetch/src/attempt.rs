//! One request for one file, from where the last one broke off.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;

use super::pace::{Measure, Pace};
use super::partial::Partial;
use super::retry::{Failed, GLANCE, goes_on_at, may_pass, wait};
use super::{Expected, Watch, Why, distrusted, message};
use isoplug_engine::Digest;
use ureq::http::Response;

/// What to ask for.
pub(super) struct Attempt<'a> {
    pub(super) agent: &'a ureq::Agent,
    pub(super) url: &'a str,
    pub(super) expected: &'a Expected,
    pub(super) pace: Pace,
    pub(super) watch: &'a dyn Watch,
}

/// Why a mirror is not asked again.
pub(super) enum Stop {
    /// It is of no use.
    Failed(Why),
    /// The local file could not be written.
    Write(io::Error),
    /// It was told to stop.
    Cancelled,
}

type Outcome = Failed<Stop>;

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        Self::Permanent(stop)
    }
}

/// What a mirror sends.
type Body = Box<dyn Read + Send>;

/// How many chunks may wait to be written.
const CHUNKS: usize = 8;

impl Attempt<'_> {
    /// Completes the file and returns its digest.
    pub(super) fn run(&self, partial: &mut Partial) -> Result<Digest, Outcome> {
        if self.watch.cancelled() {
            return Err(Stop::Cancelled.into());
        }
        let body = match self.url.strip_prefix("file://") {
            Some(path) => open_local(path, partial)?,
            None => self.request(partial)?,
        };
        self.receive(body, partial)?;
        self.judge(partial)
    }

    fn request(&self, partial: &mut Partial) -> Result<Body, Outcome> {
        let response = self.response(partial.size())?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        match response.status().as_u16() {
            200 => partial.restart().map_err(unwritable)?,
            206 if goes_on_at(header("content-range"), partial.size()) => partial.resume(),
            206 | 416 => {
                partial.restart().map_err(unwritable)?;
                return Err(Outcome::transient("it sent another part than the one asked for"));
            }
            status if may_pass(status) => {
                let wait = wait(header("retry-after"));
                return Err(Outcome::Transient { why: format!("HTTP status {status}"), wait });
            }
            status => return Err(failed(Why::Absent(status))),
        }
        Ok(Box::new(response.into_body().into_reader()))
    }

    /// Asks for what lies behind the first bytes, and waits for the answer's header.
    fn response(&self, had: u64) -> Result<Response<ureq::Body>, Outcome> {
        let mut request = self.agent.get(self.url);
        if had > 0 {
            request = request.header("Range", format!("bytes={had}-"));
        }
        let (sender, answer) = sync_channel(1);
        thread::spawn(move || {
            let _ = sender.send(request.call());
        });
        let response = self.next(&answer)?.ok_or_else(|| Outcome::transient("no answer came"))?;
        response.map_err(|error| no_answer(message(&error)))
    }

    fn receive(&self, body: Body, partial: &mut Partial) -> Result<(), Outcome> {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::spawn(|| send(body, sender));
        let mut measure = Measure::begin(self.pace, partial.size());
        while let Some(chunk) = self.next(&chunks)? {
            let chunk = chunk.map_err(|error| Outcome::transient(error.to_string()))?;
            partial.write(&chunk).map_err(unwritable)?;
            self.watch.at(partial.size());
            self.check_limit(partial.size())?;
            if measure.is_too_slow(partial.size()) {
                return Err(Outcome::transient("it sends too slowly"));
            }
        }
        Ok(())
    }

    /// Waits for what a thread sends, `None` at its end. A mirror may be silent for long, and is left
    /// to itself when the transfer is to stop.
    fn next<T>(&self, sent: &Receiver<T>) -> Result<Option<T>, Outcome> {
        loop {
            if self.watch.cancelled() {
                return Err(Stop::Cancelled.into());
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
            Some(expected) => Err(failed(Why::WrongSize { expected, found })),
            None => Ok(()),
        }
    }

    /// A part that was put together from two transfers may mix two files, so it gets one more
    /// chance as a whole.
    fn judge(&self, partial: &mut Partial) -> Result<Digest, Outcome> {
        let found = partial.digest();
        if let Some(size) = self.expected.size.filter(|size| partial.size() < *size) {
            return Err(Outcome::transient(format!(
                "it ended after {} of {size} bytes",
                partial.size()
            )));
        }
        match self.expected.digest {
            Some(expected) if expected != found && partial.resumed() => {
                partial.restart().map_err(unwritable)?;
                Err(Outcome::transient(format!("expected {expected}, found {found}")))
            }
            Some(expected) if expected != found => {
                Err(failed(Why::WrongDigest { expected, found }))
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

fn unwritable(error: io::Error) -> Outcome {
    Stop::Write(error).into()
}

fn failed(why: Why) -> Outcome {
    Stop::Failed(why).into()
}

fn no_answer(why: String) -> Outcome {
    match distrusted(&why) {
        Some(why) => failed(Why::Untrusted(why.to_owned())),
        None => Outcome::transient(why),
    }
}

fn open_local(path: &str, partial: &mut Partial) -> Result<Body, Outcome> {
    partial.restart().map_err(unwritable)?;
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(failed(Why::Absent(404))),
        Err(error) => Err(failed(Why::Unreachable(error.to_string()))),
    }
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
