//! A registry on the loopback interface, for as long as a test needs it.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use isoplug_tests::certificate::Certificate;

/// A running registry.
pub(crate) struct Registry {
    child: Child,
    port: u16,
    _data: tempfile::TempDir,
}

impl Registry {
    /// Starts one that speaks HTTP.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// Starts one that speaks TLS and shows this certificate.
    pub(crate) fn start_with_tls(certificate: &Certificate) -> Self {
        let Certificate { certificate, key } = certificate;
        let (certificate, key) = (certificate.display(), key.display());
        Self::start_with(&format!(", tls: {{certificate: {certificate}, key: {key}}}"))
    }

    fn start_with(more: &str) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a port").port();
        let config = data.path().join("config.yml");
        let root = data.path().join("data").display().to_string();
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\n\
             http: {{addr: 127.0.0.1:{port}{more}}}\n"
        );
        std::fs::write(&config, text).expect("a file");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("docker-registry starts");
        let registry = Self { child, port, _data: data };
        registry.wait();
        registry
    }

    /// Returns a repository of it.
    pub(crate) fn repository(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }

    /// Returns its name.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Lets a tag of one repository name what a tag of another does, as an attacker would.
    pub(crate) fn retag(&self, from: &str, to: &str) {
        let copied = Command::new("skopeo")
            .args(["copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"])
            .args([from, to].map(|name| format!("docker://{}", self.repository(name))))
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "skopeo copies");
    }

    fn wait(&self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(300), "the registry does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells whether a program is there.
pub(crate) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// Writes a component that differs from another in texts of the same length.
pub(crate) fn altered(component: &Path, target: &Path, changes: &[(&str, &str)]) {
    let mut bytes = std::fs::read(component).expect("a component");
    for (old, new) in changes {
        assert!(new.len() <= old.len(), "{new} is longer than {old}");
        let place = bytes.windows(old.len()).position(|part| part == old.as_bytes());
        let place = place.unwrap_or_else(|| panic!("no {old} in {}", component.display()));
        let padded = format!("{new:<width$}", width = old.len());
        bytes[place..place + old.len()].copy_from_slice(padded.as_bytes());
    }
    std::fs::write(target, bytes).expect("a component");
}
