//! A small HTTP server of one folder, which can be told to misbehave.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// How to answer one request wrongly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// With this status and nothing else.
    Status(u16),
    /// With "503 Service Unavailable" and `Retry-After` in seconds.
    Busy(u32),
    /// With so many bytes of the file, and then nothing: the connection ends.
    HangUp(usize),
    /// With the right number of wrong bytes.
    WrongBytes,
    /// With a pause before each 16 KiB.
    Slow(Duration),
    /// With the whole file though a part was asked for.
    IgnoreRange,
}

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    stopped: AtomicBool,
    faults: Mutex<Vec<(String, Fault)>>,
    requests: Mutex<Vec<String>>,
}

/// What was asked for.
struct Request {
    path: String,
    start: Option<usize>,
}

impl Server {
    /// Serves a folder on a free port of the loopback interface.
    pub fn start(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            stopped: AtomicBool::new(false),
            faults: Mutex::default(),
            requests: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &serving));
        Ok(Self { address, shared })
    }

    /// Returns the address of the folder, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next request whose path contains `part` wrongly; each fault serves once.
    pub fn fail(&self, part: &str, fault: Fault) {
        guard(&self.shared.faults).push((part.to_owned(), fault));
    }

    /// Returns the requests so far: path, and `@` with the offset if only a part was asked for.
    pub fn requests(&self) -> Vec<String> {
        guard(&self.shared.requests).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A client that went away is no failure of the test.
            let _ = converse(&stream, &shared);
        });
    }
}

fn converse(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    while let Some(request) = read_request(&mut lines)? {
        let Request { path, start } = &request;
        let place = start.map_or(String::new(), |start| format!("@{start}"));
        guard(&shared.requests).push(format!("{path}{place}"));
        if !answer(stream, shared, &request)? {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

fn read_request(lines: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = decoded(line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/'));
    let mut start = None;
    loop {
        let mut header = String::new();
        if lines.read_line(&mut header)? == 0 || header.trim().is_empty() {
            return Ok(Some(Request { path, start }));
        }
        if let Some(range) = header.to_ascii_lowercase().strip_prefix("range: bytes=") {
            start = range.trim().trim_end_matches('-').parse().ok();
        }
    }
}

/// Decodes `%2b`, as every server does.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => bytes.push(byte),
            None => bytes.push(b'%'),
        }
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Answers, and tells whether the connection may be used again.
fn answer(mut stream: &TcpStream, shared: &Shared, request: &Request) -> std::io::Result<bool> {
    let fault = take_fault(shared, &request.path);
    let status = match &fault {
        Some(Fault::Status(status)) => Some(format!("{status} Fault")),
        Some(Fault::Busy(wait)) => Some(format!("503 Busy\r\nRetry-After: {wait}")),
        _ => None,
    };
    let plain = !request.path.split('/').any(|part| part == "..");
    let file = fs::read(shared.folder.join(&request.path)).ok().filter(|_| plain);
    let (status, mut bytes) = match (status, file) {
        (Some(status), _) => (status, Vec::new()),
        (None, Some(bytes)) => ("200 OK".to_owned(), bytes),
        (None, None) => ("404 Not Found".to_owned(), Vec::new()),
    };
    if fault == Some(Fault::WrongBytes) {
        bytes.iter_mut().for_each(|byte| *byte ^= 1);
    }
    let (status, bytes) =
        part(status, bytes, request.start.filter(|_| fault != Some(Fault::IgnoreRange)));
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", bytes.len())?;
    send(stream, &bytes, fault.as_ref())
}

/// Cuts the asked part out.
fn part(status: String, bytes: Vec<u8>, start: Option<usize>) -> (String, Vec<u8>) {
    match start.filter(|_| status.starts_with("200")) {
        None => (status, bytes),
        Some(start) if start >= bytes.len() => ("416 Range Not Satisfiable".to_owned(), Vec::new()),
        Some(start) => {
            let (last, total) = (bytes.len() - 1, bytes.len());
            let range = format!("206 Partial\r\nContent-Range: bytes {start}-{last}/{total}");
            (range, bytes[start..].to_vec())
        }
    }
}

fn send(mut stream: &TcpStream, bytes: &[u8], fault: Option<&Fault>) -> std::io::Result<bool> {
    match fault {
        Some(Fault::HangUp(after)) => {
            stream.write_all(&bytes[..bytes.len().min(*after)])?;
            Ok(false)
        }
        Some(Fault::Slow(pause)) => {
            for chunk in bytes.chunks(16 << 10) {
                thread::sleep(*pause);
                stream.write_all(chunk)?;
            }
            Ok(true)
        }
        _ => stream.write_all(bytes).map(|()| true),
    }
}

fn take_fault(shared: &Shared, path: &str) -> Option<Fault> {
    let mut faults = guard(&shared.faults);
    let place = faults.iter().position(|(part, _)| path.contains(part.as_str()))?;
    Some(faults.remove(place).1)
}
