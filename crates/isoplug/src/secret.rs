//! Reads the secrets of a manifest, right before an image is made of it: from variables of the environment and
//! from files. Whether a folder may ask for them was decided before (`reach.rs`).

use std::path::Path;

use isoplug_manifest::{Diagnostic, Diagnostics, Secret, System};

use crate::failure::Failure;
use crate::read::read_bytes;
use crate::session;

/// Returns a system with its secrets read.
///
/// # Errors
///
/// When a variable is not set, a file cannot be read, or what it has is not one line of text.
pub(crate) fn read(system: System) -> Result<System, Failure> {
    let told = system.clone();
    system.with_secrets(&mut |path, secret| one(path, secret, &told))
}

fn one(path: &str, secret: &Secret, system: &System) -> Result<String, Failure> {
    let found = match (&secret.env, &secret.file) {
        (Some(name), _) => of_variable(name),
        (None, Some(file)) => of_file(file),
        (None, None) => Ok(String::new()),
    };
    found.map_err(|diagnostic| {
        let diagnostic = match system.origin(path) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        };
        Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
    })
}

fn of_variable(name: &str) -> Result<String, Diagnostic> {
    let bytes = session::secret(name).ok_or_else(|| {
        let message = format!("the environment variable `{name}` is not set");
        wrong(message, &format!("set it: {name}=… isoplug build"))
    })?;
    line(bytes, &format!("the environment variable `{name}`"))
}

fn of_file(file: &str) -> Result<String, Diagnostic> {
    let bytes = read_bytes(Path::new(file)).map_err(|error| {
        wrong(format!("the file {file} cannot be read: {error}"), "put the secret there")
    })?;
    line(bytes, &format!("the file {file}"))
}

/// Returns the one line of text that a place has.
fn line(bytes: Vec<u8>, place: &str) -> Result<String, Diagnostic> {
    let text = String::from_utf8(bytes).ok();
    let text = text.map(|text| text.trim_end_matches(['\n', '\r']).to_owned());
    let is_line = |text: &String| !text.is_empty() && !text.contains(['\n', '\r', '\0']);
    text.filter(|text| is_line(text) || is_key(text)).ok_or_else(|| {
        wrong(format!("{place} does not have one line of text"), "put the secret alone there")
    })
}

/// A private key in PEM has lines of its own (RFC 7468).
fn is_key(text: &str) -> bool {
    let is_bound = |line: Option<&str>, word: &str| {
        line.is_some_and(|line| {
            line.starts_with(&format!("-----{word} ")) && line.ends_with("PRIVATE KEY-----")
        })
    };
    let mut lines = text.lines();
    is_bound(lines.next(), "BEGIN")
        && is_bound(lines.next_back(), "END")
        && lines.all(|line| !line.starts_with("-----"))
}

fn wrong(message: String, help: &str) -> Diagnostic {
    Diagnostic::error("no-secret", message).help(help)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use isoplug_manifest::plugin::NoPlugins;
    use isoplug_manifest::{Input, evaluate};

    use super::*;

    fn read_psk(psk: &str) -> Result<String, String> {
        let text = &format!(
            "image.name = \"t\"\n[profiles.p]\nnetworking.backend = \"networkd\"\n\
             firmware.set = \"redistributable\"\nnetworking.wifi.home.psk = {psk}\n"
        );
        let (load, vars) = (&mut |_: &str| Err("no file".to_owned()), &Default::default());
        let (name, profile, plugins) = ("isoplug.toml", "p", &mut NoPlugins);
        let input = Input { name, text, profile, arch: "amd64", vars, load, plugins };
        let read = read(evaluate(input).unwrap()).map_err(|failure| {
            let found = failure.diagnostics.list.iter();
            found.map(|found| format!("{}; {:?}", found.message, found.help)).collect::<String>()
        })?;
        let psk = read.options.networking.wifi["home"].psk.as_ref().unwrap();
        assert_eq!((&psk.env, &psk.file), (&None, &None));
        Ok(psk.text().unwrap().to_owned())
    }

    #[test]
    fn a_private_key_has_lines() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIE\nvQIB\n-----END PRIVATE KEY-----";
        assert!(is_key(key) && is_key(&key.replace("PRIVATE", "RSA PRIVATE")));
        for text in ["", "one", "-----BEGIN PRIVATE KEY-----", &format!("{key}\n{key}")] {
            assert!(!is_key(text), "{text}");
        }
        assert_eq!(line(format!("{key}\n").into_bytes(), "it").ok().as_deref(), Some(key));
    }

    #[test]
    fn a_secret_is_read_from_where_it_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().display();
        fs::write(file.path(), "open sesame\n").unwrap();
        assert_eq!(read_psk(&format!("{{ file = \"{path}\" }}")).as_deref(), Ok("open sesame"));
        let cargo = session::secret("CARGO_PKG_NAME").unwrap();
        let cargo = String::from_utf8(cargo).unwrap();
        assert_eq!(read_psk("{ env = \"CARGO_PKG_NAME\" }"), Ok(cargo));
        fs::write(file.path(), "two\nlines\n").unwrap();
        let error = read_psk(&format!("{{ file = \"{path}\" }}")).unwrap_err();
        assert!(error.contains("does not have one line of text"), "{error}");
        let error = read_psk("{ env = \"NOBODY_SETS_THIS\" }").unwrap_err();
        assert!(
            error.contains("the environment variable `NOBODY_SETS_THIS` is not set"),
            "{error}"
        );
        let error = read_psk("{ file = \"/nowhere/psk\" }").unwrap_err();
        assert!(error.contains("the file /nowhere/psk cannot be read"), "{error}");
    }
}
