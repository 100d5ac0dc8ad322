//! A machine that was written down: what its tools said and its files held. What would change it is only noted.
//!
//! A recording is a text of parts, each with a heading: `=== run CALL`, `=== file PATH`, `=== link PATH`,
//! `=== peek DEVICE` (a line `PATH` or `PATH = TEXT` for each file in it), `=== digest PATH`,
//! `=== unreadable PATH` and `=== fail CALL`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

use super::{Call, Failed, Held, Machine, Mount, Output};

/// A recorded machine.
#[derive(Debug, Default)]
pub struct Recorded {
    parts: BTreeMap<String, String>,
    /// All that would have changed something, in order.
    pub done: RefCell<Vec<String>>,
    written: RefCell<BTreeMap<String, Vec<u8>>>,
    claimed: Rc<RefCell<BTreeSet<String>>>,
}

/// A claim on a device, which nobody can use meanwhile.
#[derive(Debug)]
struct Claimed(String, Rc<RefCell<BTreeSet<String>>>);

impl Held for Claimed {}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.1.borrow_mut().remove(&self.0);
    }
}

/// Tools that change nothing, and must therefore be in the recording.
const LOOKS: [&str; 8] = [
    "/usr/bin/lsblk",
    "/usr/sbin/pvs",
    "/usr/sbin/wipefs -J",
    "/usr/sbin/blkid",
    "/usr/bin/systemd-repart",
    "/usr/bin/efibootmgr -v",
    "/usr/bin/unsquashfs -l",
    "/usr/bin/unsquashfs -cat",
];

impl Recorded {
    /// Reads a recording.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let parts = format!("\n{text}");
        let parts = parts.split("\n=== ").skip(1).map(|part| {
            let (heading, body) = part.split_once('\n').unwrap_or((part, ""));
            (heading.trim().to_owned(), body.trim_end_matches('\n').to_owned())
        });
        Self { parts: parts.collect(), ..Self::default() }
    }

    /// Adds a part, or takes another in its place.
    #[must_use]
    pub fn with(mut self, heading: &str, body: &str) -> Self {
        self.parts.insert(heading.to_owned(), body.to_owned());
        self
    }

    fn part(&self, heading: &str) -> io::Result<&str> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "not in the recording");
        self.parts.get(heading).map(String::as_str).ok_or_else(missing)
    }

    fn note(&self, text: String) {
        self.done.borrow_mut().push(text);
    }
}

impl Machine for Recorded {
    fn watch(&self, call: &Call, seen: &mut dyn FnMut(&str)) -> Result<Output, Failed> {
        let words = call.to_string();
        let said = self.part(&format!("run {words}"));
        let looks = LOOKS.iter().any(|tool| words.starts_with(tool));
        if !looks || words.starts_with("/usr/bin/systemd-repart") {
            self.note(words.clone());
        }
        if let Ok(reason) = self.part(&format!("fail {words}")) {
            return Err(Failed { call: words, said: reason.to_owned(), code: Some(1) });
        }
        match said {
            Ok(out) => {
                seen(out);
                Ok(Output { code: 0, out: out.to_owned(), err: String::new() })
            }
            Err(error) if looks => Err(Failed { call: words, said: error.to_string(), code: None }),
            Err(_) => Ok(Output::default()),
        }
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.written.borrow().get(path) {
            return Ok(bytes.clone());
        }
        self.part(&format!("file {path}")).map(|text| text.as_bytes().to_vec())
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let below = format!("{path}/");
        let paths = self.parts.keys().filter_map(|heading| {
            heading.strip_prefix("file ").or_else(|| heading.strip_prefix("link "))
        });
        let names = paths.filter_map(|path| path.strip_prefix(&below)?.split('/').next());
        Ok(names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn resolve(&self, path: &str) -> io::Result<String> {
        match self.part(&format!("link {path}")) {
            Ok(target) => Ok(target.to_owned()),
            Err(_) => Ok(path.to_owned()),
        }
    }

    fn exists(&self, path: &str) -> bool {
        self.read(path).is_ok()
            || self.part(&format!("link {path}")).is_ok()
            || self.list(path).is_ok_and(|names| !names.is_empty())
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.note(format!("write {path} {mode:o}\n{}", String::from_utf8_lossy(bytes)));
        self.written.borrow_mut().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.note(format!("append {path} {} bytes", bytes.len()));
        Ok(())
    }

    fn link(&self, path: &str, leads_to: &str) -> io::Result<()> {
        self.note(format!("link {path} {leads_to}"));
        Ok(())
    }

    fn folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.note(format!("remove {path}"));
        self.written.borrow_mut().remove(path);
        Ok(())
    }

    fn mount(&self, mount: &Mount<'_>) -> io::Result<()> {
        let subvolume = mount.subvolume.map(|name| format!(" subvol={name}")).unwrap_or_default();
        self.note(format!("mount {} {} {}{subvolume}", mount.source, mount.target, mount.format));
        Ok(())
    }

    fn unmount(&self, target: &str) -> io::Result<()> {
        self.note(format!("unmount {target}"));
        Ok(())
    }

    fn peek(&self, device: &str, _: &str, paths: &[&str]) -> io::Result<Vec<Option<Vec<u8>>>> {
        let lines = self.part(&format!("peek {device}"))?;
        let found = |path: &&str| {
            lines.lines().find_map(|line| {
                let (name, text) = line.split_once(" = ").unwrap_or((line, ""));
                (name == *path).then(|| text.as_bytes().to_vec())
            })
        };
        Ok(paths.iter().map(found).collect())
    }

    fn digest(&self, path: &str, seen: &mut dyn FnMut(u64)) -> io::Result<String> {
        if self.part(&format!("unreadable {path}")).is_ok() {
            return Err(io::Error::from_raw_os_error(5));
        }
        let digest = self.part(&format!("digest {path}"))?;
        seen(1);
        Ok(digest.to_owned())
    }

    fn zero_ends(&self, device: &str) -> io::Result<()> {
        self.note(format!("zero {device}"));
        Ok(())
    }

    fn claim(&self, device: &str) -> Option<Box<dyn Held>> {
        self.note(format!("claim {device}"));
        self.claimed.borrow_mut().insert(device.to_owned());
        Some(Box::new(Claimed(device.to_owned(), Rc::clone(&self.claimed))))
    }

    fn lock(&self, device: &str) -> io::Result<Box<dyn Held>> {
        self.note(format!("lock {device}"));
        if self.claimed.borrow().contains(device) {
            return Err(io::Error::from_raw_os_error(16));
        }
        Ok(Box::new(()))
    }

    fn stopped(&self) -> bool {
        false
    }
}
