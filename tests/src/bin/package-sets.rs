//! Installs sets of packages by isoplug and by apt and tells how they differ.
//!
//! `package-sets FOLDER random SEED COUNT`, `package-sets FOLDER named [NAME…]`; `package-sets FOLDER choices
//! random SEED COUNT` and `package-sets FOLDER choices [NAME…]` compare only what is chosen. The folder keeps the
//! store, the base and the results, so that a run that was stopped goes on.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use isoplug_packages::Universe;
use isoplug_sandbox as sandbox;
use isoplug_tests::sets::draw::Draw;
use isoplug_tests::sets::layers::Layers;
use isoplug_tests::sets::table::Results;
use isoplug_tests::sets::{self, Bench, Set};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = sandbox::main(&arguments) {
        return code.into();
    }
    let arguments: Vec<String> =
        arguments.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether all sets are equal.
fn run(arguments: &[String]) -> Result<bool> {
    let [folder, what, rest @ ..] = arguments else { bail!("which folder, and which sets?") };
    std::fs::create_dir_all(folder)?;
    // apt takes others as relative to its own folders.
    let folder = &Path::new(folder).canonicalize()?;
    let layers = Layers::new(&folder.join("store"), Vec::new())?;
    let universe = Universe::new(&layers.indices, "amd64");
    let sets = match (what.as_str(), rest) {
        ("random", [seed, count]) => random(&universe, seed.parse()?, count.parse()?),
        ("choices", [drawn, seed, count]) if drawn == "random" => {
            random(&universe, seed.parse()?, count.parse()?)
        }
        ("named" | "choices", names) => named(names)?,
        _ => {
            bail!("`random SEED COUNT`, `named [NAME...]` or `choices [random SEED COUNT|NAME...]`")
        }
    };
    let bench = Bench::new(&universe, &layers, folder)?;
    if what == "choices" { choices(&bench, sets) } else { compared(&bench, sets, folder) }
}

/// Installs each set that was not installed before, and returns whether all are equal.
fn compared(bench: &Bench, sets: Vec<Drawn>, folder: &Path) -> Result<bool> {
    let mut results = Results::open(folder)?;
    let mut names = Vec::new();
    for (name, set) in sets {
        if !results.has(&name) {
            let set = set();
            eprintln!("{name}: {}", set.install.join(" "));
            let row = bench.compare(&set).with_context(|| name.clone())?;
            results.add(&row)?;
            bench.forget()?;
        }
        names.push(name);
        append(&results.rows_of(&names[names.len() - 1..]))?;
    }
    println!("{}", results.table(&names));
    Ok(results.all_equal(&names))
}

/// Compares only which packages are chosen.
fn choices(bench: &Bench, sets: Vec<Drawn>) -> Result<bool> {
    let mut all_equal = true;
    for (name, set) in sets {
        let (packages, difference) = bench.choice(&set())?;
        let verdict = if difference.never.is_empty() { "ok" } else { "FAILED" };
        all_equal &= difference.never.is_empty();
        let (never, otherwise) =
            (difference.never.join(" "), difference.in_another_order.join(" "));
        let row = format!("{verdict}\t{name}\t{packages}\t{never}\t{otherwise}\n");
        append(&row)?;
        print!("{row}");
    }
    Ok(all_equal)
}

/// Adds rows to the table that `tests/long.sh` shows, if that started this.
fn append(rows: &str) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "how tests/long.sh names its table")]
    let Some(table) = std::env::var_os("LONG_TABLE") else { return Ok(()) };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(table)?;
    Ok(file.write_all(rows.as_bytes())?)
}

/// A set that is drawn when it is its turn.
type Drawn<'a> = (String, Box<dyn FnOnce() -> Set + 'a>);

fn random<'a>(universe: &'a Universe<'a>, seed: u64, count: u64) -> Vec<Drawn<'a>> {
    let draw = std::rc::Rc::new(Draw::new(universe));
    let set = |number| -> Drawn<'a> {
        let draw = std::rc::Rc::clone(&draw);
        (Draw::name(seed, number), Box::new(move || draw.set(seed, number)))
    };
    (0..count).map(set).collect()
}

fn named<'a>(names: &[String]) -> Result<Vec<Drawn<'a>>> {
    let sets = sets::named::sets()?.into_iter();
    let chosen = sets.filter(|set| names.is_empty() || names.contains(&set.name));
    Ok(chosen.map(|set| -> Drawn<'a> { (set.name.clone(), Box::new(move || set)) }).collect())
}
