//! A small tree of this machine's own programs, and sandboxes to run them in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as HostCommand;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::{Entry, Kind, Tree, sorted_names};
use isoplug_image::sandbox::{self, Bind, Command, Error, Job, Keep, Kept, Watch};

/// Seconds since 1970.
pub(crate) const EPOCH: u32 = 1_000_000_000;

const PROGRAMS: [&str; 13] = [
    "sh", "cat", "chmod", "chown", "env", "id", "ln", "ls", "mkdir", "sleep", "sort", "touch", "wc",
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
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder, lines: Mutex::default(), on_disk: false };
        fs::create_dir(machine.path("work")).unwrap();
        machine.store(&files());
        machine
    }

    /// One whose sandboxes work on the disk.
    pub(crate) fn on_disk() -> Self {
        Self { on_disk: true, ..Self::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the tree and its pack.
    fn store(&self, files: &BTreeMap<String, Vec<u8>>) {
        let mut pack = PackWriter::new(fs::File::create(self.path("parent.pack")).unwrap());
        let pending: Vec<_> =
            files.iter().map(|(p, b)| (p, pack.append(&b[..]).unwrap())).collect();
        let (_, id, finished) = pack.finish().unwrap();
        let mut tree = Tree::default();
        for name in ["proc", "dev", "run", "tmp"] {
            tree.insert(name.as_bytes(), Entry::new(Kind::Directory, 0o755, EPOCH));
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

    pub(crate) fn run_with_bind(
        &self,
        script: &str,
        text: &str,
        over: &str,
    ) -> Result<(Tree, Kept), Error> {
        fs::write(self.path("shown"), text).unwrap();
        let bind = Bind { from: self.path("shown"), over: over.to_owned() };
        let command = Command { binds: vec![bind], ..Command::new(["sh", "-c", script]) };
        self.run_job(command, self)
    }

    fn run_job(&self, command: Command, watch: &dyn Watch) -> Result<(Tree, Kept), Error> {
        let keep = Keep { tree: self.path("new.tree"), pack: self.path("new.pack") };
        for file in [&keep.tree, &keep.pack] {
            fs::File::create(file).unwrap();
        }
        let job = Job {
            folder: self.work(),
            on_disk: self.on_disk,
            parent: Some(self.path("parent.tree")),
            packs: BTreeMap::from([(self.parent().1, self.path("parent.pack"))]),
            epoch: EPOCH.into(),
            threads: 2,
            run: vec![command],
            keep: Some(keep.clone()),
            ..Job::default()
        };
        let kept = sandbox::run(&job, watch)?;
        Ok((Tree::from_bytes(&fs::read(keep.tree).unwrap()).unwrap(), kept))
    }

    pub(crate) fn pack_of(&self, tree: &Tree, path: &str) -> String {
        match &tree.get(path).unwrap().kind {
            Kind::File(content) => hex(&content.pack),
            kind => panic!("{kind:?}"),
        }
    }

    pub(crate) fn new_contents(&self) -> String {
        fs::read_to_string(self.path("new.pack")).unwrap()
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

/// The programs, by path in the tree, with the libraries that they load.
fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([("etc/word".to_owned(), b"word\n".to_vec())]);
    let mut libraries = BTreeSet::new();
    for program in PROGRAMS {
        let path = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(program));
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
