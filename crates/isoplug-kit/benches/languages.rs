//! What a plugin costs in each language, as one table: size, build, compile, load, call.
//!
//! All four are the greeting of `isoplug plugin new`, built with the kit where the language's tools
//! are there, else the component of `plugins/fixtures`. Times are medians.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints its table and says what it skips"
)]

#[path = "../../isoplug-plugin/tests/components/nothing.rs"]
mod nothing;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use isoplug_formats::tree::sorted_names;
use isoplug_kit::{KitError, Language};
use isoplug_plugin::{Plugin, Runtime};
use nothing::Nothing;
use serde_json::json;

/// What is measured, in the order of the table.
const ROWS: [&str; 9] = [
    "component",
    "machine code",
    "build after a change",
    "compile, once for each component",
    "load what was compiled, and start",
    "answer, everything loaded anew",
    "answer, to other options",
    "call of a function that is warm",
    "fuel for one greeting",
];

fn main() {
    let mut columns = Vec::new();
    for language in [Language::Rust, Language::C, Language::JavaScript, Language::Python] {
        eprintln!("measuring {}", language.name());
        let cells = match made(language) {
            Some((bytes, build)) => cells(&bytes, build),
            None => ROWS.map(|_| "–".to_owned()),
        };
        columns.push((language.name(), cells));
    }
    println!("| | {} |", columns.iter().map(|it| it.0).collect::<Vec<_>>().join(" | "));
    println!("| --- |{}", " ---: |".repeat(columns.len()));
    for (number, row) in ROWS.iter().enumerate() {
        let cells: Vec<&str> = columns.iter().map(|(_, cells)| cells[number].as_str()).collect();
        println!("| {row} | {} |", cells.join(" | "));
    }
}

/// Returns a component, and how long its author waits for it; `None` if there is none.
fn made(language: Language) -> Option<(Vec<u8>, Option<Duration>)> {
    match built(language) {
        Ok((bytes, build)) => Some((bytes, Some(build))),
        Err(error @ KitError::Missing { .. }) => {
            eprintln!("left out: {} is not built: {error}", language.name());
            Some((fixture(language)?, None))
        }
        Err(error) => panic!("{}: {error}", language.name()),
    }
}

/// Builds a new plugin twice, the second time with what the first left.
fn built(language: Language) -> Result<(Vec<u8>, Duration), KitError> {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new(&folder.path().join("caches"))?;
    let plugin = folder.path().join("plugin");
    isoplug_kit::new(&plugin, "acme-greeter", language)?;
    // What cargo builds of the kit's dependencies stays for the next run.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin");
    let cargo = format!("[build]\ntarget-dir = {target:?}\n");
    fs::create_dir(plugin.join(".cargo")).expect("a folder");
    fs::write(plugin.join(".cargo/config.toml"), cargo).expect("a file");
    if language == Language::Rust {
        isoplug_kit::build(&runtime, &plugin)?;
    }
    change(&plugin, language);
    let start = Instant::now();
    let built = isoplug_kit::build(&runtime, &plugin)?;
    Ok((built.bytes, start.elapsed()))
}

/// Changes a text of the plugin, so that there is something to build.
fn change(plugin: &Path, language: Language) {
    let source = plugin.join(match language {
        Language::Rust => "src/lib.rs",
        Language::JavaScript => "plugin.js",
        Language::Python => "plugin.py",
        Language::C => "plugin.c",
    });
    let text = fs::read_to_string(&source).expect("a new plugin has a source file");
    fs::write(source, text.replace("there is nothing", "there was nothing")).expect("a file");
}

fn fixture(language: Language) -> Option<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/fixtures");
    let name = format!("hello-{}.wasm", language.name());
    match fs::File::open(fixtures.join(format!("{name}.zst"))) {
        Ok(packed) => zstd::decode_all(packed).ok(),
        Err(_) => fs::read(fixtures.join(name)).ok(),
    }
}

fn cells(bytes: &[u8], build: Option<Duration>) -> [String; 9] {
    let bench = Bench::of(bytes);
    [
        size(bytes.len() as u64),
        size(bench.machine_code()),
        build.map_or("–".to_owned(), time),
        time(bench.compile()),
        time(bench.load()),
        time(bench.answer_anew()),
        time(bench.answer_again()),
        time(bench.warm_call()),
        greet(&bench.runtime, &mut bench.plugin.clone(), "Hello\n").to_string(),
    ]
}

/// A component that was compiled, and is kept.
struct Bench<'a> {
    bytes: &'a [u8],
    folder: tempfile::TempDir,
    runtime: Runtime,
    plugin: Plugin,
}

impl<'a> Bench<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new(folder.path()).expect("a runtime");
        let plugin = plugin(&runtime, bytes);
        Self { bytes, folder, runtime, plugin }
    }

    /// Returns the size of what was compiled.
    fn machine_code(&self) -> u64 {
        let names = |folder: &Path| sorted_names(folder).expect("it is kept");
        let kept = self.folder.path().join("cwasm");
        let kept = kept.join(&names(&kept)[0]);
        let files: Vec<PathBuf> = names(&kept).iter().map(|name| kept.join(name)).collect();
        let code = files.iter().find(|file| file.extension().is_some_and(|it| it == "cwasm"));
        fs::metadata(code.expect("it is compiled")).expect("a file").len()
    }

    fn compile(&self) -> Duration {
        median(5, || {
            let folder = tempfile::tempdir().expect("a folder");
            let runtime = Runtime::new(folder.path()).expect("a runtime");
            timed(|| start(&runtime, self.bytes))
        })
    }

    fn load(&self) -> Duration {
        median(200, || timed(|| start(&self.runtime, self.bytes)))
    }

    /// Calls it as the first plugin of a build whose options changed.
    fn answer_anew(&self) -> Duration {
        let mut number = 0;
        median(50, || {
            number += 1;
            timed(|| {
                let runtime = Runtime::new(self.folder.path()).expect("a runtime");
                greet(&runtime, &mut plugin(&runtime, self.bytes), &format!("anew {number}\n"))
            })
        })
    }

    /// Calls it once more in the same build; each call has an instance of its own.
    fn answer_again(&self) -> Duration {
        let (mut number, mut plugin) = (0, self.plugin.clone());
        median(200, || {
            number += 1;
            timed(|| greet(&self.runtime, &mut plugin, &format!("again {number}\n")))
        })
    }

    fn warm_call(&self) -> Duration {
        const CALLS: u32 = 1000;
        let mut warm = self.runtime.warm(&self.plugin.component).expect("it starts");
        median(20, || {
            timed(|| {
                (0..CALLS).for_each(|_| {
                    warm.describe().expect("it answers");
                })
            }) / CALLS
        })
    }
}

/// Starts a component that was never compiled, or is kept.
fn start(runtime: &Runtime, bytes: &[u8]) -> impl Sized {
    let component = runtime.component(bytes).expect("a component");
    runtime.warm(&component).expect("it starts")
}

/// Calls a plugin with a greeting that it never had, so that the answer is not kept; returns its
/// fuel.
fn greet(runtime: &Runtime, plugin: &mut Plugin, greeting: &str) -> u64 {
    plugin.options = json!({ "greeting": greeting });
    let answer = runtime.contribute(plugin, &Nothing).expect("it greets");
    assert!(!answer.failed() && answer.modules.len() == 1);
    answer.fuel
}

/// Returns a plugin with all that it requests.
fn plugin(runtime: &Runtime, bytes: &[u8]) -> Plugin {
    let component = runtime.component(bytes).expect("a component");
    let description = runtime.describe(&component).expect("it describes itself");
    let grants = description.requests.granted();
    Plugin { name: "hello".to_owned(), component, description, options: json!({}), grants }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let made = work();
    let time = start.elapsed();
    drop(made);
    time
}

/// Returns the middle of so many runs; of one, if it takes seconds.
fn median(runs: usize, mut run: impl FnMut() -> Duration) -> Duration {
    let mut times = vec![run()];
    if times[0] < Duration::from_secs(2) {
        times.extend((1..runs).map(|_| run()));
    }
    times.sort();
    times[times.len() / 2]
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..1e-4 => format!("{:.1} µs", seconds * 1e6),
        ..1e-1 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}
