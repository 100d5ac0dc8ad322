//! A small tree of this machine's own programs, and sandboxes to run them in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as HostCommand;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::{Entry, Kind, Tree, sorted_names};
use isoplug_sandbox::{Command, Error, Job, Keep, Kept, Limits, Watch};

/// Seconds since 1970.
pub(crate) const EPOCH: u32 = 1_000_000_000;

const PROGRAMS: [&str; 15] = [
    "sh", "cat", "chmod", "chown", "env", "grep", "id", "ln", "ls", "mkdir", "perl", "sleep",
    "sort", "touch", "wc",
];
/// What dpkg looks for before it does anything, and what its scripts call.
const DPKG: [&str; 11] = [
    "dpkg",
    "dpkg-deb",
    "dpkg-split",
    "diff",
    "mv",
    "rm",
    "rmdir",
    "tar",
    "true",
    "start-stop-daemon",
    "ldconfig",
];

/// A folder with a stored tree, and what the last sandbox said.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    lines: Mutex<Vec<String>>,
    /// Whether its sandboxes work on the disk.
    on_disk: bool,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::of(files(&PROGRAMS), &[])
    }

    /// One whose sandboxes work on the disk.
    pub(crate) fn on_disk() -> Self {
        Self { on_disk: true, ..Self::new() }
    }

    /// One that can install packages, has a depmod, and an update-initramfs that fails.
    pub(crate) fn with_dpkg() -> Self {
        let mut files = files(&[&PROGRAMS[..], &DPKG].concat());
        let mut add = |path: &str, text: &str| files.insert(path.to_owned(), text.into());
        add("var/lib/dpkg/status", "");
        add("var/lib/dpkg/info/format", "1\n");
        add("var/lib/dpkg/updates/.keep", "");
        add("usr/bin/.keep", "");
        add("usr/sbin/depmod", "#!/bin/sh\necho depmod of the tree: $1\n");
        add("usr/sbin/update-initramfs", "exit 1");
        Self::of(files, &[])
    }

    /// One whose tree has a link in place of a folder.
    pub(crate) fn with_link(&self, name: &str, target: &str) -> Self {
        Self::of(files(&PROGRAMS), &[(name, target)])
    }

    fn of(files: BTreeMap<String, Vec<u8>>, links: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder, lines: Mutex::default(), on_disk: false };
        for name in ["work", "outside"] {
            fs::create_dir(machine.path(name)).unwrap();
        }
        machine.store(&files, links);
        machine
    }

    /// A folder of the build machine's that no sandbox has to do with.
    pub(crate) fn outside(&self) -> PathBuf {
        self.path("outside")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the tree and its pack.
    fn store(&self, files: &BTreeMap<String, Vec<u8>>, links: &[(&str, &str)]) {
        let mut pack = PackWriter::new(fs::File::create(self.path("parent.pack")).unwrap());
        let pending: Vec<_> =
            files.iter().map(|(p, b)| (p, pack.append(&b[..]).unwrap())).collect();
        let (_, id, finished) = pack.finish().unwrap();
        let mut tree = Tree::default();
        for name in ["proc", "dev", "run", "tmp"] {
            tree.insert(name.as_bytes(), Entry::new(Kind::Directory, 0o755, EPOCH));
        }
        for (name, target) in links {
            let link = Kind::Symlink(target.as_bytes().to_vec());
            tree.insert(name.as_bytes(), Entry::new(link, 0o777, EPOCH));
        }
        for (path, pending) in pending {
            let kind = Kind::File(finished.content(pending));
            tree.insert(path.as_bytes(), Entry::new(kind, 0o755, EPOCH));
        }
        fs::write(self.path("parent.tree"), tree.to_bytes()).unwrap();
        fs::write(self.path("parent.id"), hex(&id)).unwrap();
    }

    /// The stored tree and the id of its pack.
    pub(crate) fn parent(&self) -> (Tree, String) {
        let tree = fs::read(self.path("parent.tree")).unwrap();
        (Tree::from_bytes(&tree).unwrap(), fs::read_to_string(self.path("parent.id")).unwrap())
    }

    /// Runs a script in the tree and returns the tree after it.
    pub(crate) fn run(&self, script: &str) -> Result<(Tree, Kept), Error> {
        self.run_job(Command::new(["sh", "-c", script]), self)
    }

    pub(crate) fn run_watched(
        &self,
        script: &str,
        watch: &dyn Watch,
    ) -> Result<(Tree, Kept), Error> {
        self.run_job(Command::new(["sh", "-c", script]), watch)
    }

    /// Runs a script of Perl, in which `try(NAME, RESULT)` says whether an attempt succeeded.
    pub(crate) fn tries(&self, script: &str) -> String {
        let try_ = "sub try { my ($name, $done) = @_; \
                    print \"$name: \", ($done ? 'ok' : $!), \"\\n\" } $| = 1;";
        self.lines.lock().unwrap().clear();
        self.run_all(&[&["perl", "-e", &format!("{try_}{script}")]]).unwrap();
        self.lines().join("\n")
    }

    /// Runs commands one after the other.
    pub(crate) fn run_all(&self, commands: &[&[&str]]) -> Result<(Tree, Kept), Error> {
        let run = commands.iter().map(|words| Command::new(words.iter().copied())).collect();
        self.work_on(|job| job.run = run, self)
    }

    pub(crate) fn run_limited(&self, words: &[&str], limits: &Limits) -> Result<(), Error> {
        let run = vec![Command::new(words.iter().copied())];
        self.work_on(|job| (job.run, job.limits) = (run, limits.clone()), self).map(|_| ())
    }

    pub(crate) fn run_job(
        &self,
        command: Command,
        watch: &dyn Watch,
    ) -> Result<(Tree, Kept), Error> {
        self.work_on(|job| job.run = vec![command], watch)
    }

    /// Does a job that begins with the stored tree.
    pub(crate) fn work_on(
        &self,
        change: impl FnOnce(&mut Job),
        watch: &dyn Watch,
    ) -> Result<(Tree, Kept), Error> {
        let keep = Keep { tree: self.path("new.tree"), pack: self.path("new.pack") };
        for file in [&keep.tree, &keep.pack] {
            fs::File::create(file).unwrap();
        }
        let mut job = Job {
            folder: self.work(),
            on_disk: self.on_disk,
            parent: Some(self.path("parent.tree")),
            packs: BTreeMap::from([(self.parent().1, self.path("parent.pack"))]),
            epoch: EPOCH.into(),
            threads: 2,
            keep: Some(keep.clone()),
            ..Job::default()
        };
        change(&mut job);
        let kept = isoplug_sandbox::run(&job, watch)?;
        Ok((Tree::from_bytes(&fs::read(keep.tree).unwrap()).unwrap(), kept))
    }

    pub(crate) fn pack_of(&self, tree: &Tree, path: &str) -> String {
        match &tree.get(path).unwrap().kind {
            Kind::File(content) => hex(&content.pack),
            kind => panic!("{kind:?}"),
        }
    }

    pub(crate) fn new_contents(&self) -> String {
        String::from_utf8(self.new_bytes()).unwrap()
    }

    pub(crate) fn new_bytes(&self) -> Vec<u8> {
        fs::read(self.path("new.pack")).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The folder in which sandboxes work.
    pub(crate) fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// Whether the sandbox left nothing.
    pub(crate) fn is_clean(&self) -> bool {
        sorted_names(&self.work()).unwrap().is_empty()
    }
}

impl Watch for Machine {
    fn line(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Cancels after a while.
pub(crate) struct Stopped(Instant);

impl Stopped {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }
}

impl Watch for Stopped {
    fn line(&self, _: &str) {}
    fn is_cancelled(&self) -> bool {
        Instant::now() > self.0
    }
}

/// Sleeps in a sandbox that works in this folder, with files of other users' in it.
pub(crate) fn sleep_on_disk(seconds: &str, work: &str) {
    let machine = Machine::on_disk();
    fs::remove_dir(machine.work()).unwrap();
    std::os::unix::fs::symlink(work, machine.work()).unwrap();
    let script = format!("mkdir -m 700 /d; echo x > /d/x; chown 33:33 /d /d/x; sleep {seconds}");
    _ = machine.run(&script);
}

/// Whether a process of this machine has these words in its command line.
pub(crate) fn process_with(words: &str) -> bool {
    let own = std::process::id().to_string();
    sorted_names(Path::new("/proc")).unwrap().iter().any(|process| {
        let line = fs::read(Path::new("/proc").join(process).join("cmdline")).unwrap_or_default();
        *process != *own && String::from_utf8_lossy(&line).contains(words)
    })
}

pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(600), "not: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The number of a system call.
pub(crate) fn number(name: &str) -> i32 {
    name.parse::<syscalls::Sysno>().unwrap().id()
}

/// The programs, by path in the tree, with the libraries that they load, and those of this test.
fn files(programs: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([("etc/word".to_owned(), b"word\n".to_vec())]);
    let mut libraries = BTreeSet::from_iter(libraries_of(&std::env::current_exe().unwrap()));
    for program in programs {
        let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
        let path = folders.map(|folder| Path::new(folder).join(program));
        let path = path.iter().find(|path| path.exists()).unwrap();
        files.insert(format!("bin/{program}"), fs::read(path).unwrap());
        libraries.extend(libraries_of(path));
    }
    for library in libraries {
        let bytes = fs::read(&library).unwrap();
        files.insert(library.trim_start_matches('/').to_owned(), bytes);
    }
    files
}

fn libraries_of(program: &Path) -> Vec<String> {
    let listed = HostCommand::new("ldd").arg(program).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

fn hex(id: &[u8; 32]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
