//! Stages that make other bytes each time.

use super::*;

/// a makes other bytes each time; b takes a, c takes b.
fn irreproducible(diary: &Diary) -> (Graph, [Artifact<Blob>; 3]) {
    let mut graph = Graph::new();
    let times = AtomicU64::new(0);
    let act = move |out: Artifact<Blob>, cx: &isoplug_engine::Context| {
        let text = times.fetch_add(1, Ordering::Relaxed).to_string();
        Ok(cx.finish(out, put(cx, text.as_bytes())?, &[])?)
    };
    let a = graph.add(Act { title: "a", inputs: vec![], act }).blob;
    let b = graph.add(join("b", &[a], "", diary)).blob;
    let c = graph.add(join("c", &[b], "", diary)).blob;
    (graph, [a, b, c])
}

#[test]
fn a_stage_that_makes_other_bytes_is_told_and_followed() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [a, b, c]) = irreproducible(&diary);
    let outputs = run(&graph, &[a.id(), c.id()], &space.store, &Options::default()).unwrap();
    fs::remove_file(outputs.path(a).unwrap()).unwrap();
    let memory = Memory::default();
    let options = Options { reporter: &memory, ..Options::default() };
    diary.take();
    let again = run(&graph, &[a.id(), b.id(), c.id()], &space.store, &options).unwrap();
    assert_eq!(diary.take(), ["b", "c"]);
    assert_ne!(outputs.digest(c), again.digest(c));
    let told = "a: not reproducible: an earlier run with the same key made something else";
    assert!(memory.lines().contains(&told.to_owned()));
    run(&graph, &[c.id()], &space.store, &Options::default()).unwrap();
    assert!(diary.take().is_empty());
}
