//! Reads keys and signatures in the forms that people and archives keep them: binary, or armored
//! blocks with other text around, as many as there are.
//!
//! Judges nothing. Of several, what cannot be read is passed over.

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};

use super::Error;

const KEYS: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const PRIVATE: &str = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
/// Where a keybox says what it is, and how.
const KEYBOX: (std::ops::Range<usize>, &[u8]) = (8..12, b"KBXf");
/// The most keys and signatures that are read of a file.
const MOST: usize = 1000;

/// Reads keys; at least one.
pub(super) fn keys(bytes: &[u8]) -> Result<Vec<SignedPublicKey>, Error> {
    if bytes.get(KEYBOX.0) == Some(KEYBOX.1) {
        return Err(Error::Keybox);
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if text.contains(PRIVATE) {
        return Err(Error::Private);
    }
    let found: Vec<Result<SignedPublicKey, Error>> = read(bytes, KEYS, Error::NoKeys);
    let (mut keys, mut why) = (Vec::new(), None);
    for key in found {
        match key {
            Ok(key) => keys.push(key),
            Err(error) => why = why.or(Some(error)),
        }
    }
    match keys.is_empty() {
        false => Ok(keys),
        true => Err(why.filter(|_| !is_text(bytes)).unwrap_or(nothing(bytes))),
    }
}

/// Reads signatures; at least one.
pub(super) fn signatures(bytes: &[u8]) -> Result<Vec<DetachedSignature>, Error> {
    let (mut signatures, mut why) = (Vec::new(), None);
    for signature in read(bytes, SIGNATURE, Error::Malformed) {
        match signature {
            Ok(signature) => signatures.push(signature),
            Err(error) => why = why.or(Some(error)),
        }
    }
    match signatures.is_empty() {
        false => Ok(signatures),
        true => Err(why.unwrap_or_else(|| Error::Malformed("it has no signature".to_owned()))),
    }
}

/// Reads all that is in armored blocks, or in binary form if there are none.
fn read<T: Deserializable>(
    bytes: &[u8],
    begin: &str,
    error: fn(String) -> Error,
) -> Vec<Result<T, Error>> {
    let failed = |why: pgp::errors::Error| error(why.to_string());
    let armored = std::str::from_utf8(bytes).ok().filter(|text| text.contains(begin));
    let Some(text) = armored else {
        return match T::from_bytes_many(bytes) {
            Ok(found) => found.take(MOST).map(|one| one.map_err(failed)).collect(),
            Err(why) => vec![Err(failed(why))],
        };
    };
    let mut all = Vec::new();
    for block in text.split(begin).skip(1).take(MOST) {
        match T::from_armor_many(format!("{begin}{block}").as_bytes()) {
            Ok((found, _)) => all.extend(found.take(MOST).map(|one| one.map_err(failed))),
            Err(why) => all.push(Err(failed(why))),
        }
    }
    all
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && !bytes.is_empty()
}

/// Says what a file is that has no key.
fn nothing(bytes: &[u8]) -> Error {
    let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    let why = match begin.trim_start() {
        "" => "it is empty",
        page if page.starts_with("<!doctype") || page.starts_with("<html") => "it is a web page",
        _ => "it is neither armored nor binary",
    };
    Error::NoKeys(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoplug_manifest::distribution::debian::DEBIAN;

    fn message(bytes: &[u8]) -> String {
        keys(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_has_no_key_says_what_it_is() {
        assert_eq!(message(b""), "it has no OpenPGP public key: it is empty");
        assert_eq!(message(b"<!DOCTYPE html>\n"), "it has no OpenPGP public key: it is a web page");
        let plain = "it has no OpenPGP public key: it is neither armored nor binary";
        assert_eq!(message(b"pub   rsa4096 2019-01-01"), plain);
        let keybox = b"\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0\x5f\x5e\x10\0\0\0\0\0";
        assert_eq!(keys(keybox), Err(Error::Keybox));
        assert_eq!(keys(format!("{PRIVATE}\n\nlQ==\n").as_bytes()), Err(Error::Private));
        assert!(message(&[0x99, 0xff, 0xff, 1, 2]).starts_with("it has no OpenPGP public key: "));
    }

    #[test]
    fn armored_and_binary_keys_are_read() {
        let two = [DEBIAN.keys[0], "\nfrom the web:\r\n", DEBIAN.keys[3]].concat();
        assert_eq!(keys(two.as_bytes()).unwrap().len(), 2);
        assert_eq!(keys(two.replace('\n', "\r\n").as_bytes()).unwrap().len(), 2);
        let binary: Vec<u8> = keys(two.as_bytes())
            .unwrap()
            .iter()
            .flat_map(|key| pgp::ser::Serialize::to_bytes(key).unwrap())
            .collect();
        assert_eq!(keys(&binary).unwrap(), keys(two.as_bytes()).unwrap());
    }

    #[test]
    fn one_damaged_key_does_not_spoil_the_others() {
        let damaged = DEBIAN.keys[0].replacen("mQ", "!!", 1);
        let both = [damaged.as_str(), DEBIAN.keys[3]].concat();
        assert_eq!(keys(both.as_bytes()).unwrap().len(), 1);
    }
}
