//! What the host adds to a plugin: a call, a start, a result that is kept.

#[path = "../tests/host/guest.rs"]
#[expect(clippy::unwrap_used, dead_code, reason = "the tests use all of it")]
mod guest;
#[path = "../tests/components/nothing.rs"]
mod nothing;

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use isoplug_plugin::{Grants, Plugin, Runtime};
use nothing::Nothing;
use serde_json::{Value as Json, json};

fn plugin(runtime: &Runtime, bytes: &[u8], options: Json) -> Plugin {
    let component = runtime.component(bytes).expect("the fixture is a component");
    let description = runtime.describe(&component).expect("the fixture describes itself");
    let grants: Grants = description.requests.granted();
    Plugin { name: "hello".to_owned(), component, description, options, grants }
}

fn bench(criterion: &mut Criterion) {
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/fixtures/hello-rust.wasm");
    let bytes = std::fs::read(fixture).expect("the fixture is part of the repository");
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new(folder.path()).expect("a runtime");
    starts(&runtime, &bytes, criterion);
    calls(&runtime, &bytes, criterion);
    criterion.bench_function("ten kept plugins, from their bytes", |it| {
        it.iter(|| {
            let runtime = Runtime::new(folder.path()).expect("a runtime");
            for count in 0..10 {
                let options = json!({ "greeting": format!("{count}") });
                let kept = plugin(&runtime, &bytes, options);
                runtime.contribute(&kept, &Nothing).expect("it contributes");
            }
        });
    });
}

fn starts(runtime: &Runtime, bytes: &[u8], criterion: &mut Criterion) {
    let toy = runtime.component(&guest::Guest::contributor().bytes()).expect("a component");
    let mut warm = runtime.warm(&toy).expect("it starts");
    criterion.bench_function("warm call", |it| it.iter(|| warm.describe().expect("it answers")));
    criterion.bench_function("load, link and start", |it| {
        it.iter(|| {
            let component = runtime.component(bytes).expect("a component");
            runtime.warm(&component).expect("it starts")
        });
    });
}

fn calls(runtime: &Runtime, bytes: &[u8], criterion: &mut Criterion) {
    let hello = plugin(runtime, bytes, json!({}));
    criterion.bench_function("contribute, new options", |it| {
        let mut count = 0;
        it.iter(|| {
            count += 1;
            let new = Plugin { options: json!({ "greeting": count.to_string() }), ..hello.clone() };
            runtime.contribute(&new, &Nothing).expect("it contributes")
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
