//! Debian's `docker-registry`, which is the reference implementation.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::suite;
use isoplug_skip::has;

/// A registry that ends with the test.
pub(crate) struct Debian {
    pub(crate) host: String,
    child: Child,
    _folder: TempDir,
}

impl Drop for Debian {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a registry, or skips the test.
pub(crate) fn start() -> Option<Debian> {
    if !has("docker-registry") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let path = folder.path().join("config.yml");
    fs::write(&path, config(&host, &folder.path().join("storage"))).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    let debian = Debian { host, child: command.spawn().unwrap(), _folder: folder };
    for _ in 0..200 {
        if TcpStream::connect(&debian.host).is_ok() {
            return Some(debian);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("docker-registry does not answer");
}

fn config(host: &str, storage: &Path) -> String {
    format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{host}\"}}\n",
        storage.display()
    )
}

#[test]
fn debian_s_registry() {
    if let Some(debian) = start() {
        suite::run(&debian.host);
    }
}
