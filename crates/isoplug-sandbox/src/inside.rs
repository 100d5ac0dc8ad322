//! The inside of a sandbox, as the installation of packages sees it: the tree, what lies beside
//! it, and its programs.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::Sender;

use isoplug_formats::tree::pack::Packs;
use isoplug_formats::tree::{PackId, Tree, lay};

use super::confine::Starter;
use super::given::Given;
use super::guard::Guard;
use super::job::{Failure, HOST, Job, Text};
use super::known::{self, Known};
use super::mounts::{Mounts, SIGNS};
use super::room::WORK;
use super::rooted::Rooted;
use super::rooted::still::Still;
use super::{Command, apart, hex};

/// The tree's folder, below [`WORK`].
const ROOT: &str = "/work/root";

/// See the module.
pub struct Inside<'a> {
    job: &'a Job,
    given: &'a Given,
    in_memory: bool,
    mounts: OnceLock<Mounts>,
    terminal: Option<File>,
    changed: Option<File>,
}

impl<'a> Inside<'a> {
    /// `in_memory`: its folder lies there.
    pub(super) fn new(job: &'a Job, given: &'a Given, in_memory: bool) -> Result<Self, Failure> {
        let terminal = job.terminal.as_ref().map(|path| take_terminal(given, path));
        let terminal = terminal.transpose().map_err(Failure::of("take its terminal"))?;
        let changed = job.changed.as_ref().map(|path| given.open(path)).transpose();
        let changed = changed.map_err(Failure::of("open what is to be changed"))?;
        let mounts = OnceLock::new();
        let inside = Self { job, given, in_memory, mounts, terminal, changed };
        let work = Rooted::new(Path::new(WORK));
        for folder in ["packages", "files", SIGNS] {
            work.make_folder(folder).map_err(Failure::of("make its folder"))?;
        }
        // Where the signs are shown.
        inside.packages().make_folder(SIGNS).map_err(Failure::of("make its folder"))?;
        Ok(inside)
    }

    /// Returns the folder that is the root folder of programs. Nothing is mounted in it before the
    /// first [`Inside::run`].
    pub fn root(&self) -> &'static Path {
        Path::new(ROOT)
    }

    /// Returns the tree.
    pub fn tree(&self) -> Rooted {
        Rooted::new(self.root())
    }

    /// Returns the folder of packages, which programs see as `/run/isoplug` and cannot change.
    pub fn packages(&self) -> Rooted {
        Rooted::new(&Path::new(WORK).join("packages"))
    }

    /// Returns the folder of signs, of which programs may take some away; they see it below that
    /// of packages, as `depmod`.
    pub fn signs(&self) -> Rooted {
        Rooted::new(&Path::new(WORK).join(SIGNS))
    }

    /// Returns the job's epoch, in seconds since 1970.
    pub fn epoch(&self) -> u64 {
        self.job.epoch
    }

    /// Returns the name of the machine that programs see.
    pub fn host(&self) -> &str {
        if self.job.host.is_empty() { HOST } else { &self.job.host }
    }

    /// Opens a file of the build machine that the job names.
    ///
    /// # Errors
    ///
    /// When the machine's file cannot be opened.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        self.given.open(path)
    }

    /// Makes a file beside the tree, to be shown to programs in place of another.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn file(&self, name: &str, mode: u32, text: &str) -> Result<PathBuf, Failure> {
        let text = Text { mode, text: text.to_owned(), append: false };
        text.make(&Path::new(WORK).join("files"), name)
    }

    /// Writes a file of the tree, whose folder is there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, path: &str, mode: u32, text: &str) -> Result<(), Failure> {
        let text = Text { mode, text: text.to_owned(), append: false };
        self.tree().write(path, &text).map_err(Failure::of(format!("write {path}")))
    }

    /// Returns the text of a file of the tree.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn text(&self, path: &str) -> Result<String, Failure> {
        self.tree().text(path).map_err(Failure::of(format!("read {path}")))
    }

    /// Removes a file of the tree.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be removed.
    pub fn remove(&self, path: &str) -> Result<(), Failure> {
        self.tree().remove(path).map_err(Failure::of(format!("remove {path}")))
    }

    /// Runs a program of the tree to its end; then nothing that it started runs any more.
    ///
    /// # Errors
    ///
    /// When the program cannot be started, or fails.
    pub fn run(&self, command: &Command) -> Result<(), Failure> {
        self.run_beside(command, &[], || {})
    }

    /// Runs a program to its end, and at the same time others, one after the other; `ended` is
    /// called after those. The program's failure counts before theirs.
    ///
    /// # Errors
    ///
    /// When the program cannot be started, or fails.
    pub fn run_beside(
        &self,
        command: &Command,
        others: &[Command],
        ended: impl FnOnce() + Send,
    ) -> Result<(), Failure> {
        self.mount()?;
        let starter = self.starter();
        let guard = Guard { limits: &self.job.limits, in_memory: self.in_memory };
        let (over, done, others) = std::thread::scope(|scope| {
            let (running, until) = std::sync::mpsc::channel();
            let guarded = scope.spawn(|| guard.watch(&{ until }));
            let others = scope.spawn(|| {
                let done = others.iter().try_for_each(|other| starter.run(other));
                ended();
                done
            });
            let (done, others) = (starter.run(command), others.join());
            drop::<Sender<()>>(running);
            (guarded.join().ok().flatten(), done, others)
        });
        // What it left says why it failed.
        let over = over.or_else(|| done.as_ref().err().and_then(|_| guard.left()));
        end_all();
        over.map_or(Ok(()), |over| Err(Failure::Limit(over)))?;
        done?;
        others.unwrap_or_else(|_| Err(Failure::of("run programs")("a thread failed")))
    }

    fn starter(&self) -> Starter<'_> {
        let (root, epoch) = (self.root(), self.job.epoch);
        let (terminal, changed) = (self.terminal.as_ref(), self.changed.as_ref());
        Starter { root, epoch, terminal, changed }
    }

    fn mount(&self) -> Result<(), Failure> {
        if self.mounts.get().is_none() {
            let [packages, signs] = ["packages", SIGNS].map(|name| Path::new(WORK).join(name));
            _ = self.mounts.set(Mounts::new(self.root(), &packages, &signs)?);
        }
        Ok(())
    }

    pub(super) fn lay_down(&self, tree: &Tree) -> Result<Known, Failure> {
        if tree.entries.is_empty() {
            return Ok(Known::default());
        }
        let packs =
            Packs::open(tree, |id| self.open_pack(id)).map_err(Failure::of("open packs"))?;
        match lay::lay(tree, &packs, self.root()) {
            // The kernel makes them when the image runs; the scan's end puts them back.
            Ok(()) | Err(lay::Error::Devices { .. }) => {}
            Err(error) => return Err(Failure::of("lay down the parent tree")(error)),
        }
        let known = known::traces(self.root(), self.in_memory)
            .and_then(|traces| Known::new(tree, self.root(), traces))
            .map_err(Failure::of("look at the parent tree"))?;
        // Longer than the granularity of change times, so that a later change shows.
        std::thread::sleep(std::time::Duration::from_millis(12));
        Ok(known)
    }

    fn open_pack(&self, id: &PackId) -> io::Result<File> {
        let path = self.job.packs.get(&hex(id)).ok_or(io::ErrorKind::NotFound)?;
        self.open(path)
    }

    pub(super) fn write_files(&self) -> Result<(), Failure> {
        for (path, file) in &self.job.write {
            let written = self.tree().write(path, file);
            written.map_err(Failure::of(format!("write {path}")))?;
        }
        Ok(())
    }

    /// Copies out what the job wants. No program runs.
    pub(super) fn collect(&self) -> Result<(), Failure> {
        for (path, into) in &self.job.collect {
            let copied = self.tree().file(path).and_then(|mut from| {
                io::copy(&mut from, &mut self.open(into)?)?;
                Ok(())
            });
            copied.map_err(Failure::of(format!("take {path}")))?;
        }
        Ok(())
    }

    /// Ends the use of programs and returns the tree to be looked at.
    pub(super) fn still(self) -> Still<'static> {
        drop(self.mounts);
        Still(Path::new(ROOT))
    }
}

fn take_terminal(given: &Given, path: &Path) -> io::Result<File> {
    let terminal = given.open(path)?;
    apart::take_terminal(&terminal)?;
    Ok(terminal)
}

/// Ends everything but this process, and waits until it has ended.
fn end_all() {
    let all = nix::unistd::Pid::from_raw(-1);
    // There may be nothing.
    _ = nix::sys::signal::kill(all, nix::sys::signal::SIGKILL);
    // Whoever loses its parent becomes a child of process 1.
    while rustix::process::wait(rustix::process::WaitOptions::empty()).is_ok() {}
}
