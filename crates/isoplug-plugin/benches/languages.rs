//! What a plugin costs in each language: to compile once, to load, to call.
//!
//! All four do the same: the greeting of `plugins/hello-*`. A call has other options each time, so
//! that none is answered from what is kept.
#![expect(clippy::print_stderr, reason = "it says what it skips")]

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use isoplug_engine::Digest;
use isoplug_plugin::{
    Component, Content, InputEntry, LogLine, Plugin, Runtime, SecretGrant, Surroundings, Unseen,
};
use serde_json::{Value as Json, json};

/// Nothing to see.
struct Nothing;

impl Surroundings for Nothing {
    fn fact(&self, _: &str) -> Option<Json> {
        None
    }

    fn list_input(&self, _: &str) -> Result<Vec<InputEntry>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn open_input(&self, _: &str, _: &str) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn fetch(&self, _: &str, _: Digest) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn secret(&self, _: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn seed(&self) -> Digest {
        Digest::of(b"")
    }

    fn log(&self, _: &str, _: &LogLine) {}
}

/// Returns the component of a language; `None` if it is not built.
fn component(language: &str) -> Option<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/fixtures");
    let packed = std::fs::File::open(fixtures.join(format!("hello-{language}.wasm.zst")));
    match packed {
        Ok(file) => zstd::decode_all(file).ok(),
        Err(_) => std::fs::read(fixtures.join(format!("hello-{language}.wasm"))).ok(),
    }
}

fn plugin(runtime: &Runtime, component: Component) -> Plugin {
    let description = runtime.describe(&component).expect("a fixture describes itself");
    let grants = description.requests.granted();
    Plugin { name: "hello".to_owned(), component, description, options: json!({}), grants }
}

/// Calls it with a greeting of its own.
fn call(runtime: &Runtime, plugin: &mut Plugin, number: u64) {
    plugin.options = json!({ "greeting": format!("{number}\n") });
    let made = runtime.contribute(plugin, &Nothing).expect("a fixture greets");
    assert!(!made.failed() && made.modules.len() == 1);
}

fn languages(criterion: &mut Criterion) {
    for language in ["rust", "c", "js", "python"] {
        let Some(bytes) = component(language) else {
            eprintln!("SKIPPED: hello-{language} is not built; see plugins/build.sh --all");
            continue;
        };
        let mut group = criterion.benchmark_group(language);
        group.sample_size(10);
        group.bench_function("compile and describe", |bencher| {
            bencher.iter_with_large_drop(|| {
                let folder = tempfile::tempdir().expect("a folder");
                let runtime = Runtime::new(folder.path()).expect("a runtime");
                let component = runtime.component(&bytes).expect("a component");
                runtime.describe(&component).expect("a description");
                folder
            });
        });
        let folder = tempfile::tempdir().expect("a folder");
        let mut number = 0;
        Runtime::new(folder.path())
            .and_then(|runtime| runtime.describe(&runtime.component(&bytes)?))
            .expect("a description");
        group.bench_function("load and call", |bencher| {
            bencher.iter(|| {
                let runtime = Runtime::new(folder.path()).expect("a runtime");
                let component = runtime.component(&bytes).expect("a component");
                number += 1;
                call(&runtime, &mut plugin(&runtime, component), number);
            });
        });
        let runtime = Runtime::new(folder.path()).expect("a runtime");
        let component = runtime.component(&bytes).expect("a component");
        let mut plugin = plugin(&runtime, component);
        group.bench_function("call again", |bencher| {
            bencher.iter(|| {
                number += 1;
                call(&runtime, &mut plugin, number);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, languages);
criterion_main!(benches);
