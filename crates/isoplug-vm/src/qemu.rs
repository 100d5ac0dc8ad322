//! Starts QEMU with its serial port and controls on sockets, and ends it whatever happens.

use std::fs::{File, Permissions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command_line::{CommandLine, Parts, Ports};
use crate::firmware::FirmwareFiles;
use crate::pace::Pace;
use crate::qmp::Qmp;
use crate::serial::Serial;
use crate::{Accelerator, Host, HostError, Machine};

/// A running machine. Dropping it kills it.
pub(crate) struct Guest {
    /// Its serial port.
    pub(crate) serial: Serial,
    /// QEMU's controls.
    pub(crate) qmp: Qmp,
    /// How much time it had since it was started.
    pub(crate) pace: Pace,
    child: Child,
    folder: TempDir,
}

/// QEMU could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something is not installed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A file of the start could not be made or read.
    #[error("cannot prepare {path}")]
    Prepare {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// QEMU ended or never spoke.
    #[error("QEMU did not start: {said}")]
    Qemu {
        /// What it said on stderr, or what is missing.
        said: String,
    },
}

/// What a start needs besides the machine.
pub(crate) struct Start<'a> {
    pub(crate) host: &'a Host,
    pub(crate) machine: &'a Machine,
    pub(crate) iso: &'a Path,
    pub(crate) accelerator: Accelerator,
    pub(crate) credentials: &'a [(String, String)],
    pub(crate) serial_log: &'a Path,
    /// How many times slower than usual this machine is.
    pub(crate) slowness: f64,
}

impl Guest {
    /// Starts the machine and waits until QEMU has connected both sockets.
    pub(crate) fn start(start: &Start<'_>) -> Result<Self, StartError> {
        let folder = private_folder()?;
        let path = |name: &str| folder.path().join(name);
        let (serial, qmp) = (listen(&path("serial"))?, listen(&path("qmp"))?);
        let log = prepare(start.serial_log, new_log(start.serial_log))?;
        let mut child = spawn(start, folder.path())?;
        let pace = Pace::begin(child.id(), start.slowness);
        let connected = connect(&serial, &mut child, &pace).and_then(|serial| {
            let qmp = Qmp::negotiate(connect(&qmp, &mut child, &pace)?)?;
            Ok((Serial::new(serial, log), qmp))
        });
        match connected {
            Ok((serial, qmp)) => Ok(Self { serial, qmp, pace, child, folder }),
            Err(error) => {
                end(&mut child);
                Err(StartError::Qemu { said: said(folder.path(), &error) })
            }
        }
    }

    /// Whether QEMU has ended.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What QEMU said at its end, if it broke down rather than being shut by the guest.
    pub(crate) fn breakdown(&mut self) -> Option<String> {
        // The sockets close a moment before the process has ended.
        for _ in 0..20 {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return None,
                Ok(Some(status)) => {
                    let error = Error::other(format!("it ended with {status}"));
                    return Some(said(self.folder.path(), &error));
                }
                _ => sleep(Duration::from_millis(50)),
            }
        }
        None
    }

    /// What the firmware told its debug port so far.
    pub(crate) fn firmware_log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join(FIRMWARE_LOG)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits up to `wait` for QEMU to end by itself, then ends it.
    pub(crate) fn stop(mut self, wait: Duration) {
        let deadline = Instant::now() + wait;
        while Instant::now() < deadline && !self.ended() {
            // Reading keeps a guest that still writes from waiting for us.
            let _ = self.serial.read(Duration::from_millis(100));
        }
        if !self.ended() {
            // Dropping kills it if this fails.
            let _ = self.qmp.quit();
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

const FIRMWARE_LOG: &str = "firmware.log";
const STDERR: &str = "stderr";

/// Makes a folder that is nobody else's, whatever the umask is: who can connect to what lies there has the machine.
/// A socket's path is at most 107 bytes long, so the folder may not lie deep.
pub(crate) fn private_folder() -> Result<TempDir, StartError> {
    let long = std::env::temp_dir().as_os_str().len() > 60;
    let parent = if long { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    let mut builder = tempfile::Builder::new();
    builder.prefix("isoplug-vm-").permissions(Permissions::from_mode(0o700));
    prepare(&parent, builder.tempdir_in(&parent))
}

/// Makes the log of this start: one that is there may be written to by another test, and is left to it.
pub(crate) fn new_log(path: &Path) -> Result<File, Error> {
    loop {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match File::create_new(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

fn prepare<T>(path: &Path, result: Result<T, Error>) -> Result<T, StartError> {
    result.map_err(|source| StartError::Prepare { path: path.to_owned(), source })
}

fn listen(path: &Path) -> Result<UnixListener, StartError> {
    let listener = prepare(path, UnixListener::bind(path))?;
    prepare(path, listener.set_nonblocking(true))?;
    Ok(listener)
}

fn spawn(start: &Start<'_>, folder: &Path) -> Result<Child, StartError> {
    let Start { host, machine, iso, accelerator, credentials, serial_log: _, slowness: _ } = *start;
    let parts = Parts {
        qemu: host.qemu(machine.arch)?,
        iso,
        firmware: with_own_variables(host.firmware(machine.arch, machine.firmware)?, folder)?,
        accelerator,
        ports: Ports::Sockets {
            serial: &folder.join("serial"),
            qmp: &folder.join("qmp"),
            firmware_log: &folder.join(FIRMWARE_LOG),
        },
        credentials,
    };
    let stderr = folder.join(STDERR);
    let stderr = prepare(&stderr, File::create(&stderr))?;
    let mut command = CommandLine::new(machine, &parts).command();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    prepare(&parts.qemu, command.spawn())
}

/// Copies the variable store's template into `folder`, so that each start has a fresh one.
pub(crate) fn with_own_variables(
    files: Option<FirmwareFiles>,
    folder: &Path,
) -> Result<Option<FirmwareFiles>, StartError> {
    let Some(mut files) = files else { return Ok(None) };
    let own = folder.join("variables");
    let bytes = prepare(&files.variables, std::fs::read(&files.variables))?;
    prepare(&own, std::fs::write(&own, bytes))?;
    files.variables = own;
    Ok(Some(files))
}

fn connect(listener: &UnixListener, child: &mut Child, pace: &Pace) -> Result<UnixStream, Error> {
    while pace.usual() < Duration::from_secs(30) && pace.wall() < Duration::from_secs(300) {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if let Some(status) = child.try_wait()? {
            return Err(Error::other(status.to_string()));
        }
        sleep(Duration::from_millis(10));
    }
    Err(Error::from(ErrorKind::TimedOut))
}

fn said(folder: &Path, error: &Error) -> String {
    let stderr = std::fs::read_to_string(folder.join(STDERR)).unwrap_or_default();
    let stderr = stderr.trim();
    if stderr.is_empty() { error.to_string() } else { stderr.to_owned() }
}

fn end(child: &mut Child) {
    // Both fail only if it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_reaches_a_machine() {
        let folder = private_folder().unwrap();
        let mode = std::fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
