//! The same greeting in four languages gives the same answers.

use isoplug_kit::{Verdict, test};

use crate::{component, plugins, runtime};

fn greets(name: &str, component: &[u8]) {
    let runtime = runtime();
    let done = test(runtime, component, &plugins().join(name).join("cases"), false).unwrap();
    let verdicts: Vec<_> = done.iter().map(|case| (case.name.as_str(), &case.verdict)).collect();
    let passed = &Verdict::Passed;
    assert_eq!(verdicts, [("default", passed), ("silent", passed)], "{name}");
}

#[test]
fn rust_greets() {
    greets("hello-rust", &component("hello-rust"));
}

#[test]
fn c_greets() {
    greets("hello-c", &component("hello-c"));
}

#[test]
fn javascript_greets() {
    let compressed = plugins().join("fixtures/hello-js.wasm.zst");
    greets("hello-js", &zstd::decode_all(std::fs::File::open(compressed).unwrap()).unwrap());
}

#[test]
#[ignore = "the component is too large for the repository: tests/long.sh plugins"]
fn python_greets() {
    match std::fs::read(plugins().join("fixtures/hello-python.wasm")) {
        Ok(component) => greets("hello-python", &component),
        Err(_) => {
            isoplug_skip::skipped("hello-python.wasm is not built; see plugins/build.sh --all")
        }
    }
}
