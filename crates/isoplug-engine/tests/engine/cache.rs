//! What is cached, what runs again, what is removed, and what people are told about it.

mod collect;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use isoplug_engine::{
    Artifact, Blob, Error, Graph, Keep, Options, Outputs, Plan, Store, explain, plan, run, why,
};

use crate::toys::{Diary, Folder, Join, Memory, Space, join};

/// a → b → c, and c takes a too.
fn chain(text: &str, diary: &Diary) -> (Graph, [Artifact<Blob>; 3]) {
    let mut graph = Graph::new();
    let a = graph.add(join("a", &[], text, diary)).blob;
    let b = graph.add(Join { coarse: true, ..join("b", &[a], "", diary) }).blob;
    let c = graph.add(join("c", &[b], "", diary)).blob;
    (graph, [a, b, c])
}

fn build(graph: &Graph, target: Artifact<Blob>, store: &Store) -> Outputs {
    run(graph, &[target.id()], store, &Options::default()).unwrap()
}

fn events(graph: &Graph, target: Artifact<Blob>, store: &Store) -> String {
    let memory = Memory::default();
    let options = Options { reporter: &memory, ..Options::default() };
    run(graph, &[target.id()], store, &options).unwrap();
    memory.lines().join("\n")
}

#[test]
fn a_second_run_does_nothing() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    insta::assert_snapshot!(events(&graph, c, &space.store), @"
    planned a, b?, c?
    started a
    finished a, 3 bytes
    started b
    finished b, 3 bytes
    started c
    finished c, 5 bytes
    ");
    insta::assert_snapshot!(events(&graph, c, &space.store), @"
    planned a cached, b cached, c cached
    cached a
    cached b
    cached c
    ");
    assert_eq!(diary.take(), ["a", "b", "c"]);
}

#[test]
fn equal_bytes_end_the_rebuild() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    build(&graph, c, &space.store);
    diary.take();
    let (graph, [.., c]) = chain("y", &diary);
    build(&graph, c, &space.store);
    assert_eq!(diary.take(), ["a", "b"]);
}

#[test]
fn blobs_that_nobody_needs_may_be_gone() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [a, b, c]) = chain("x", &diary);
    let outputs =
        run(&graph, &[a.id(), b.id(), c.id()], &space.store, &Options::default()).unwrap();
    fs::remove_file(outputs.path(a).unwrap()).unwrap();
    fs::remove_file(outputs.path(b).unwrap()).unwrap();
    diary.take();
    build(&graph, c, &space.store);
    assert!(diary.take().is_empty());
    fs::remove_file(outputs.path(c).unwrap()).unwrap();
    let again = build(&graph, c, &space.store);
    assert_eq!(diary.take(), ["a", "b", "c"]);
    assert_eq!(again.digest(c), outputs.digest(c));
}

#[test]
fn a_tree_is_gone_when_a_blob_it_refers_to_is() {
    let space = Space::new();
    let mut graph = Graph::new();
    let texts = vec!["one".to_owned(), "two".to_owned()];
    let tree = graph.add(Folder { texts }).tree;
    let outputs = run(&graph, &[tree.id()], &space.store, &Options::default()).unwrap();
    let refers = outputs.output(tree).unwrap().refers.clone();
    assert_eq!(refers.len(), 2);
    fs::remove_file(space.store.blob_path(&refers[0])).unwrap();
    run(&graph, &[tree.id()], &space.store, &Options::default()).unwrap();
    assert!(space.store.has(&refers[0]));
}

#[test]
fn equal_stages_of_one_graph_run_once() {
    let (space, diary) = (Space::new(), Diary::default());
    let mut graph = Graph::new();
    let twin = Join { pause: Duration::from_millis(50), ..join("twin", &[], "", &diary) };
    let targets = [graph.add(twin.clone()).blob.id(), graph.add(twin).blob.id()];
    run(&graph, &targets, &space.store, &Options::default()).unwrap();
    assert_eq!(diary.take(), ["twin"]);
    assert_eq!(graph.titles(), ["twin", "twin #2"]);
}

/// A plan of which the first stage is made.
fn planned(space: &Space, diary: &Diary) -> Plan {
    let (mut graph, [a, _, c]) = chain("x", diary);
    build(&graph, a, &space.store);
    graph.add(join("end", &[c, a], "", diary));
    plan(&graph, &space.store).unwrap()
}

#[test]
fn the_plan_is_drawn() {
    let (space, diary) = (Space::new(), Diary::default());
    let plan = planned(&space, &diary);
    insta::assert_snapshot!(plan.to_tree(), @"
    end (depends)
    ├─ a (cached)
    └─ c (depends)
       └─ b (to run)
          └─ a (cached)
    ");
}

#[test]
fn the_plan_is_drawn_for_programs() {
    let (space, diary) = (Space::new(), Diary::default());
    let plan = planned(&space, &diary);
    insta::assert_snapshot!(plan.to_dot(), @r#"
    digraph plan {
      rankdir = LR;
      node [shape = box];
      "a" [label = "a\ncached"];
      "b" [label = "b\nto run"];
      "a" -> "b";
      "c" [label = "c\ndepends"];
      "b" -> "c";
      "end" [label = "end\ndepends"];
      "a" -> "end";
      "c" -> "end";
    }
    "#);
    let json: serde_json::Value = serde_json::from_str(&plan.to_json()).unwrap();
    assert_eq!(json["stages"][1]["state"], "missing");
    assert_eq!(json["stages"][3]["inputs"], serde_json::json!(["a", "c"]));
    assert_eq!(diary.take(), ["a"], "planning runs nothing");
}

#[test]
fn people_are_told_what_changed() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    build(&graph, c, &space.store);
    let changes = |graph: &Graph, title| {
        let changes = why(graph, &space.store, title).unwrap();
        changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(changes(&graph, "a"), "");
    let (graph, [.., c]) = chain("y", &diary);
    assert_eq!(changes(&graph, "a"), "value `text` was x, is y");
    assert_eq!(changes(&graph, "b"), "input `input` is not made yet (by stage `a`)");
    build(&graph, c, &space.store);
    assert_eq!(changes(&graph, "b"), "input `input` changed (from stage `a`)");
    let wrong = why(&graph, &space.store, "d").unwrap_err();
    assert_eq!(wrong.to_string(), "there is no stage `d`; there are a, b, c");
}

#[test]
fn lists_and_fields_are_compared_inside() {
    let space = Space::new();
    let graph = |texts: &[&str]| {
        let mut graph = Graph::new();
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let tree = graph.add(Folder { texts }).tree;
        (graph, tree)
    };
    let (before, tree) = graph(&["vim", "nano"]);
    run(&before, &[tree.id()], &space.store, &Options::default()).unwrap();
    let (now, _) = graph(&["vim", "git", "less"]);
    let changes = why(&now, &space.store, "folder").unwrap();
    assert_eq!(changes[0].to_string(), "value `texts` gained git, less, lost nano");
}

#[test]
fn the_walk_is_explained() {
    let (space, diary) = (Space::new(), Diary::default());
    let (graph, [.., c]) = chain("x", &diary);
    let before = explain(&graph, &space.store, "b").unwrap();
    build(&graph, c, &space.store);
    let after = explain(&graph, &space.store, "b").unwrap();
    assert_ne!(before, after);
    insta::assert_snapshot!(serde_json::to_string(&after[1]).unwrap(), @r#"{"label":"input","value":{"input":{"from":"a","artifact":"blob","digest":"sha256:29f0d54830e7bc8c59c1975ec699a4102ae27e373397b31a637d1ae6e528f82d"}}}"#);
}

/// Says that all records and seals were last used an hour ago.
fn make_old(store: &Store) {
    for folder in ["records-v1", "seals-v1"] {
        for path in files(&store.root().join(folder)) {
            let hour_ago = now() - Duration::from_secs(3600);
            File::open(path).unwrap().set_modified(hour_ago).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test makes files look old")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "the order does not matter here")]
pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}
