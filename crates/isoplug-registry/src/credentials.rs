//! Finds the credentials for a registry in the files that `docker login` and `podman login` write.
//!
//! The format is that of `~/.docker/config.json` and of containers-auth.json(5). Programs that
//! keep secrets (`docker-credential-…`) are run by a function of the caller's.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::error::Error;

/// Runs `docker-credential-<first>` with `get` and the second on its standard input; returns its
/// standard output, none if it knows no such server, or why it failed.
pub type Helper = Box<dyn Fn(&str, &str) -> Result<Option<String>, String> + Send + Sync>;

/// Who we are to a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password or access token.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that is given to the token server for others.
    IdentityToken(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Credentials of any number of registries.
#[derive(Default)]
pub struct Credentials {
    files: Vec<File>,
    helper: Option<Helper>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({} files)", self.files.len())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Credentials {
    /// Adds the text of a credentials file; earlier files win. `name` is for the message.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] if it is none.
    pub fn add_file(&mut self, name: &str, text: &str) -> Result<(), Error> {
        // The reason may quote the file, which holds secrets, so only the place is told.
        let shown = |why: serde_json::Error| format!("line {} column {}", why.line(), why.column());
        let file = serde_json::from_str(text)
            .map_err(|why| Error::document(name, "credentials file", shown(why)))?;
        self.files.push(file);
        Ok(())
    }

    /// Sets what runs the programs that keep secrets.
    pub fn set_helper(&mut self, helper: Helper) {
        self.helper = Some(helper);
    }

    /// Returns who we are to a registry, if it is known.
    ///
    /// # Errors
    ///
    /// When the program that keeps the secret fails, or an entry is damaged.
    pub fn find(&self, host: &str, repository: &str) -> Result<Option<Credential>, Error> {
        for file in &self.files {
            if let Some(program) = file.program(host)
                && let Some(found) = self.ask(program, host)?
            {
                return Ok(Some(found));
            }
            if let Some(auth) = file.auth(host, repository) {
                return auth.read(host);
            }
        }
        Ok(None)
    }

    fn ask(&self, program: &str, host: &str) -> Result<Option<Credential>, Error> {
        let Some(helper) = &self.helper else { return Ok(None) };
        let place = format!("docker-credential-{program}");
        let failed = |why: String| Error::document(&place, &format!("credential of {host}"), why);
        let Some(text) = helper(program, server(host)).map_err(failed)? else { return Ok(None) };
        let answer: Answer =
            serde_json::from_str(&text).map_err(|_| failed("it is not JSON".to_owned()))?;
        Ok(Some(match answer.username.as_str() {
            "<token>" => Credential::IdentityToken(answer.secret),
            _ => Credential::Password { username: answer.username, password: answer.secret },
        }))
    }
}

/// Docker Hub's entry has another name than the registry.
fn server(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "https://index.docker.io/v1/",
        host => host,
    }
}

impl File {
    fn program(&self, host: &str) -> Option<&String> {
        let own = self.cred_helpers.get(host).or_else(|| self.cred_helpers.get(server(host)));
        own.or(self.creds_store.as_ref())
    }

    /// The entry with the longest name counts: `ghcr.io/acme` before `ghcr.io`.
    fn auth(&self, host: &str, repository: &str) -> Option<&Auth> {
        let wanted = format!("{}/{repository}", plain(server(host)));
        let fits = |name: &str| {
            wanted.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let entries = self.auths.iter().map(|(name, auth)| (plain(name), auth));
        entries
            .filter(|(name, _)| fits(name))
            .max_by_key(|(name, _)| name.len())
            .map(|(_, auth)| auth)
    }
}

/// Names are written with and without a scheme and the version of the API.
fn plain(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest).trim_end_matches('/');
    name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v2")).unwrap_or(name)
}

impl Auth {
    fn read(&self, host: &str) -> Result<Option<Credential>, Error> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credential::IdentityToken(self.identitytoken.clone())));
        }
        let (username, password) = match self.auth.is_empty() {
            true => (self.username.clone(), self.password.clone()),
            false => self.decoded().ok_or_else(|| {
                Error::document(
                    "the credentials file",
                    host,
                    "\"auth\" is not base64 of name:password",
                )
            })?,
        };
        Ok((!username.is_empty()).then_some(Credential::Password { username, password }))
    }

    fn decoded(&self) -> Option<(String, String)> {
        let text = String::from_utf8(STANDARD.decode(self.auth.trim()).ok()?).ok()?;
        let (username, password) = text.split_once(':')?;
        // Docker pads it with zero bytes now and then.
        Some((username.to_owned(), password.trim_end_matches('\0').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Credential, Credentials};

    fn of(text: &str) -> Credentials {
        let mut credentials = Credentials::default();
        credentials.add_file("config.json", text).unwrap();
        credentials
    }

    fn password(username: &str, password: &str) -> Option<Credential> {
        Some(Credential::Password { username: username.into(), password: password.into() })
    }

    #[test]
    fn entries_of_files() {
        let credentials = of(r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "aHViOnA="},
            "ghcr.io": {"auth": "dTpw"}, "ghcr.io/acme": {"username": "a", "password": "b:c"},
            "https://quay.io/v2/": {"identitytoken": "t"}, "empty.io": {}}}"#);
        let find = |host, repository| credentials.find(host, repository).unwrap();
        assert_eq!(find("ghcr.io", "other/x"), password("u", "p"));
        assert_eq!(find("ghcr.io", "acme/x"), password("a", "b:c"));
        assert_eq!(find("ghcr.io", "acmes/x"), password("u", "p"));
        assert_eq!(find("docker.io", "x/y"), password("hub", "p"));
        assert_eq!(find("quay.io", "x"), Some(Credential::IdentityToken("t".into())));
        assert_eq!(find("empty.io", "x"), None);
        assert_eq!(find("none.io", "x"), None);
    }

    #[test]
    fn programs_that_keep_secrets() {
        let mut credentials = of(r#"{"credHelpers": {"ghcr.io": "pass"}, "credsStore": "desktop",
            "auths": {"quay.io": {"auth": "dTpw"}}}"#);
        credentials.set_helper(Box::new(|program, server| match (program, server) {
            ("pass", "ghcr.io") => Ok(Some(r#"{"Username":"<token>","Secret":"t"}"#.into())),
            ("desktop", "a.io") => {
                Ok(Some(r#"{"ServerURL":"","Username":"u","Secret":"s"}"#.into()))
            }
            ("desktop", "b.io") => Err("locked".into()),
            _ => Ok(None),
        }));
        let find = |host| credentials.find(host, "x");
        assert_eq!(find("ghcr.io").unwrap(), Some(Credential::IdentityToken("t".into())));
        assert_eq!(find("a.io").unwrap(), password("u", "s"));
        assert_eq!(find("quay.io").unwrap(), password("u", "p"));
        insta::assert_snapshot!(find("b.io").unwrap_err(), @"credential of b.io in docker-credential-desktop cannot be used: locked");
    }

    #[test]
    fn damaged_files_are_told_without_their_secrets() {
        let wrong =
            Credentials::default().add_file("config.json", r#"{"auths": {"x": "hunter2"}}"#);
        insta::assert_snapshot!(wrong.unwrap_err(), @"credentials file in config.json cannot be used: line 1 column 25");
        let damaged = of(r#"{"auths": {"x.io": {"auth": "%%%"}}}"#);
        assert!(damaged.find("x.io", "y").is_err());
        assert!(!format!("{:?}", password("u", "hunter2")).contains("hunter2"));
    }
}
