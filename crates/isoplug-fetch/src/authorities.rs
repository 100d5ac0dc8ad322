//! Turns a file of certificates into what a server's certificate is checked against.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// What to try where nobody who is believed vouches for a server.
pub const DISTRUSTED: &str = "if its authority is your own, add the authority's certificate to those of this \
     machine, or name its file in SSL_CERT_FILE";

/// Which authorities may vouch for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authorities {
    /// Those on Mozilla's list when this program was built.
    #[default]
    BuiltIn,
    /// Those whose certificates a file holds in PEM form, and no others.
    File(PathBuf),
}

/// Why a file of certificates is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It could not be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds no certificate, or none that is well-formed.
    #[error("certificates in {} cannot be used: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Authorities {
    /// Reads the certificates.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds none.
    pub fn config(&self) -> Result<TlsConfig, AuthoritiesError> {
        let certificates = match self {
            Self::BuiltIn => RootCerts::WebPki,
            Self::File(path) => {
                let read = |source| AuthoritiesError::Read { path: path.clone(), source };
                let wrong = |why| AuthoritiesError::Unusable { path: path.clone(), why };
                certificates(&bundle(path).map_err(read)?).map_err(wrong)?
            }
        };
        Ok(TlsConfig::builder().root_certs(certificates).build())
    }
}

/// Says what is wrong with a server's certificate, if that is why a connection failed: asking again
/// does not change it. It comes as an error of the connection, which only its text tells from others.
pub fn distrusted(error: &str) -> Option<&str> {
    let (_, why) = error.split_once("invalid peer certificate: ")?;
    match why {
        // The second is one that has the name of a known one.
        "UnknownIssuer" | "BadSignature" => Some("no authority that is known here issued it"),
        why => Some(why),
    }
}

/// The most bytes of a bundle; that of Debian has less than 300 KiB.
const LARGEST: u64 = 64 << 20;

/// Reads a bundle, which may be a device without an end.
fn bundle(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let why = format!("it has more than {} MiB", LARGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Takes the certificates of a bundle, which may hold other things.
fn certificates(bundle: &[u8]) -> Result<RootCerts, String> {
    let mut found = Vec::new();
    for item in parse_pem(bundle) {
        if let PemItem::Certificate(certificate) = item.map_err(|why| why.to_string())? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err("there is none".to_owned());
    }
    Ok(RootCerts::from(found))
}

#[cfg(test)]
mod tests {
    use super::Authorities;

    #[test]
    fn what_is_no_list_of_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let refused = || {
            let error = Authorities::File(path.clone()).config().unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "[DIR]")
        };
        insta::assert_snapshot!(refused(), @"failed to read [DIR]/ca.pem");
        std::fs::write(&path, "no certificate").unwrap();
        insta::assert_snapshot!(refused(), @"certificates in [DIR]/ca.pem cannot be used: there is none");
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!\n").unwrap();
        assert!(refused().starts_with("certificates in [DIR]/ca.pem cannot be used: "));
        let endless = Authorities::File("/dev/zero".into()).config().unwrap_err();
        assert_eq!(endless.to_string(), "failed to read /dev/zero");
    }
}
