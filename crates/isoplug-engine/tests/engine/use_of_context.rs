//! What a stage may and may not do with its context, and how failures and cancellation come out.

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
fn the_first_failure_ends_the_run_and_names_its_log() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let action = |_, cx: &Context| {
        cx.log("looks at the sky\nit is dark");
        Err(ActError::Moon)
    };
    let moon = act(&mut graph, "moon", &[], Box::new(action));
    let after = graph.add(join("after", &[moon], "", &diary)).blob;
    let memory = Memory::default();
    let options = Options { reporter: &memory, ..Options::default() };
    let error = run(&graph, &[after.id()], &space.store, &options).unwrap_err();
    insta::assert_snapshot!(memory.lines().join("\n"), @"
    planned moon, after?
    started moon
    moon: looks at the sky
    moon: it is dark
    failed moon: the moon is full
    ");
    assert!(matches!(error.find::<ActError>(), Some(ActError::Moon)));
    let Error::Stage { log, .. } = error else { panic!("{error}") };
    assert_eq!(
        fs::read_to_string(log).unwrap(),
        "looks at the sky\nit is dark\nfailed: the moon is full\n"
    );
    assert!(diary.take().is_empty());
}

#[test]
fn a_failure_tells_running_stages_to_stop() {
    let space = Space::new();
    let mut graph = Graph::new();
    let patient = |_, cx: &Context| {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(600) {
            cx.check_cancelled()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(ActError::Moon)
    };
    let a = act(&mut graph, "patient", &[], Box::new(patient));
    let b = act(
        &mut graph,
        "hasty",
        &[],
        Box::new(|_, _| {
            std::thread::sleep(Duration::from_millis(50));
            Err(ActError::Moon)
        }),
    );
    let error = run(&graph, &[a.id(), b.id()], &space.store, &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "stage `hasty` failed");
}

#[test]
fn a_panic_is_a_failure() {
    let space = Space::new();
    let mut graph = Graph::new();
    let target = act(&mut graph, "panics", &[], Box::new(|_, _| panic!("on purpose")));
    let error = failure(&graph, target, &space);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "panicked: on purpose");
}

/// Cancels when a stage of this title begins.
struct CancelAt(&'static str, CancelToken, Mutex<Vec<String>>);

impl Reporter for CancelAt {
    fn report(&self, event: &Event) {
        if let Event::Started { title, .. } = event {
            self.2.lock().unwrap().push(title.clone());
            if title == self.0 {
                self.1.cancel();
            }
        }
    }
}

#[test]
fn a_run_stops_on_request_and_goes_on_later() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], "", &diary)).blob;
    let b = graph.add(join("b", &[a], "", &diary)).blob;
    let reporter = CancelAt("a", CancelToken::new(), Mutex::default());
    let options = Options { reporter: &reporter, cancel: reporter.1.clone(), ..Options::default() };
    let error = run(&graph, &[b.id()], &space.store, &options).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert_eq!(*reporter.2.lock().unwrap(), ["a"]);
    run(&graph, &[b.id()], &space.store, &Options::default()).unwrap();
    assert_eq!(diary.take(), ["a", "b"]);
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

#[test]
fn refers_are_seen_by_who_takes_the_tree() {
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

/// Runs a stage whose key shows a secret, and returns whether it ran.
fn with_secret(space: &Space, secret: &'static str) -> bool {
    struct Keeper(&'static str);
    impl isoplug_engine::Stage for Keeper {
        const NAME: &'static str = "keeper";
        const VERSION: u32 = 1;
        type Outputs = Artifact<Blob>;
        type Error = Error;
        fn outputs(slots: &isoplug_engine::Slots) -> Artifact<Blob> {
            slots.slot("text")
        }
        fn key(&self, key: &mut dyn isoplug_engine::Key) {
            key.secret("password", self.0);
        }
        fn run(&self, out: &Artifact<Blob>, cx: &Context) -> Result<(), Error> {
            cx.finish(*out, put(cx, b"nothing of it")?, &[])
        }
    }
    let mut graph = Graph::new();
    let text = graph.add(Keeper(secret));
    let outputs = run(&graph, &[text.id()], &space.store, &Options::default()).unwrap();
    let shown = format!("{:?}", isoplug_engine::explain(&graph, &space.store, "keeper").unwrap());
    assert!(!shown.contains(secret), "{shown}");
    outputs.reports()[0].outcome == isoplug_engine::Outcome::Built
}

#[test]
fn a_secret_decides_and_is_not_written_down() {
    let space = Space::new();
    let asked = [("tiger", true), ("tiger", false), ("lion", true)];
    for (secret, runs) in asked {
        assert_eq!(with_secret(&space, secret), runs, "{secret}");
    }
    let records = space.store.records().unwrap();
    let written = serde_json::to_string(&records.iter().map(|it| &it.1).collect::<Vec<_>>());
    let written = written.unwrap();
    assert!(written.contains("\"secret\"") && records.len() == 2, "{written}");
    for (secret, _) in asked {
        assert!(!written.contains(secret), "{written}");
        let plain = isoplug_engine::Digest::of(secret.as_bytes()).hex();
        assert!(!written.contains(&plain), "a plain digest can be guessed: {written}");
    }
}
