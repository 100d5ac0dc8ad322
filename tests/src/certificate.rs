//! An authority and the certificates that it issues, made by openssl.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An authority that vouches for servers.
pub struct Authority {
    folder: tempfile::TempDir,
}

/// The files of a server's certificate and of its key.
pub struct Certificate {
    /// That of the certificate.
    pub certificate: PathBuf,
    /// That of its key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one of this name.
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let subject = format!("/CN={name}");
        let names = ["-subj", &subject, "-addext", "basicConstraints=critical,CA:TRUE"];
        openssl(
            folder.path(),
            &[REQUEST, &["-x509", "-keyout", "ca.key", "-out", "ca.pem"], &names],
        );
        Self { folder }
    }

    /// Returns the file with its own certificate.
    pub fn file(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// Issues a certificate for a server of this name, such as `IP:127.0.0.1`.
    pub fn issue(&self, name: &str) -> Certificate {
        let folder = self.folder.path();
        let [request, key, certificate] =
            ["csr", "key", "pem"].map(|kind| format!("{}.{kind}", name.replace(':', "-")));
        openssl(folder, &[REQUEST, &["-keyout", &key, "-out", &request, "-subj", "/CN=Server"]]);
        std::fs::write(folder.join("names"), format!("subjectAltName={name}")).expect("a file");
        let issue = ["x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        let what = ["-in", &request, "-out", &certificate, "-extfile", "names", "-days", "2"];
        openssl(folder, &[&issue, &what]);
        let [certificate, key] = [certificate, key].map(|name| folder.join(name));
        Certificate { certificate, key }
    }
}

const REQUEST: &[&str] =
    &["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

fn openssl(folder: &Path, arguments: &[&[&str]]) {
    let mut command = Command::new("openssl");
    command.args(arguments.concat()).current_dir(folder);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "openssl {arguments:?}");
}
