//! Several processes on one store: killed ones, and two that want the same.
//!
//! A child is this test binary, told by an environment variable to work in a folder.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use isoplug_engine::{Artifact, Blob, Context, Event, Graph, Keep, Options, Reporter, Store, run};

use crate::cache::files;
use crate::toys::{Act, Diary, Join, join};

const FOLDER: &str = "ISOPLUG_ENGINE_TEST_FOLDER";

/// Tells a child where to work.
pub(crate) fn child<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command.env(FOLDER, folder)
}

/// Where to work, in a child.
#[expect(clippy::disallowed_methods, reason = "this is how a child knows what it is")]
pub(crate) fn child_folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn spawn(test: &str, folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    child(&mut command, folder).spawn().unwrap()
}

/// Writes half of a big blob, says so by a file, and goes on only when a file `go` is there.
fn slow_graph(folder: &Path) -> (Graph, Artifact<Blob>) {
    let mut graph = Graph::new();
    let folder = folder.to_owned();
    let act = move |out: Artifact<Blob>, cx: &Context| {
        let blob = cx.create()?;
        blob.file().write_all(&[1; 1 << 20]).unwrap();
        fs::write(cx.scratch()?.join("scratch"), "half").unwrap();
        let mut ran =
            OpenOptions::new().create(true).append(true).open(folder.join("ran")).unwrap();
        ran.write_all(b"x").unwrap();
        while !folder.join("go").exists() {
            thread::sleep(Duration::from_millis(5));
        }
        blob.file().write_all(&[2; 1 << 20]).unwrap();
        Ok(cx.finish(out, cx.put(blob, None)?, &[])?)
    };
    let slow = graph.add(Act { title: "slow", inputs: vec![], act }).blob;
    (graph, slow)
}

/// Waits for a file that a living child makes.
fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none() || path.exists(), "{} does not come: {ended:?}", path.display());
        thread::sleep(Duration::from_millis(5));
    }
}

/// Says by a file that a child waits for another.
struct Waits(PathBuf);

impl Reporter for Waits {
    fn report(&self, event: &Event) {
        if matches!(event, Event::Log { line, .. } if line.starts_with("waits for another build")) {
            fs::write(self.0.join(format!("waits-{}", std::process::id())), "").unwrap();
        }
    }
}

fn is_wait(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("waits-"))
}

fn wait_until_it_waits(folder: &Path, child: &mut Child) {
    let waits = folder.join(format!("waits-{}", child.id()));
    wait_for(&waits, child);
}

#[test]
fn child_with_slow_graph() {
    let Some(folder) = child_folder() else { return };
    let store = Store::open(folder.join("store")).unwrap();
    let (graph, slow) = slow_graph(&folder);
    let waits = Waits(folder);
    let options = Options { reporter: &waits, ..Options::default() };
    run(&graph, &[slow.id()], &store, &options).unwrap();
}

#[test]
fn a_killed_build_leaves_nothing_half_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut killed = spawn("process::child_with_slow_graph", folder.path());
    wait_for(&folder.path().join("ran"), &mut killed);
    let root = folder.path().join("store");
    Store::open(&root).unwrap();
    assert_eq!(files(&root.join("tmp")).len(), 2, "a living build's files stay");
    killed.kill().unwrap();
    killed.wait().unwrap();
    let store = Store::open(&root).unwrap();
    for empty in ["tmp", "blobs-v1", "records-v1"] {
        assert!(files(&root.join(empty)).is_empty(), "{empty}");
    }
    fs::write(folder.path().join("go"), "").unwrap();
    let (graph, slow) = slow_graph(folder.path());
    let outputs = run(&graph, &[slow.id()], &store, &Options::default()).unwrap();
    assert_eq!(fs::metadata(outputs.path(slow).unwrap()).unwrap().len(), 2 << 20);
}

#[test]
fn two_processes_do_the_work_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut children = [0; 3].map(|_| spawn("process::child_with_slow_graph", folder.path()));
    wait_for(&folder.path().join("ran"), &mut children[0]);
    // One of them runs the stage; the others wait for it.
    let waiting = || files(folder.path()).iter().filter(|path| is_wait(path)).count();
    while waiting() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    fs::write(folder.path().join("go"), "").unwrap();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(fs::read(folder.path().join("ran")).unwrap(), b"x");
}

#[test]
fn who_waits_for_a_killed_build_does_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let mut killed = spawn("process::child_with_slow_graph", folder.path());
    wait_for(&folder.path().join("ran"), &mut killed);
    let mut waits = spawn("process::child_with_slow_graph", folder.path());
    wait_until_it_waits(folder.path(), &mut waits);
    killed.kill().unwrap();
    killed.wait().unwrap();
    fs::write(folder.path().join("go"), "").unwrap();
    assert!(waits.wait().unwrap().success());
    assert_eq!(fs::read(folder.path().join("ran")).unwrap(), b"xx");
}

#[test]
fn two_threads_with_two_open_stores_do_the_work_once() {
    let folder = tempfile::tempdir().unwrap();
    let diary = Diary::default();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = Store::open(folder.path()).unwrap();
                let mut graph = Graph::new();
                let stage = Join { pause: Duration::from_millis(50), ..join("a", &[], "", &diary) };
                let a = graph.add(stage).blob;
                run(&graph, &[a.id()], &store, &Options::default()).unwrap();
            });
        }
    });
    assert_eq!(diary.take(), ["a"]);
}

#[test]
fn gc_and_verify_harm_no_build() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    thread::scope(|scope| {
        let builds = scope.spawn(|| {
            for round in 0..40 {
                let diary = Diary::default();
                let mut graph = Graph::new();
                let a = graph.add(join("a", &[], &(round % 7).to_string(), &diary)).blob;
                let b = graph.add(join("b", &[a], "", &diary)).blob;
                let outputs = run(&graph, &[b.id()], &store, &Options::default()).unwrap();
                assert!(outputs.path(b).unwrap().exists());
            }
        });
        let other = Store::open(folder.path()).unwrap();
        while !builds.is_finished() {
            // Often busy, which is right.
            let _ = other.gc(Keep { bytes: Some(10_000), ..Keep::default() });
            assert!(other.verify(1).unwrap().is_empty());
        }
    });
}
