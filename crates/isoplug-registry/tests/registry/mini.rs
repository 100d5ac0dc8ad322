//! A small registry in this process that misbehaves on request.
//!
//! It keeps everything in memory and follows the OCI distribution specification as far as the
//! tests ask.

mod answers;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use isoplug_engine::Digest;
use isoplug_registry::OciManifest;
use serde_json::json;

use answers::{busy, errors, ok};

#[derive(Clone)]
pub(crate) struct Mini {
    pub(crate) host: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// Media type and bytes by `repository@digest`.
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// Digests by `repository:tag`.
    pub(crate) tags: BTreeMap<String, String>,
    /// `GET /v2/…`, then those headers that the tests look at.
    pub(crate) log: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    /// Whether it wants a token, which `u` with the password `p` gets for pushing.
    pub(crate) wants_token: bool,
    pub(crate) has_referrers: bool,
    /// How many tags a page has; 0 is all.
    pub(crate) page: usize,
    /// What it gives as the next page of every list.
    pub(crate) next: Option<String>,
    /// Where blobs are stored elsewhere.
    pub(crate) storage: Option<String>,
}

/// What goes wrong, the next few times that a request begins with this.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) request: &'static str,
    pub(crate) times: usize,
    pub(crate) act: Act,
}

#[derive(Clone)]
pub(crate) enum Act {
    Status(u16),
    Busy,
    /// Half of the body, then the end.
    Truncate,
    Drop,
    /// One byte is another.
    Damage,
    Body(&'static str),
}

struct Request {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Mini {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let mini = Self { host, state: Arc::default() };
        let server = mini.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        mini
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fail(&self, request: &'static str, times: usize, act: Act) {
        self.state().faults.push(Fault { request, times, act });
    }

    /// Returns how many requests began with this.
    pub(crate) fn count(&self, request: &str) -> usize {
        self.state().log.iter().filter(|line| line.starts_with(request)).count()
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = read(&stream) else { return };
        let act = self.state().note(&request);
        let mut response = match act {
            Some(Act::Drop) => return,
            Some(Act::Status(status)) => errors(status, "UNKNOWN", "not now"),
            Some(Act::Busy) => busy(),
            Some(Act::Body(text)) => ok(200, Vec::new(), text.into()),
            _ => self.state().answer(&request, &self.host),
        };
        if let (Some(Act::Damage), Some(byte)) = (&act, response.body.last_mut()) {
            *byte ^= 1;
        }
        let head = response.head();
        if matches!(act, Some(Act::Truncate)) {
            response.body.truncate(response.body.len() / 2);
        }
        let body = if request.method == "HEAD" { &[][..] } else { &response.body };
        // The client may have gone.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    }
}

impl Response {
    fn head(&self) -> String {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (status, length) = (self.status, self.body.len());
        format!(
            "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}
