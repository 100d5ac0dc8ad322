//! Process 1 of a sandbox: lays the parent tree down, installs packages, runs programs, reads the
//! result.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use isoplug_formats::tree::Tree;
use isoplug_formats::tree::pack::PackWriter;
use rustix::process::{DumpableBehavior, Signal};

use super::foreign::Foreign;
use super::given::Given;
use super::inside::Inside;
use super::job::{Answer, Failure, HOST, Job, Keep, Kept, Order};
use super::room::{Room, WORK};
use super::rooted::still::Still;
use super::scan::Scan;
use super::{apart, hex, memory};
use crate::dpkg;

/// Plays the role. The answer says how it went.
pub(super) fn main() -> u8 {
    apart::keep_descriptors_back();
    let done = prepare().and_then(|()| order()).and_then(|order| {
        let socket = io::stdin().as_fd().try_clone_to_owned();
        let given = Given::new(socket.map_err(Failure::of("read its job"))?, &order.job);
        work(&order, &given)
    });
    match done {
        Ok(kept) => Answer::Done(kept).send(),
        Err(failure) => Answer::Failed(failure).send(),
    }
    0
}

/// Becomes the process 1 that every sandbox has.
pub(super) fn prepare() -> Result<(), Failure> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Failure::of("ask for the death signal"))?;
    // No program can look into it.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Failure::of("hide its memory"))?;
    name_host(HOST)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    Ok(())
}

fn name_host(name: &str) -> Result<(), Failure> {
    let named = rustix::system::sethostname(name.as_bytes()).map_err(io::Error::from);
    named.map_err(Failure::refused("to name a host of its own", "set the host name"))
}

/// Reads what it is told. Nothing follows until process 1 asks for a file.
fn order() -> Result<Order, Failure> {
    serde_json::from_str(&told()?).map_err(Failure::of("read its job"))
}

/// Returns the line that the role was launched with.
pub(super) fn told() -> Result<String, Failure> {
    let mut line = String::new();
    let socket = io::stdin().as_fd().try_clone_to_owned().map_err(Failure::of("read its job"))?;
    BufReader::new(File::from(socket)).read_line(&mut line).map_err(Failure::of("read its job"))?;
    Ok(line)
}

fn work(order: &Order, given: &Given) -> Result<Kept, Failure> {
    let job = &order.job;
    let parent = read_parent(job, given)?;
    let memory =
        memory::for_work(order, parent.as_ref(), given).map_err(Failure::of("look at its job"))?;
    Room { memory, foreign: Foreign::find(&job.arch)? }.enter()?;
    confine(job)?;

    let (parent, start) = (parent.unwrap_or_default(), now());
    let inside = Inside::new(job, given, memory.is_some())?;
    let known = inside.lay_down(&parent)?;
    run(&inside, job)?;
    let folder = inside.still();
    let kept = job.keep.as_ref().map(|keep| {
        let packages = job.install.is_some();
        let scan = Scan { folder, known: &known, epoch: job.epoch, start, packages, free: 0 };
        keep_tree(scan, &parent, keep, given)
    });
    if memory.is_none() {
        Still(Path::new(WORK)).empty().map_err(Failure::of("remove its folder"))?;
    }
    kept.unwrap_or_else(|| Ok(Kept::default()))
}

/// Sets the name of the machine, the limits and the number of threads.
fn confine(job: &Job) -> Result<(), Failure> {
    if !job.host.is_empty() {
        name_host(&job.host)?;
    }
    job.limits.set().map_err(Failure::of("set limits"))?;
    _ = job.limits.set_of_namespaces();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.threads.max(1));
    pool.build_global().map_err(Failure::of("start threads"))
}

/// Does what the job asks for in the tree that was laid down.
fn run(inside: &Inside, job: &Job) -> Result<(), Failure> {
    inside.write_files()?;
    if let Some(install) = &job.install {
        dpkg::install(inside, install)?;
    }
    job.run.iter().try_for_each(|command| inside.run(command))?;
    inside.collect()
}

fn read_parent(job: &Job, given: &Given) -> Result<Option<Tree>, Failure> {
    let Some(parent) = &job.parent else { return Ok(None) };
    let mut bytes = Vec::new();
    given
        .open(parent)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(Failure::of("read the parent tree"))?;
    Tree::from_bytes(&bytes).map(Some).map_err(Failure::of("read the parent tree"))
}

fn keep_tree(scan: Scan, parent: &Tree, keep: &Keep, given: &Given) -> Result<Kept, Failure> {
    let pack = given.open(&keep.pack).map_err(Failure::of("open the pack"))?;
    let disk = rustix::fs::fstatvfs(&pack).map_err(Failure::of("look at the disk"))?;
    let scan = Scan { free: disk.f_bavail * disk.f_frsize, ..scan };
    let pack = PackWriter::new(BufWriter::with_capacity(1 << 20, pack));
    let (mut tree, id, _) = scan.tree(pack).map_err(Failure::of("read the tree"))?;
    keep_devices(parent, &mut tree);
    given
        .open(&keep.tree)
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

#[expect(clippy::disallowed_methods, reason = "tells the files that are made here from others")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
