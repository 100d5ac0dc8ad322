//! What a running stage can see and do: its declared inputs, new blobs, a scratch folder, progress.
//!
//! Offers no clock, no environment and no network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::run::Cancel;
use crate::run::cpu::Reading;
use crate::{Artifact, ArtifactId, Digest, Error, Event, NewBlob, Output, Reporter, Store, Unit};

/// Progress events of one stage come no faster than this.
const PROGRESS_GAP: Duration = Duration::from_millis(50);

/// What a stage gets to run with.
pub struct Context<'a> {
    pub(crate) store: &'a Store,
    pub(crate) title: &'a str,
    pub(crate) inputs: BTreeMap<ArtifactId, Output>,
    /// The stage's own outputs.
    pub(crate) slots: BTreeSet<ArtifactId>,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) cancel: &'a Cancel,
    pub(crate) threads: usize,
    pub(crate) log_path: PathBuf,
    pub(crate) work: Work,
    pub(crate) reading: Reading<'a>,
}

/// What the stage did so far.
#[derive(Default)]
pub(crate) struct Work {
    log: Mutex<Option<File>>,
    finished: Mutex<BTreeMap<ArtifactId, Output>>,
    put: Mutex<BTreeSet<Digest>>,
    scratch: Mutex<Vec<PathBuf>>,
    last_progress: Mutex<Option<Instant>>,
    told: Mutex<Vec<String>>,
}

impl Context<'_> {
    /// The immutable file of an input. Fails if `key` did not show it.
    ///
    /// # Errors
    ///
    /// When `key` did not show it, or its blob is gone from the store.
    pub fn path<T>(&self, artifact: Artifact<T>) -> Result<PathBuf, Error> {
        self.present(&self.digest(artifact)?)
    }

    /// The digest of an input. Fails if `key` did not show it.
    ///
    /// # Errors
    ///
    /// When `key` did not show it.
    pub fn digest<T>(&self, artifact: Artifact<T>) -> Result<Digest, Error> {
        Ok(self.input(artifact.id())?.digest)
    }

    /// The blobs that an input refers to, sorted. Fails if `key` did not show it.
    ///
    /// # Errors
    ///
    /// When `key` did not show it.
    pub fn refers<T>(&self, artifact: Artifact<T>) -> Result<Vec<Digest>, Error> {
        Ok(self.input(artifact.id())?.refers.clone())
    }

    /// The file of a blob that a declared input refers to, or that this stage put.
    ///
    /// # Errors
    ///
    /// When no declared input refers to it and this stage did not put it, or it is gone from the store.
    pub fn referred(&self, digest: &Digest) -> Result<PathBuf, Error> {
        let declared = self.inputs.values().any(|input| input.blobs().any(|blob| blob == digest));
        if declared || guard(&self.work.put).contains(digest) {
            return self.present(digest);
        }
        Err(Error::Undeclared { artifact: digest.to_string() })
    }

    /// Makes an empty file that can become a blob; it is removed unless it is put.
    ///
    /// # Errors
    ///
    /// When the store cannot be written to.
    pub fn create(&self) -> Result<NewBlob, Error> {
        self.store.new_blob()
    }

    /// Puts a file into the store; see [`Store::put`] for what `known` promises.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or the store cannot be written to.
    pub fn put(&self, blob: NewBlob, known: Option<Digest>) -> Result<Digest, Error> {
        let digest = self.store.put(blob, known)?;
        guard(&self.work.put).insert(digest);
        Ok(digest)
    }

    /// Takes a blob that the store has already as if this stage had put it; tells whether it is there.
    pub fn adopt(&self, digest: &Digest) -> bool {
        let there = self.store.has(digest);
        if there {
            guard(&self.work.put).insert(*digest);
        }
        there
    }

    /// Says that an output is this blob, which is of no use without those it refers to; the order of
    /// `refers` does not matter. Each output must be finished once.
    ///
    /// # Errors
    ///
    /// When the output is of another stage or is finished already, or a blob is not in the store.
    pub fn finish<T>(
        &self,
        out: Artifact<T>,
        digest: Digest,
        refers: &[Digest],
    ) -> Result<(), Error> {
        let wrong = |reason| Error::WrongOutput { artifact: out.id().name.to_owned(), reason };
        if !self.slots.contains(&out.id()) {
            return Err(wrong("it belongs to another stage"));
        }
        let refers: Vec<Digest> =
            refers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let output = Output { digest, refers };
        if let Some(absent) = output.blobs().find(|blob| !self.store.has(blob)) {
            return Err(Error::Vanished { digest: *absent });
        }
        match guard(&self.work.finished).insert(out.id(), output) {
            None => Ok(()),
            Some(_) => Err(wrong("it is finished already")),
        }
    }

    /// Whether a blob is in the store already.
    pub fn has(&self, digest: &Digest) -> bool {
        self.store.has(digest)
    }

    /// Makes a private empty folder, which is removed after the stage.
    ///
    /// # Errors
    ///
    /// When the store cannot be written to.
    pub fn scratch(&self) -> Result<PathBuf, Error> {
        let folder = self.store.scratch()?;
        guard(&self.work.scratch).push(folder.clone());
        Ok(folder)
    }

    /// Reports how far the stage came; may be called often. `total` is 0 when it is not known.
    pub fn progress(&self, done: u64, total: u64, unit: Unit) {
        let mut last = guard(&self.work.last_progress);
        if done == total || last.is_none_or(|last| last.elapsed() >= PROGRESS_GAP) {
            *last = Some(Instant::now());
            self.reporter.report(&Event::Progress {
                title: self.title.to_owned(),
                done,
                total,
                unit,
            });
        }
    }

    /// Reports what the stage does just now, in words; may be called often, and is not in its log.
    pub fn doing(&self, what: &str) {
        let mut last = guard(&self.work.last_progress);
        if last.is_none_or(|last| last.elapsed() >= PROGRESS_GAP) {
            *last = Some(Instant::now());
            let (title, what) = (self.title.to_owned(), what.to_owned());
            self.reporter.report(&Event::Doing { title, what });
        }
    }

    /// Writes to the stage's log and reports it; each line is one event.
    pub fn log(&self, text: &str) {
        for line in text.lines() {
            self.write_log(line);
            self.reporter
                .report(&Event::Log { title: self.title.to_owned(), line: line.to_owned() });
        }
    }

    /// Warns the user; the log has it too.
    pub fn warn(&self, message: &str) {
        self.write_log(message);
        let (title, message) = (self.title.to_owned(), message.to_owned());
        self.reporter.report(&Event::Warning { title, message });
    }

    /// Says a line that whoever builds must see, now and whenever the outputs are taken from the store.
    pub fn tell(&self, line: &str) {
        self.write_log(line);
        guard(&self.work.told).push(line.to_owned());
        self.reporter.report(&Event::Told { title: self.title.to_owned(), line: line.to_owned() });
    }

    /// Says that the stage only waits for programs of its own until it calls [`Context::spent`].
    pub fn waits(&self) {
        self.reading.waits(true);
    }

    /// Says that programs of the stage ended, and how much CPU time they took.
    pub fn spent(&self, cpu: Duration) {
        self.reading.waits(false);
        self.reading.add(cpu);
    }

    /// Whether the build is to stop: on request, or since another stage failed.
    pub fn cancelled(&self) -> bool {
        self.cancel.is_set()
    }

    /// Fails if the build is to stop; call it in long loops.
    ///
    /// # Errors
    ///
    /// When the build is to stop.
    pub fn check_cancelled(&self) -> Result<(), Error> {
        if self.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// How many threads the stage may keep busy.
    pub fn threads(&self) -> usize {
        self.threads
    }

    fn input(&self, id: ArtifactId) -> Result<&Output, Error> {
        self.inputs.get(&id).ok_or_else(|| Error::Undeclared { artifact: id.name.to_owned() })
    }

    fn present(&self, digest: &Digest) -> Result<PathBuf, Error> {
        if self.store.has(digest) {
            return Ok(self.store.blob_path(digest));
        }
        Err(Error::Vanished { digest: *digest })
    }

    /// Appends to the log file, which begins with the first line. A log that cannot be written fails no stage.
    pub(crate) fn write_log(&self, line: &str) {
        let mut log = guard(&self.work.log);
        if log.is_none() {
            *log = File::create(&self.log_path).ok();
        }
        if let Some(file) = log.as_mut() {
            let _ = writeln!(file, "{line}");
        }
    }

    /// The outputs by name, once the stage ended.
    pub(crate) fn finished(&self) -> Result<BTreeMap<String, Output>, Error> {
        let finished = guard(&self.work.finished);
        let missing = self.slots.iter().filter(|slot| !finished.contains_key(slot));
        let outputs: Vec<String> = missing.map(|slot| slot.name.to_owned()).collect();
        if !outputs.is_empty() {
            return Err(Error::Unfinished { outputs });
        }
        Ok(finished.iter().map(|(id, output)| (id.name.to_owned(), output.clone())).collect())
    }

    /// What the stage told.
    pub(crate) fn told(&self) -> Vec<String> {
        guard(&self.work.told).clone()
    }

    /// Removes the scratch folders.
    pub(crate) fn remove_scratch(&self) -> Result<(), Error> {
        let folders = std::mem::take(&mut *guard(&self.work.scratch));
        folders.iter().try_for_each(|folder| self.store.clean(folder))
    }

    /// Moves the first scratch folder of a failed stage where a person can look at it.
    pub(crate) fn keep_scratch(&self, to: &Path) -> Result<bool, Error> {
        let mut folders = guard(&self.work.scratch);
        if folders.is_empty() {
            return Ok(false);
        }
        if to.exists() {
            self.store.clean(to)?;
        }
        let folder = folders.remove(0);
        fs::rename(&folder, to).map_err(Error::io("keep", &folder))?;
        Ok(true)
    }
}

/// Locks. A thread that panicked while it held the lock left the value whole: no holder changes it in steps.
pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
