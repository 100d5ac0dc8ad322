//! Turns a file of certificates into what a server's certificate is checked against.

use std::fs;
use std::path::PathBuf;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use super::super::error::Error;

/// Which authorities may vouch for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Authorities {
    /// Those on Mozilla's list when this program was built.
    #[default]
    BuiltIn,
    /// Those whose certificates a file holds in PEM form, and no others.
    File(PathBuf),
}

impl Authorities {
    /// Reads the certificates.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds none.
    pub(super) fn config(&self) -> Result<TlsConfig, Error> {
        let certificates = match self {
            Self::BuiltIn => RootCerts::WebPki,
            Self::File(path) => {
                let bytes = fs::read(path).map_err(Error::read(path))?;
                let wrong =
                    |why: &str| Error::document(&path.display().to_string(), "certificates", why);
                let mut found = Vec::new();
                for item in parse_pem(&bytes) {
                    // Bundles may hold other things.
                    if let PemItem::Certificate(certificate) =
                        item.map_err(|why| wrong(&why.to_string()))?
                    {
                        found.push(certificate);
                    }
                }
                if found.is_empty() {
                    return Err(wrong("there is none"));
                }
                RootCerts::from(found)
            }
        };
        Ok(TlsConfig::builder().root_certs(certificates).build())
    }
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
    }
}
