//! Sends requests to one registry: authenticates when asked to, waits and asks again when busy.

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use isoplug_engine::CancelToken;
use isoplug_fetch::{GaveUp, Patience};
use ureq::http::{HeaderMap, Request, Response};

use super::super::credentials::Credential;
use super::super::error::Error;
use super::answer::{Answer, MESSAGE_LIMIT, Outcome, answer, broken, denied, receive};
use super::auth::{self, Challenge};

/// A way to one repository.
#[derive(Debug)]
pub(super) struct Exchange {
    way: Way,
    credential: Option<Credential>,
    host: String,
    repository: String,
    authorization: Mutex<Option<Authorization>>,
}

/// How to get to a server.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) agent: ureq::Agent,
    pub(super) patience: Patience,
    pub(super) cancel: CancelToken,
}

#[derive(Debug, Clone)]
struct Authorization {
    header: String,
    may_push: bool,
}

/// What to send.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Bytes(&'a [u8]),
    /// A file with its length, which is read while it is sent.
    File(&'a Path, u64),
}

/// What to ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask<'a> {
    /// What messages call it: `fetch the tags`.
    pub(super) doing: &'a str,
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Content<'a>>,
    /// Whether it needs the right to push.
    pub(super) push: bool,
    /// The most bytes of a good answer.
    pub(super) limit: u64,
}

impl Exchange {
    pub(super) fn new(
        way: Way,
        credential: Option<Credential>,
        host: &str,
        repository: &str,
    ) -> Self {
        let (host, repository) = (host.to_owned(), repository.to_owned());
        Self { way, credential, host, repository, authorization: Mutex::default() }
    }

    /// Asks as often as patience allows. Success and 404 are answers.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        self.repeat(ask.doing, ask.url, || self.once(ask, &mut Vec::new()))
    }

    /// Asks for something large: goes on where a transfer broke off.
    pub(super) fn download(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let mut received = Vec::new();
        self.repeat(ask.doing, ask.url, || {
            let range = format!("bytes={}-", received.len());
            let mut headers = ask.headers.to_vec();
            if !received.is_empty() {
                headers.push(("Range", &range));
            }
            self.once(&Ask { headers: &headers, ..ask.clone() }, &mut received)
        })
    }

    /// Does something until it succeeds, fails for good, or patience ends.
    pub(super) fn repeat<T>(
        &self,
        doing: &str,
        url: &str,
        attempt: impl FnMut() -> Result<T, Outcome>,
    ) -> Result<T, Error> {
        let Way { patience, cancel, .. } = &self.way;
        patience.attempt(&|| cancel.is_cancelled(), attempt).map_err(|gave_up| match gave_up {
            GaveUp::Permanent(error) => error,
            GaveUp::Transient(why) => {
                Error::Unreachable { doing: doing.to_owned(), url: url.to_owned(), why }
            }
            GaveUp::Cancelled => Error::Cancelled,
        })
    }

    /// Asks once, and once more with credentials if the server wants them. `received` is what
    /// earlier attempts got of the same answer.
    pub(super) fn once(&self, ask: &Ask<'_>, received: &mut Vec<u8>) -> Result<Answer, Outcome> {
        let mut response = self.send(ask, self.authorization_for(ask).as_deref())?;
        if response.status() == 401 && self.is_ours(ask.url) {
            let header = self.authorize(ask, response.headers())?;
            response = self.send(ask, Some(&header))?;
        }
        receive(ask, response, received)
    }

    fn send(
        &self,
        ask: &Ask<'_>,
        authorization: Option<&str>,
    ) -> Result<Response<ureq::Body>, Outcome> {
        let mut request = Request::builder().method(ask.method).uri(ask.url);
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        if let Some(value) = authorization {
            request = request.header("Authorization", value);
        }
        let failed = |why: String| Outcome::Permanent(answer(ask, why));
        let sent = match ask.body {
            Some(Content::Bytes(body)) => {
                self.way.agent.run(request.body(body).map_err(|why| failed(why.to_string()))?)
            }
            Some(Content::File(path, length)) => {
                let file = File::open(path).map_err(|why| failed(why.to_string()))?;
                let request = request.header("Content-Length", length).body(file);
                self.way.agent.run(request.map_err(|why| failed(why.to_string()))?)
            }
            None => self.way.agent.run(request.body(()).map_err(|why| failed(why.to_string()))?),
        };
        sent.map_err(|why| broken(ask, &why))
    }

    /// What the token server refuses is told of the registry that sent us there.
    fn refused(&self, ask: &Ask<'_>, realm: &str, outcome: Outcome) -> Outcome {
        let Outcome::Permanent(Error::Denied { why, .. }) = outcome else { return outcome };
        let known = match &self.credential {
            Some(_) => String::new(),
            None => format!(", and no credentials are known for {}", self.host),
        };
        Outcome::Permanent(denied(ask, format!("{realm} gives no token: {why}{known}")))
    }

    fn authorization_for(&self, ask: &Ask<'_>) -> Option<String> {
        let known = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = known.as_ref().filter(|known| known.may_push || !ask.push)?;
        self.is_ours(ask.url).then(|| usable.header.clone())
    }

    /// Credentials go to the registry itself and to the token server that it names, never to
    /// where it stores its blobs.
    fn is_ours(&self, url: &str) -> bool {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.split(['/', '?']).next() == Some(&self.host)
    }

    fn authorize(&self, ask: &Ask<'_>, headers: &HeaderMap) -> Result<String, Outcome> {
        let offers = headers.get_all("www-authenticate").iter();
        let mut offers = offers.filter_map(|value| Challenge::read(value.to_str().ok()?));
        let denied = |why: &str| Outcome::Permanent(denied(ask, why.to_owned()));
        let header = match offers.next() {
            Some(Challenge::Basic) => self
                .credential
                .as_ref()
                .and_then(auth::basic)
                .ok_or_else(|| denied("it wants a name and a password, and none is known"))?,
            Some(Challenge::Bearer { realm, service, scope }) => {
                let scope = self.scope(ask, scope);
                format!("Bearer {}", self.token(ask, &realm, service.as_deref(), &scope)?)
            }
            None => return Err(denied("HTTP status 401, without a way to log in")),
        };
        let mut known = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Authorization { header: header.clone(), may_push: ask.push });
        Ok(header)
    }

    fn scope(&self, ask: &Ask<'_>, offered: Option<String>) -> String {
        let actions = if ask.push { "pull,push" } else { "pull" };
        let ours = || format!("repository:{}:{actions}", self.repository);
        offered.filter(|scope| !ask.push || scope.contains("push")).unwrap_or_else(ours)
    }

    fn token(
        &self,
        ask: &Ask<'_>,
        realm: &str,
        service: Option<&str>,
        scope: &str,
    ) -> Result<String, Outcome> {
        let request = auth::token_request(realm, service, scope, self.credential.as_ref());
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let token_ask = Ask {
            doing: ask.doing,
            method: if request.form.is_some() { "POST" } else { "GET" },
            url: &request.url,
            headers: if request.form.is_some() { &form } else { &[] },
            body: request.form.as_deref().map(|form| Content::Bytes(form.as_bytes())),
            push: false,
            limit: MESSAGE_LIMIT,
        };
        let response = self.send(&token_ask, request.authorization.as_deref())?;
        let answered = receive(&token_ask, response, &mut Vec::new())
            .map_err(|outcome| self.refused(ask, realm, outcome))?;
        let none = || Outcome::Permanent(denied(ask, format!("{realm} gave no token")));
        auth::token(&answered.bytes).filter(|_| answered.status == 200).ok_or_else(none)
    }
}
