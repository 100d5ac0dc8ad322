//! A secret decides what runs, and nobody reads it.

use super::*;

/// Has a secret in its key.
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

/// Runs a stage whose key shows a secret, and returns whether it ran.
fn with_secret(space: &Space, secret: &'static str) -> bool {
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
