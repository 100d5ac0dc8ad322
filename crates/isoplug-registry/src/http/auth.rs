//! Answers a registry that wants to know who asks: Basic, or a bearer token from its token server.
//!
//! RFC 7235 challenges, and the token protocol of the Docker registry ("Token authentication" and
//! "OAuth2 token authentication" of the distribution project), which every registry speaks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::super::credentials::Credential;

/// What a server wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// A request for a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenRequest {
    pub(super) url: String,
    /// The value of `Authorization`.
    pub(super) authorization: Option<String>,
    /// The form to post; a GET without.
    pub(super) form: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header.
    pub(super) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        let parameters = scheme.eq_ignore_ascii_case("bearer").then(|| parameters(rest))?;
        let find = |wanted: &str| {
            let mut named = parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            named.next().map(|(_, value)| value.clone())
        };
        Some(Self::Bearer { realm: find("realm")?, service: find("service"), scope: find("scope") })
    }
}

/// Splits `a="x, y",b=z`.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name.trim_matches([',', ' ']).to_owned(), value.trim().to_owned()));
        rest = after;
    }
    found
}

/// Returns the value of `Authorization` for a name and a password.
pub(super) fn basic(credential: &Credential) -> Option<String> {
    match credential {
        Credential::Password { username, password } => {
            Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
        }
        Credential::IdentityToken(_) => None,
    }
}

/// Returns what to ask the token server.
pub(super) fn token_request(
    realm: &str,
    service: Option<&str>,
    scope: &str,
    credential: Option<&Credential>,
) -> TokenRequest {
    let mut query = format!("scope={}", percent(scope));
    if let Some(service) = service {
        query = format!("service={}&{query}", percent(service));
    }
    if let Some(Credential::IdentityToken(token)) = credential {
        let grant = "grant_type=refresh_token&client_id=isoplug&refresh_token=";
        let form = format!("{grant}{}&{query}", percent(token));
        return TokenRequest { url: realm.to_owned(), authorization: None, form: Some(form) };
    }
    let joint = if realm.contains('?') { '&' } else { '?' };
    let authorization = credential.and_then(basic);
    TokenRequest { url: format!("{realm}{joint}{query}"), authorization, form: None }
}

/// Returns the token of an answer.
pub(super) fn token(bytes: &[u8]) -> Option<String> {
    let answer: TokenAnswer = serde_json::from_slice(bytes).ok()?;
    answer.token.or(answer.access_token).filter(|token| !token.is_empty())
}

pub(super) fn percent(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn challenges() {
        let header = r#"Bearer realm="https://a.example/token",service="r.example",scope="repository:x:pull,push""#;
        let bearer = Challenge::read(header).unwrap();
        let scope = Some("repository:x:pull,push".to_owned());
        let service = Some("r.example".to_owned());
        assert_eq!(
            bearer,
            Challenge::Bearer { realm: "https://a.example/token".to_owned(), service, scope }
        );
        assert_eq!(Challenge::read("basic realm=\"x\""), Some(Challenge::Basic));
        for none in ["", "Digest realm=x", "Bearer", "Bearer scope=\"x\""] {
            assert_eq!(Challenge::read(none), None, "{none}");
        }
    }

    #[test]
    fn token_requests() {
        let password = Credential::Password { username: "u".into(), password: "p".into() };
        let request =
            token_request("https://a/t", Some("r x"), "repository:x:pull", Some(&password));
        assert_eq!(request.url, "https://a/t?service=r%20x&scope=repository%3Ax%3Apull");
        assert_eq!(request.authorization.as_deref(), Some("Basic dTpw"));
        let identity = Credential::IdentityToken("i+".into());
        let request = token_request("https://a/t", None, "s", Some(&identity));
        let form = "grant_type=refresh_token&client_id=isoplug&refresh_token=i%2B&scope=s";
        assert_eq!((request.url.as_str(), request.form.as_deref()), ("https://a/t", Some(form)));
        assert_eq!(token(br#"{"access_token":"t"}"#).as_deref(), Some("t"));
        assert_eq!(token(b"{}"), None);
    }

    proptest! {
        #[test]
        fn any_challenge_is_read(text in "(Bearer )?[a-z=\", é]{0,40}") {
            let _ = Challenge::read(&text);
        }
    }
}
