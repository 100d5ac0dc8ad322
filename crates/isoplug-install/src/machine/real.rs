//! The machine that the installer runs on. Everything that it does is written to the log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{FlockOperation, OFlags, flock};
use sha2::{Digest, Sha256};

use super::{Call, Failed, Held, Machine, Mount, Output, mounts};

/// Gets each line of the log.
pub trait Journal {
    /// Writes a line.
    fn line(&self, line: &str);
}

/// The machine itself.
pub struct Real {
    journal: Rc<dyn Journal>,
    stop: Arc<AtomicBool>,
}

const MIB: usize = 1 << 20;

impl Real {
    /// A machine whose log goes to `journal`, and which stops when `stop` is set.
    #[must_use]
    pub fn new(journal: Rc<dyn Journal>, stop: Arc<AtomicBool>) -> Self {
        Self { journal, stop }
    }

    fn noted<T>(&self, what: &str, result: io::Result<T>) -> io::Result<T> {
        match &result {
            Ok(_) => self.journal.line(&format!("  {what}")),
            Err(error) => self.journal.line(&format!("  {what}: {error}")),
        }
        result
    }
}

/// Starts a tool in a group of its own, so that Ctrl-C reaches the installer alone.
fn start(call: &Call) -> io::Result<Child> {
    let mut command = Command::new(call.tool);
    command.args(&call.arguments).env_clear().current_dir("/");
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    command.env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", "/root");
    command.env("TERM", "linux").env("DEBIAN_FRONTEND", "noninteractive");
    if !call.interactive {
        let input = if call.input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    }
    let mut child = command.spawn()?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), call.input.clone()) {
        // A tool that does not want it has closed its end.
        thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
    }
    Ok(child)
}

fn finish(mut child: Child, seen: &mut dyn FnMut(&str)) -> io::Result<Output> {
    let err = child.stderr.take().map(|pipe| thread::spawn(move || read_all(pipe, &mut |_| {})));
    let out = child.stdout.take().map(|pipe| read_all(pipe, seen)).transpose()?;
    let code = child.wait()?.code().unwrap_or(-1);
    let err = err.and_then(|thread| thread.join().ok()).transpose()?;
    Ok(Output { code, out: out.unwrap_or_default(), err: err.unwrap_or_default() })
}

fn read_all(mut pipe: impl Read, seen: &mut dyn FnMut(&str)) -> io::Result<String> {
    let (mut text, mut buffer) = (String::new(), [0; 8192]);
    loop {
        let count = pipe.read(&mut buffer)?;
        if count == 0 {
            return Ok(text);
        }
        let piece = String::from_utf8_lossy(&buffer[..count]);
        seen(&piece);
        text.push_str(&piece);
    }
}

impl Machine for Real {
    fn watch(&self, call: &Call, seen: &mut dyn FnMut(&str)) -> Result<Output, Failed> {
        self.journal.line(&format!("$ {call}"));
        let failed = |said: String, code| Failed { call: call.to_string(), said, code };
        let output = start(call).and_then(|child| finish(child, seen));
        let output = output.map_err(|error| {
            self.journal.line(&format!("  {error}"));
            failed(format!("{error}; is its package in the live image?"), None)
        })?;
        for line in output.out.lines().chain(output.err.lines()).take(4000) {
            self.journal.line(&format!("  {line}"));
        }
        self.journal.line(&format!("  code {}", output.code));
        if output.code == 0 || call.also_right.contains(&output.code) {
            return Ok(output);
        }
        let said = if output.err.trim().is_empty() { output.out } else { output.err };
        Err(failed(said, Some(output.code)))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        // The order is that of the names.
        #[allow(clippy::disallowed_methods)]
        let entries = fs::read_dir(path)?;
        let names = entries.map(|each| Ok(each?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<String>>>()?;
        names.sort();
        Ok(names)
    }

    fn resolve(&self, path: &str) -> io::Result<String> {
        fs::canonicalize(path).map(|path| path.to_string_lossy().into_owned())
    }

    fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let result = replace(Path::new(path), |new| {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(mode).open(new)?;
            file.write_all(bytes)?;
            file.set_permissions(fs::Permissions::from_mode(mode))
        });
        self.noted(&format!("write {path} ({} bytes, mode {mode:o})", bytes.len()), result)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let file = OpenOptions::new().append(true).open(path);
        self.noted(&format!("append to {path}"), file.and_then(|mut file| file.write_all(bytes)))
    }

    fn link(&self, path: &str, leads_to: &str) -> io::Result<()> {
        let result = replace(Path::new(path), |new| symlink(leads_to, new));
        self.noted(&format!("link {path} to {leads_to}"), result)
    }

    fn folder(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn mount(&self, it: &Mount<'_>) -> io::Result<()> {
        let result = mounts::mount(it);
        let subvolume = it.subvolume.map(|name| format!("{name} of ")).unwrap_or_default();
        self.noted(&format!("mount {subvolume}{} at {}", it.source, it.target), result)
    }

    fn unmount(&self, target: &str) -> io::Result<()> {
        mounts::at_and_below(target)?
            .iter()
            .try_for_each(|point| self.noted(&format!("unmount {point}"), mounts::unmount(point)))
    }

    fn peek(&self, device: &str, format: &str, paths: &[&str]) -> io::Result<Vec<Option<Vec<u8>>>> {
        let target = "/run/isoplug/install/peek";
        self.mount(&Mount { source: device, target, format, subvolume: None, read_only: true })?;
        let look = |path: &&str| {
            let file = File::open(format!("{target}/{path}")).ok()?;
            let mut bytes = Vec::new();
            file.take(1 << 16).read_to_end(&mut bytes).ok()?;
            Some(bytes)
        };
        let found = paths.iter().map(look).collect();
        self.unmount(target)?;
        Ok(found)
    }

    fn digest(&self, path: &str, seen: &mut dyn FnMut(u64)) -> io::Result<String> {
        let mut file = File::open(path)?;
        let (mut digest, mut buffer, mut sum) = (Sha256::new(), vec![0; MIB], 0);
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            digest.update(&buffer[..count]);
            sum += count as u64;
            seen(sum);
        }
        Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn zero_ends(&self, device: &str) -> io::Result<()> {
        let zero = || {
            let mut file = OpenOptions::new().write(true).open(device)?;
            let length = file.seek(SeekFrom::End(0))?;
            let zeros = vec![0; MIB.min(usize::try_from(length).unwrap_or(MIB))];
            for at in [0, length - zeros.len() as u64] {
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&zeros)?;
            }
            file.sync_all()
        };
        self.noted(&format!("zero both ends of {device}"), zero())
    }

    fn claim(&self, device: &str) -> Option<Box<dyn Held>> {
        let flags = (OFlags::EXCL | OFlags::CLOEXEC).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(device);
        let file = self.noted(&format!("claim {device}"), file).ok()?;
        Some(Box::new(file))
    }

    fn lock(&self, device: &str) -> io::Result<Box<dyn Held>> {
        let file = File::open(device)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(file))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Makes something under another name and moves it into its place, so that no link that lies there is followed.
fn replace(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".isoplug-new");
    let new: PathBuf = path.with_file_name(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let _ = fs::remove_file(&new);
    make(&new)?;
    fs::rename(&new, path)
}
