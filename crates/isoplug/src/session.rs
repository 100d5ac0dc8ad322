//! One run of the command: its options, its streams and what it takes from the environment.
//!
//! The only place that reads environment variables and prints.

use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use clap::ColorChoice;
use isoplug_engine::{CancelToken, Guard, Reporter, Store, StoreOptions};
use isoplug_fetch::Authorities;
use isoplug_manifest::Diagnostics;
use isoplug_manifest::plain::{self, shown};
use isoplug_packages::mirrors::Mirrors;
use isoplug_sandbox as sandbox;

use crate::cli::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{diagnostics, interrupt, progress};

/// Where systems keep the certificates of the authorities that they believe: Debian and its kin,
/// Fedora and its kin, openSUSE.
const AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// What the commands share.
pub(crate) struct Session {
    pub(crate) global: Global,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) cancel: CancelToken,
    /// Keeps what the run finds in the store there until it ends.
    kept: OnceLock<Guard>,
    /// The command that runs, if it only looks.
    local: Option<&'static str>,
    /// Why data did not reach standard output, the first time.
    unwritten: OnceLock<io::Error>,
}

impl Session {
    /// Begins a run.
    pub(crate) fn new(global: Global, local: Option<&'static str>) -> Self {
        let reporter = Arc::from(progress::reporter(&global));
        let (kept, unwritten) = (OnceLock::new(), OnceLock::new());
        Self { global, reporter, cancel: interrupt::token(), kept, local, unwritten }
    }

    /// Returns what was typed for a command that only looks.
    pub(crate) fn only_looks(&self) -> Option<&'static str> {
        self.local
    }

    /// Says why this run uses no network, if so.
    pub(crate) fn offline(&self) -> Option<String> {
        match self.local {
            _ if self.global.offline => Some("--offline is set".to_owned()),
            local => local.map(|command| format!("`isoplug {command}` does not use the network")),
        }
    }

    /// Prints data on standard output; a closed pipe ends the output quietly.
    pub(crate) fn out(&self, text: &str) {
        let text = if io::stdout().is_terminal() { shown(text) } else { text.into() };
        let written = writeln!(std::io::stdout().lock(), "{}", text.trim_end_matches('\n'));
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // Only the first is told of.
            drop(self.unwritten.set(error));
        }
    }

    /// Fails if data did not reach standard output.
    pub(crate) fn written(&self) -> Result<(), Failure> {
        let failure = Failure::new(Exit::Failed, "cannot write to standard output");
        self.unwritten.get().map_or(Ok(()), |error| Err(failure.because(error)))
    }

    /// Prints a line for people on standard error, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.global.quiet && !self.global.json {
            let _ = writeln!(std::io::stderr().lock(), "{}", shown(text));
        }
    }

    /// Prints a line for people who asked for all that is said.
    pub(crate) fn detail(&self, text: &str) {
        if self.global.verbose {
            self.note(text);
        }
    }

    /// Draws warnings on standard error.
    pub(crate) fn warn(&self, warnings: &Diagnostics) {
        if self.global.json {
            for warning in &warnings.list {
                let text = warning.plain(&warnings.texts);
                print_json(&serde_json::json!({ "event": "warning", "message": text }));
            }
        } else if !self.global.quiet {
            let drawn = diagnostics::draw(warnings, self.colored());
            let _ = write!(std::io::stderr().lock(), "{drawn}");
        }
    }

    /// Reports why the run failed and returns its exit code.
    pub(crate) fn fail(&self, failure: &Failure) -> Exit {
        let failure = if self.cancel.is_cancelled() && failure.exit == Exit::Failed {
            &Failure::new(Exit::Interrupted, "stopped; what was finished is kept")
        } else {
            failure
        };
        if self.global.json {
            print_json(&failure.to_json());
        } else {
            let drawn = diagnostics::draw(&failure.diagnostics, self.colored());
            let _ = write!(std::io::stderr().lock(), "{drawn}{}", shown(&failure.text()));
        }
        failure.exit
    }

    /// Opens the store.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        let folder = self.store_folder()?;
        let cleaner = |folder: &Path| {
            sandbox::clean(folder).map_err(io::Error::other)?;
            std::fs::remove_dir(folder)
        };
        let options = StoreOptions { cleaner };
        Store::open_with(&folder, options).map_err(|error| {
            let failure = match &error {
                isoplug_engine::Error::NotAStore { reason, .. } => {
                    let message =
                        format!("cannot keep the store in {}: {reason}", folder.display());
                    Failure::new(Exit::Failed, message)
                }
                _ => {
                    let message = format!("cannot use the store {}", folder.display());
                    Failure::new(Exit::Failed, message).because(&error)
                }
            };
            failure.hint("name another folder with --store DIR or ISOPLUG_STORE")
        })
    }

    /// Returns a folder of the store for files that any run can make again.
    pub(crate) fn cache_dir(&self, name: &str) -> Result<PathBuf, Failure> {
        self.store()?.cache_dir(name).map_err(|error| unusable(&error))
    }

    /// Returns how stages are run.
    pub(crate) fn run_options(&self) -> isoplug_engine::Options<'_> {
        isoplug_engine::Options {
            threads: self.threads(),
            reporter: &*self.reporter,
            cancel: self.cancel.clone(),
            ..isoplug_engine::Options::default()
        }
    }

    /// Keeps `cache gc` of other runs away until this one ends: what it finds in the store, or puts
    /// there, is needed later.
    pub(crate) fn keep_gc_away(&self) -> Result<(), Failure> {
        if self.kept.get().is_none() {
            let guard = self.store()?.share().map_err(|error| unusable(&error))?;
            // Another thread may have been faster; one guard is enough.
            drop(self.kept.set(guard));
        }
        Ok(())
    }

    /// Returns the store if there is one already.
    pub(crate) fn store_that_is_there(&self) -> Option<Store> {
        self.store_folder().ok().filter(|folder| folder.is_dir())?;
        self.store().ok()
    }

    fn store_folder(&self) -> Result<PathBuf, Failure> {
        let named = self.global.store.clone().or_else(|| env_path("ISOPLUG_STORE"));
        if let Some(folder) = named {
            return Ok(folder);
        }
        let cache = env_path("XDG_CACHE_HOME").or_else(|| Some(env_path("HOME")?.join(".cache")));
        cache.map(|cache| cache.join("isoplug")).ok_or_else(|| {
            Failure::new(Exit::Manifest, "there is no home folder to keep the store in")
                .hint("name a folder with --store DIR or ISOPLUG_STORE")
        })
    }

    /// Returns where packages may come from, besides the mirrors that the manifest names.
    pub(crate) fn mirrors(&self) -> Mirrors {
        let named = self.global.mirror.clone().or_else(|| env_text("ISOPLUG_MIRROR"));
        let service = self.global.snapshot_service.clone();
        Mirrors::new(named).with_snapshot_service(service).with_host_configuration()
    }

    /// Returns `SOURCE_DATE_EPOCH` when it is set to a number.
    pub(crate) fn source_date_epoch(&self) -> Option<u64> {
        env_text("SOURCE_DATE_EPOCH")?.trim().parse().ok()
    }

    /// Returns how many threads may compress and hash.
    pub(crate) fn threads(&self) -> usize {
        self.global.threads.filter(|&threads| threads > 0).unwrap_or_else(processors)
    }

    /// Returns the user's configuration file: `$ISOPLUG_CONFIG`, else in the configuration folder.
    pub(crate) fn configuration(&self) -> Option<PathBuf> {
        env_path("ISOPLUG_CONFIG").or_else(|| {
            let folder =
                env_path("XDG_CONFIG_HOME").or_else(|| Some(env_path("HOME")?.join(".config")));
            Some(folder?.join("isoplug/config.toml"))
        })
    }

    /// Returns the folder for what the command remembers.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let state = env_path("XDG_STATE_HOME");
        let state = state.or_else(|| Some(env_path("HOME")?.join(".local/state")));
        state.map(|state| state.join("isoplug"))
    }

    /// Returns where credentials of registries may be, the first that names one counts.
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        let docker = env_path("DOCKER_CONFIG").or_else(|| Some(env_path("HOME")?.join(".docker")));
        let files = [
            env_path("REGISTRY_AUTH_FILE"),
            env_path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
            docker.map(|folder| folder.join("config.json")),
        ];
        files.into_iter().flatten().collect()
    }

    /// Returns who may vouch for a server: those of `$SSL_CERT_FILE`, else this machine's, else the
    /// built-in ones.
    pub(crate) fn authorities(&self) -> Authorities {
        let of_machine = || AUTHORITIES.iter().map(PathBuf::from).find(|path| path.is_file());
        let file = env_path("SSL_CERT_FILE").or_else(of_machine);
        file.map_or(Authorities::BuiltIn, Authorities::File)
    }

    /// Asks a yes-or-no question on a terminal; `None` where nobody can be asked. Fails when
    /// Ctrl-C comes in place of an answer.
    pub(crate) fn ask(&self, question: &str) -> Result<Option<bool>, Failure> {
        let is_seen = io::stdin().is_terminal() && io::stderr().is_terminal();
        if !is_seen || self.global.json {
            return Ok(None);
        }
        let _ = write!(io::stderr().lock(), "{} [y/N] ", shown(question));
        let typed = self.typed();
        if typed.as_ref().is_none_or(|line| !line.ends_with('\n')) {
            // The terminal is still on the question's line.
            let _ = writeln!(io::stderr().lock());
        }
        match typed {
            Some(line) => Ok(Some(["y", "yes"].contains(&line.trim().to_lowercase().as_str()))),
            None => Err(Failure::new(Exit::Interrupted, "stopped before an answer")),
        }
    }

    /// Waits for a line or Ctrl-C, which does not end the reading by itself.
    fn typed(&self) -> Option<String> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            // Nobody listens any more after Ctrl-C.
            let _ = sender.send(read.map_or_else(|_| String::new(), |_| line));
        });
        while !self.cancel.is_cancelled() {
            if let Ok(line) = receiver.recv_timeout(Duration::from_millis(50)) {
                return Some(line);
            }
        }
        None
    }

    /// Returns the password of a secret key, if one is set.
    pub(crate) fn key_password(&self) -> Option<String> {
        env_text("ISOPLUG_KEY_PASSWORD")
    }

    fn colored(&self) -> bool {
        match self.global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::io::stderr().is_terminal() && env_text("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        }
    }
}

/// Prints a line of JSON, in which what others wrote stands escaped.
pub(crate) fn print_json(line: &serde_json::Value) {
    // A closed pipe must not stop the run.
    let _ = writeln!(std::io::stderr().lock(), "{}", plain::escaped(&line.to_string()));
}

/// Returns the bytes of a secret that the manifest says is in this environment variable.
#[expect(clippy::disallowed_methods, reason = "the command's environment is an argument")]
pub(crate) fn secret(name: &str) -> Option<Vec<u8>> {
    std::env::var_os(name).map(std::os::unix::ffi::OsStringExt::into_vec)
}

/// Returns what programs must know of the caller's terminal.
pub(crate) fn terminal_type() -> String {
    env_text("TERM").unwrap_or_else(|| "dumb".to_owned())
}

fn unusable(error: &isoplug_engine::Error) -> Failure {
    Failure::new(Exit::Failed, "the store cannot be used").because(error)
}

#[expect(clippy::disallowed_methods, reason = "the command's environment is an argument")]
fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the command's environment is an argument")]
fn env_text(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns how many processors this process may use.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
