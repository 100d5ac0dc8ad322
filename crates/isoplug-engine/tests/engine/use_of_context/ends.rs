//! How runs end that do not end well: failures, panics, requests to stop.

use super::*;

fn look_up(_: Artifact<Blob>, cx: &Context) -> Result<(), ActError> {
    cx.log("looks at the sky\nit is dark");
    Err(ActError::Moon)
}

#[test]
fn the_first_failure_ends_the_run_and_names_its_log() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let moon = act(&mut graph, "moon", &[], Box::new(look_up));
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
    let said = "looks at the sky\nit is dark\nfailed: the moon is full\n";
    assert_eq!(fs::read_to_string(log).unwrap(), said);
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
    let hasty = |_, _: &Context| {
        std::thread::sleep(Duration::from_millis(50));
        Err(ActError::Moon)
    };
    let b = act(&mut graph, "hasty", &[], Box::new(hasty));
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
