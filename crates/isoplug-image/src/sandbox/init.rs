//! Process 1 of a sandbox: lays the parent tree down, installs packages, runs programs, reads the
//! result.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use isoplug_formats::tree::pack::{PackWriter, Packs};
use isoplug_formats::tree::{PackId, Tree, lay};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{Resource, Rlimit, Signal};

use super::job::{Answer, Failure, Job, Keep, Kept, Text};
use super::known::Known;
use super::mounts::Mounts;
use super::rooted::Rooted;
use super::scan::Scan;
use super::{ARGUMENT, Command, apart, clean, command, enter, foreign, memory};
use crate::dpkg;

/// Plays the role. The answer says how it went.
pub(super) fn main() -> u8 {
    apart::keep_descriptors_back();
    match prepare().and_then(|job| work(&job)) {
        Ok(kept) => Answer::Done(kept).send(),
        Err(failure) => Answer::Failed(failure).send(),
    }
    0
}

fn prepare() -> Result<Job, Failure> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Failure::of("ask for the death signal"))?;
    rustix::system::sethostname(b"isoplug").map_err(Failure::of("set the host name"))?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    set_limits().map_err(Failure::of("set limits"))?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Failure::of("read its job"))?;
    let job: Job = serde_json::from_str(&line).map_err(Failure::of("read its job"))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.threads.max(1));
    pool.build_global().map_err(Failure::of("start threads"))?;
    Ok(job)
}

/// Programs that close every possible file one by one must not take the machine's limit as theirs.
fn set_limits() -> rustix::io::Result<()> {
    let most = rustix::process::getrlimit(Resource::Nofile).maximum;
    let files = most.unwrap_or(4096).min(4096);
    let limit = Rlimit { current: Some(files.min(1024)), maximum: Some(files) };
    rustix::process::setrlimit(Resource::Nofile, limit)?;
    rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
}

fn work(job: &Job) -> Result<Kept, Failure> {
    let parent = read_parent(job)?;
    let inside = Inside::new(job, parent.as_ref())?;
    let parent = parent.unwrap_or_default();
    let known = inside.lay_down(&parent)?;
    inside.write_files()?;
    if let Some(install) = &job.install {
        dpkg::install(&inside, install)?;
    }
    for command in &job.run {
        inside.run(command)?;
    }
    let Inside { root, mounts, start, in_memory, .. } = inside;
    drop(mounts);
    collect(job, &root)?;
    let kept = job.keep.as_ref().map(|keep| {
        let scan = Scan { folder: &root, known: &known, epoch: job.epoch, start };
        keep_tree(&scan, &parent, keep)
    });
    if !in_memory {
        clean::empty(&job.folder).map_err(Failure::of("remove its folder"))?;
    }
    kept.unwrap_or_else(|| Ok(Kept::default()))
}

fn read_parent(job: &Job) -> Result<Option<Tree>, Failure> {
    let Some(parent) = &job.parent else { return Ok(None) };
    let bytes = std::fs::read(parent).map_err(Failure::of("read the parent tree"))?;
    Tree::from_bytes(&bytes).map(Some).map_err(Failure::of("read the parent tree"))
}

/// The inside of a sandbox, as the installation of packages sees it.
pub struct Inside<'a> {
    job: &'a Job,
    root: PathBuf,
    mounts: OnceCell<Mounts>,
    start: i64,
    in_memory: bool,
}

impl<'a> Inside<'a> {
    fn new(job: &'a Job, parent: Option<&Tree>) -> Result<Self, Failure> {
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private).map_err(Failure::of("keep its mounts private"))?;
        let in_memory = memory::work_in_memory(job, parent).map_err(Failure::of("use memory"))?;
        let (root, mounts) = (job.folder.join("root"), OnceCell::new());
        let inside = Self { job, root, mounts, start: now(), in_memory };
        for folder in ["packages", "files", "processors"] {
            let made = std::fs::create_dir(job.folder.join(folder));
            made.map_err(Failure::of("make its folder"))?;
        }
        inside.file("empty", 0o444, "")?;
        Ok(inside)
    }

    /// Returns the folder that is the root folder of programs. Nothing is mounted in it before the
    /// first [`Inside::run`].
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of packages, which programs see as `/run/isoplug`.
    pub fn packages(&self) -> PathBuf {
        self.job.folder.join("packages")
    }

    /// Returns the job's epoch, in seconds since 1970.
    pub fn epoch(&self) -> u64 {
        self.job.epoch
    }

    /// Makes a file beside the tree, to be shown to programs in place of another.
    pub fn file(&self, name: &str, mode: u32, text: &str) -> Result<PathBuf, Failure> {
        let folder = self.job.folder.join("files");
        Rooted::new(&folder)
            .write(name, &Text { mode, text: text.to_owned(), append: false })
            .map_err(Failure::of(format!("write {name}")))?;
        Ok(folder.join(name))
    }

    /// Writes a file of the tree, whose folder is there.
    pub fn write(&self, path: &str, mode: u32, text: &str) -> Result<(), Failure> {
        let text = Text { mode, text: text.to_owned(), append: false };
        Rooted::new(&self.root).write(path, &text).map_err(Failure::of(format!("write {path}")))
    }

    /// Returns the text of a file of the tree.
    pub fn text(&self, path: &str) -> Result<String, Failure> {
        Rooted::new(&self.root).text(path).map_err(Failure::of(format!("read {path}")))
    }

    /// Removes a file of the tree.
    pub fn remove(&self, path: &str) -> Result<(), Failure> {
        Rooted::new(&self.root).remove(path).map_err(Failure::of(format!("remove {path}")))
    }

    /// Runs a program of the tree to its end; then nothing that it started runs any more.
    pub fn run(&self, command: &Command) -> Result<(), Failure> {
        self.run_beside(command, &[], || {})
    }

    /// Runs a program to its end, and at the same time others, one after the other; `ended` is
    /// called after those. The program's failure counts before theirs.
    pub fn run_beside(
        &self,
        command: &Command,
        others: &[Command],
        ended: impl FnOnce() + Send,
    ) -> Result<(), Failure> {
        self.mount()?;
        let starter = Starter { root: &self.root, epoch: self.job.epoch };
        let (done, others) = std::thread::scope(|scope| {
            let others = scope.spawn(|| {
                let done = others.iter().try_for_each(|other| starter.run(other));
                ended();
                done
            });
            (starter.run(command), others.join())
        });
        // Everything but this process; there may be nothing.
        _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(-1), nix::sys::signal::SIGKILL);
        done?;
        others.unwrap_or_else(|_| Err(Failure::of("run programs")("a thread failed")))
    }

    fn mount(&self) -> Result<(), Failure> {
        if self.mounts.get().is_none() {
            let empty = self.job.folder.join("files/empty");
            foreign::run_foreign(&self.job.arch, &self.job.folder.join("processors"))?;
            let mounts = Mounts::new(&self.root, &self.packages(), &empty)?;
            _ = self.mounts.set(mounts);
        }
        Ok(())
    }

    fn lay_down(&self, tree: &Tree) -> Result<Known, Failure> {
        if tree.entries.is_empty() {
            return Ok(Known::default());
        }
        let packs =
            Packs::open(tree, |id| self.open_pack(id)).map_err(Failure::of("open packs"))?;
        match lay::lay(tree, &packs, &self.root) {
            // The kernel makes them when the image runs; the scan's end puts them back.
            Ok(()) | Err(lay::Error::Devices { .. }) => {}
            Err(error) => return Err(Failure::of("lay down the parent tree")(error)),
        }
        let known = Known::new(tree, &self.root).map_err(Failure::of("look at the parent tree"))?;
        // Longer than the granularity of change times, so that a later change shows.
        std::thread::sleep(std::time::Duration::from_millis(12));
        Ok(known)
    }

    fn open_pack(&self, id: &PackId) -> std::io::Result<File> {
        let path = self.job.packs.get(&hex(id)).ok_or(std::io::ErrorKind::NotFound)?;
        File::open(path)
    }

    fn write_files(&self) -> Result<(), Failure> {
        for (path, file) in &self.job.write {
            let written = Rooted::new(&self.root).write(path, file);
            written.map_err(Failure::of(format!("write {path}")))?;
        }
        Ok(())
    }
}

/// Starts programs in the root folder; mounts are made.
struct Starter<'a> {
    root: &'a Path,
    epoch: u64,
}

impl Starter<'_> {
    fn run(&self, command: &Command) -> Result<(), Failure> {
        let status =
            self.status(command).map_err(Failure::of(format!("run {}", command.title())))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Command { command: command.title(), status: status.to_string() })
    }

    fn status(&self, command: &Command) -> std::io::Result<std::process::ExitStatus> {
        let mut environment = command::environment(self.epoch);
        environment.extend(command.environment.iter().cloned());
        let entry = enter::Entry {
            root: self.root.to_path_buf(),
            binds: command.binds.clone(),
            arguments: command.arguments.clone(),
            environment,
        };
        let lines = std::io::stderr().as_fd().try_clone_to_owned()?;
        std::process::Command::new("/proc/self/exe")
            .args([ARGUMENT, "enter", &serde_json::to_string(&entry)?])
            .stdin(Stdio::null())
            .stdout(lines)
            .status()
    }
}

fn collect(job: &Job, root: &Path) -> Result<(), Failure> {
    for (path, into) in &job.collect {
        let copied = Rooted::new(root).file(path).and_then(|from| copy(from, into));
        copied.map_err(Failure::of(format!("take {path}")))?;
    }
    Ok(())
}

/// Copies into a file that exists, so that it stays the file that others have open.
fn copy(mut from: File, into: &Path) -> std::io::Result<()> {
    let mut into = std::fs::OpenOptions::new().write(true).truncate(true).open(into)?;
    std::io::copy(&mut from, &mut into).map(|_| ())
}

fn keep_tree(scan: &Scan, parent: &Tree, keep: &Keep) -> Result<Kept, Failure> {
    let open = |path: &Path| std::fs::OpenOptions::new().write(true).truncate(true).open(path);
    let pack = open(&keep.pack).map_err(Failure::of("open the pack"))?;
    let pack = PackWriter::new(BufWriter::with_capacity(1 << 20, pack));
    let (mut tree, id, _) = scan.tree(pack).map_err(Failure::of("read the tree"))?;
    keep_devices(parent, &mut tree);
    open(&keep.tree)
        .and_then(|mut file| file.write_all(&tree.to_bytes()))
        .map_err(Failure::of("write the tree"))?;
    Ok(Kept { pack: tree.packs().contains(&id).then(|| hex(&id)) })
}

/// Puts back the devices of the parent, which could not be laid down.
fn keep_devices(parent: &Tree, tree: &mut Tree) {
    use isoplug_formats::tree::Kind::{BlockDevice, CharDevice};
    for (path, entry) in &parent.entries {
        let is_device = matches!(entry.kind, CharDevice(..) | BlockDevice(..));
        if is_device && !tree.entries.contains_key(path) {
            tree.insert(path.clone(), entry.clone());
        }
    }
}

fn hex(id: &PackId) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::disallowed_methods, reason = "tells the files that are made here from others")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
