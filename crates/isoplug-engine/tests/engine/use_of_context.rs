//! What a stage may and may not do with its context, and how failures and cancellation come out.

mod ends;
mod secrets;

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoplug_engine::{
    Artifact, Blob, CancelToken, Context, Error, Event, Graph, Options, Reporter, Unit, run,
};

use crate::toys::{Act, ActError, Diary, Folder, Memory, Space, join, put};

type Action = Box<dyn Fn(Artifact<Blob>, &Context) -> Result<(), ActError> + Send + Sync>;

/// Runs one stage that has `inputs` and does `action`.
fn act(
    graph: &mut Graph,
    title: &'static str,
    inputs: &[Artifact<Blob>],
    action: Action,
) -> Artifact<Blob> {
    graph.add(Act { title, inputs: inputs.to_vec(), act: action }).blob
}

fn failure(graph: &Graph, target: Artifact<Blob>, space: &Space) -> Error {
    run(graph, &[target.id()], &space.store, &Options::default()).unwrap_err()
}

fn done(out: Artifact<Blob>, cx: &Context) -> Result<(), ActError> {
    Ok(cx.finish(out, put(cx, b"done")?, &[])?)
}

#[test]
fn a_forgotten_input_is_refused() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "", &diary)).blob;
    let forgetful =
        act(&mut graph, "forgetful", &[], Box::new(move |_, cx| Ok(cx.path(a).map(drop)?)));
    let error = failure(&graph, forgetful, &space);
    assert_eq!(error.to_string(), "stage `forgetful` failed");
    assert!(
        matches!(error.find::<ActError>(), Some(ActError::Engine(Error::Undeclared { artifact })) if artifact == "blob")
    );
}

#[test]
fn only_blobs_of_inputs_and_own_ones_are_shown() {
    let space = Space::new();
    let file = space.folder.path().join("foreign");
    fs::write(&file, "foreign").unwrap();
    let foreign = space.store.put_file(&file, None).unwrap();
    let mut graph = Graph::new();
    let action = move |out: Artifact<Blob>, cx: &Context| {
        assert!(cx.has(&foreign));
        assert!(matches!(cx.referred(&foreign), Err(Error::Undeclared { .. })));
        let own = put(cx, b"own")?;
        assert_eq!(fs::read(cx.referred(&own)?).unwrap(), b"own");
        Ok(cx.finish(out, own, &[])?)
    };
    let target = act(&mut graph, "look", &[], Box::new(action));
    run(&graph, &[target.id()], &space.store, &Options::default()).unwrap();
}

#[test]
fn outputs_are_finished_once_and_by_their_owner() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "", &diary)).blob;
    let idle = act(&mut graph, "idle", &[], Box::new(|_, _| Ok(())));
    let twice = act(
        &mut graph,
        "twice",
        &[],
        Box::new(|out, cx| done(out, cx).and_then(|()| done(out, cx))),
    );
    let thief = act(&mut graph, "thief", &[a], Box::new(move |_, cx| done(a, cx)));
    let chain = |target| {
        let error = failure(&graph, target, &space);
        std::error::Error::source(&error).unwrap().to_string()
    };
    assert_eq!(chain(idle), "the stage did not finish its outputs blob");
    assert_eq!(chain(twice), "`blob` cannot be finished here: it is finished already");
    assert_eq!(chain(thief), "`blob` cannot be finished here: it belongs to another stage");
}

#[test]
fn wrong_wiring_is_told() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut other = Graph::new();
    let foreign = other.add(join("a", &[], "", &diary)).blob;
    let mut graph = Graph::new();
    let b = graph.add(join("b", &[foreign], "", &diary)).blob;
    assert_eq!(
        failure(&graph, b, &space).to_string(),
        "stage `b` is wired wrongly: its input `blob` is of no earlier stage of this graph"
    );
}

#[test]
fn scratch_goes_away_unless_a_failure_is_to_be_kept() {
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |_, cx: &Context| {
        fs::write(cx.scratch()?.join("trace"), "of the failure").unwrap();
        Err(ActError::Moon)
    };
    let target = act(&mut graph, "scratch", &[], Box::new(action));
    let Error::Stage { key, .. } = failure(&graph, target, &space) else { panic!() };
    assert!(!space.store.failed_path(&key).exists());
    for _ in 0..2 {
        let options = Options { keep_failed: true, ..Options::default() };
        run(&graph, &[target.id()], &space.store, &options).unwrap_err();
        let trace = space.store.failed_path(&key).join("trace");
        assert_eq!(fs::read_to_string(trace).unwrap(), "of the failure");
    }
    assert_eq!(space.store.usage().unwrap().tmp.files, 0);
}

/// What lies in it is some program's: setuid programs among it, and secrets.
#[test]
fn scratch_is_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |_, cx: &Context| {
        let scratch = cx.scratch()?;
        for folder in [scratch.as_path(), scratch.parent().unwrap()] {
            let mode = fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        }
        Err(ActError::Moon)
    };
    let target = act(&mut graph, "scratch", &[], Box::new(action));
    let error = failure(&graph, target, &space);
    assert!(matches!(error, Error::Stage { .. }), "{error}");
    assert!(!error.to_string().contains("panicked"), "{error}");
}

#[test]
fn progress_is_thinned_but_ends() {
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |out, cx: &Context| {
        (0..=10_000).for_each(|done| cx.progress(done, 10_000, Unit::Items));
        done(out, cx)
    };
    let target = act(&mut graph, "counts", &[], Box::new(action));
    let memory = Memory::default();
    let options = Options { reporter: &memory, ..Options::default() };
    run(&graph, &[target.id()], &space.store, &options).unwrap();
    let lines = memory.lines();
    assert!(lines.len() < 1000 && lines.contains(&"counts 10000/10000".to_owned()));
}

/// Joins what a tree refers to.
struct Reader(Artifact<isoplug_engine::Tree>);

impl isoplug_engine::Stage for Reader {
    const NAME: &'static str = "reader";
    const VERSION: u32 = 1;

    type Outputs = Artifact<Blob>;
    type Error = Error;

    fn outputs(slots: &isoplug_engine::Slots) -> Artifact<Blob> {
        slots.slot("text")
    }

    fn key(&self, key: &mut dyn isoplug_engine::Key) {
        key.artifact("tree", self.0);
    }

    fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), Error> {
        let refers = cx.refers(self.0)?;
        let texts = refers.iter().map(|digest| Ok(fs::read(cx.referred(digest)?).unwrap()));
        let mut texts = texts.collect::<Result<Vec<_>, Error>>()?;
        texts.sort();
        cx.finish(*out, put(cx, &texts.concat())?, &[])
    }
}

#[test]
fn refers_are_seen_by_who_takes_the_tree() {
    let space = Space::new();
    let mut graph = Graph::new();
    let tree = graph.add(Folder { texts: vec!["b".to_owned(), "a".to_owned()] }).tree;
    let text = graph.add(Reader(tree));
    let outputs = run(&graph, &[text.id()], &space.store, &Options::default()).unwrap();
    assert_eq!(fs::read(outputs.path(text).unwrap()).unwrap(), b"ab");
}

#[test]
fn a_stage_and_its_programs_are_measured() {
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |out, cx: &Context| {
        let bytes = vec![1; 64 << 20];
        let digest = isoplug_engine::Digest::of(&bytes);
        cx.spent(Duration::from_secs(7));
        Ok(cx.finish(out, put(cx, digest.as_bytes())?, &[])?)
    };
    let target = act(&mut graph, "works", &[], Box::new(action));
    let before = isoplug_engine::cpu_time("self", false).unwrap();
    let outputs = run(&graph, &[target.id()], &space.store, &Options::default()).unwrap();
    let spent = isoplug_engine::cpu_time("self", false).unwrap() - before;
    let report = &outputs.reports()[0];
    let cpu_ms = report.cpu_ms.unwrap();
    // Other tests of this process compute, too.
    let most = 7000 + spent.as_millis() as u64;
    assert!(report.wall_ms > 0 && (7010..=most).contains(&cpu_ms), "{report:?}, {spent:?}");
}

#[test]
fn a_tool_may_put_another_file_at_the_path_of_a_new_blob() {
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |out, cx: &Context| {
        let (blob, other) = (cx.create()?, cx.scratch()?.join("other"));
        fs::write(&other, "other").unwrap();
        fs::rename(&other, blob.path()).unwrap();
        Ok(cx.finish(out, cx.put(blob, None)?, &[])?)
    };
    let target = act(&mut graph, "replaces", &[], Box::new(action));
    let outputs = run(&graph, &[target.id()], &space.store, &Options::default()).unwrap();
    assert_eq!(fs::read(outputs.path(target).unwrap()).unwrap(), b"other");
}

#[test]
fn independent_stages_run_at_the_same_time() {
    let space = Space::new();
    let mut graph = Graph::new();
    // None of them ends before all have begun.
    let together = std::sync::Arc::new(std::sync::Barrier::new(4));
    let mut targets = Vec::new();
    for title in ["a", "b", "c", "d"] {
        let together = together.clone();
        let action = move |out, cx: &Context| {
            together.wait();
            done(out, cx)
        };
        targets.push(act(&mut graph, title, &[], Box::new(action)).id());
    }
    let options = Options { jobs: 4, ..Options::default() };
    run(&graph, &targets, &space.store, &options).unwrap();
}

#[test]
fn what_a_stage_tells_is_told_again_when_it_is_cached() {
    let space = Space::new();
    let mut graph = Graph::new();
    let action = |out: Artifact<Blob>, cx: &Context| {
        cx.log("only now");
        cx.tell("look here");
        done(out, cx)
    };
    let teller = act(&mut graph, "teller", &[], Box::new(action));
    let mut told = Vec::new();
    for _ in 0..2 {
        let memory = Memory::default();
        let options = Options { reporter: &memory, ..Options::default() };
        run(&graph, &[teller.id()], &space.store, &options).unwrap();
        let lines = memory.lines().into_iter();
        told.push(lines.filter(|line| line.starts_with("teller")).collect::<Vec<_>>());
    }
    assert_eq!(
        told,
        [vec!["teller: only now", "teller tells: look here"], vec!["teller tells: look here"]]
    );
}
