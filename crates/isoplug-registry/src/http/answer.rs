//! Reads what a registry answers, or says why that is not an answer.

use std::io::{self, Read};

use isoplug_fetch::{Failed, distrusted, goes_on_at, may_pass, wait};
use isoplug_manifest::plain;
use ureq::http::{HeaderMap, Response};

use super::super::error::Error;
use super::exchange::Ask;

/// The most bytes of an answer that is a message or a token.
pub(super) const MESSAGE_LIMIT: u64 = 64 << 10;

/// What came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

/// Why there is no answer.
pub(super) type Outcome = Failed<Error>;

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Reads an answer, or says what its status means. `received` keeps what came of a good answer
/// that broke off, and nothing else.
pub(super) fn receive(
    ask: &Ask<'_>,
    response: Response<ureq::Body>,
    received: &mut Vec<u8>,
) -> Result<Answer, Outcome> {
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    begin(status, &parts.headers, received)?;
    let is_good = (200..=299).contains(&status);
    let limit = if is_good { ask.limit } else { MESSAGE_LIMIT };
    let read = read(body.into_reader(), received, limit);
    if is_good {
        read.map_err(|why| Outcome::transient(why.to_string()))?;
    }
    let answered = Answer { status, headers: parts.headers, bytes: std::mem::take(received) };
    match status {
        404 => Ok(answered),
        _ if !is_good => Err(refusal(ask, &answered)),
        _ if answered.bytes.len() as u64 > limit => {
            Err(Outcome::Permanent(answer(ask, format!("it sent more than {limit} bytes"))))
        }
        _ => Ok(answered),
    }
}

/// Decides whether an answer goes on where the last one broke off.
fn begin(status: u16, headers: &HeaderMap, received: &mut Vec<u8>) -> Result<(), Outcome> {
    let range = headers.get("content-range").and_then(|value| value.to_str().ok());
    match status {
        206 if goes_on_at(range, received.len() as u64) => Ok(()),
        206 | 416 => {
            received.clear();
            Err(Outcome::transient("it sent another part than the one asked for"))
        }
        _ => {
            received.clear();
            Ok(())
        }
    }
}

/// Says what a status means that is no success.
fn refusal(ask: &Ask<'_>, answered: &Answer) -> Outcome {
    let why = format!("HTTP status {}{}", answered.status, message(&answered.bytes));
    match answered.status {
        status if may_pass(status) => {
            Outcome::Transient { why, wait: wait(answered.header("retry-after")) }
        }
        401 | 403 => Outcome::Permanent(denied(ask, why)),
        _ => Outcome::Permanent(answer(ask, why)),
    }
}

/// Appends to `received`, at most to one byte above the limit.
fn read(body: impl Read, received: &mut Vec<u8>, limit: u64) -> io::Result<()> {
    let room = (limit + 1).saturating_sub(received.len() as u64);
    body.take(room).read_to_end(received).map(drop)
}

/// OCI distribution specification, "Error codes": `{"errors": [{"code", "message"}]}`. What stands
/// before a registry may answer with a line of text.
fn message(bytes: &[u8]) -> String {
    let document: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(_) => return line(bytes).map(|line| format!(": {line}")).unwrap_or_default(),
    };
    let first = document.get("errors").and_then(|errors| errors.get(0));
    let text = |name| first.and_then(|error| error.get(name)).and_then(|text| text.as_str());
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => format!(": {}: {}", shown(code), shown(message)),
        (Some(only), None) | (None, Some(only)) => format!(": {}", shown(only)),
        (None, None) => String::new(),
    }
}

fn line(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let is_line = !text.is_empty() && !text.starts_with('<') && !text.contains('\n');
    is_line.then(|| shown(text))
}

/// What a server says goes to a terminal: no control characters, and not too long.
fn shown(text: &str) -> String {
    plain::shown(text).chars().take(200).filter(|each| !each.is_control()).collect()
}

pub(super) fn broken(ask: &Ask<'_>, error: &ureq::Error) -> Outcome {
    let why = isoplug_fetch::message(error);
    if let Some(error) = not_trusted(ask, &why) {
        return Outcome::Permanent(error);
    }
    match error {
        ureq::Error::RequireHttpsOnly(_) => {
            Outcome::Permanent(answer(ask, "it leads to an address without TLS".to_owned()))
        }
        ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::RedirectFailed
        | ureq::Error::TooManyRedirects => Outcome::Permanent(answer(ask, why)),
        _ => Outcome::transient(why),
    }
}

/// Asking again does not change a certificate, nor whether a server speaks TLS.
fn not_trusted(ask: &Ask<'_>, why: &str) -> Option<Error> {
    if why.contains("InvalidContentType") {
        return Some(answer(ask, "it does not speak TLS".to_owned()));
    }
    let why = distrusted(why)?;
    let (doing, url, why) = (ask.doing.to_owned(), ask.url.to_owned(), why.to_owned());
    Some(Error::Untrusted { doing, url, why })
}

pub(super) fn answer(ask: &Ask<'_>, why: String) -> Error {
    Error::Answer { doing: ask.doing.to_owned(), url: ask.url.to_owned(), why }
}

pub(super) fn denied(ask: &Ask<'_>, why: String) -> Error {
    Error::Denied { doing: ask.doing.to_owned(), url: ask.url.to_owned(), why }
}
