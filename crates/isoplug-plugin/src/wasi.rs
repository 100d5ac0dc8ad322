//! The part of WASI 0.2 that ordinary toolchains pull in, without any power: nothing in it sees the
//! build machine, and every answer is the same in every build.
//!
//! Random numbers come from the seed, the time is the epoch, there are no arguments, variables and
//! files, what is written to standard output goes to the log, and the rest traps with what to use
//! instead. All versions 0.2.x are served alike, since a function is found by its name.

mod random;

use wasmtime::component::types::{Component as ComponentType, ComponentItem};
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Val};
use wasmtime::{AsContextMut, Engine, Error as Trap, Result, StoreContextMut};

use crate::Level;
use crate::guest::Guest;
use crate::question::{Answer, Question};
use random::{random_bytes, random_number};

/// The interfaces that a plugin may import.
const SERVED: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Says whether an import that is not ours is served; if not, what to use instead.
pub(crate) fn accepts(name: &str) -> Result<(), String> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if interface.starts_with("wasi:sockets/") || interface.starts_with("wasi:http/") {
        let instead = "use `context.fetch`, which takes a digest, and the grant `fetch`";
        return Err(format!("plugins have no network; {instead}"));
    }
    if !interface.starts_with("wasi:") {
        return Err(
            "plugins import `isoplug:plugin` and a part of WASI 0.2, and nothing else".into()
        );
    }
    if SERVED.contains(&interface) && version.starts_with("0.2.") {
        return Ok(());
    }
    Err("this is not in the part of WASI that plugins get: cli, io, clocks, random and filesystem \
         of 0.2, none of which reaches the build machine"
        .to_owned())
}

/// Any of WASI's resources; none holds anything.
struct Handle;

type Serve = fn(StoreContextMut<'_, Guest>, &[Val], &mut [Val]) -> Result<()>;

/// Defines what a component imports of WASI.
pub(crate) fn define(
    linker: &mut Linker<Guest>,
    engine: &Engine,
    component: &ComponentType,
) -> Result<()> {
    for (name, item) in component.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let Some((interface, _)) = name.split_once('@') else { continue };
        if !interface.starts_with("wasi:") {
            continue;
        }
        let mut linked = linker.instance(name)?;
        for (function, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::Resource(_) => {
                    linked.resource(function, ResourceType::host::<Handle>(), |_, _| Ok(()))?;
                }
                ComponentItem::ComponentFunc(_) => {
                    define_function(&mut linked, interface, function)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Defines a function: by what answers it, or by a trap that says what to use instead.
fn define_function(
    linked: &mut LinkerInstance<'_, Guest>,
    interface: &str,
    function: &str,
) -> Result<()> {
    match serve(interface, function) {
        Some(serve) => linked.func_new(function, move |mut store, _, given, answer| {
            serve(store.as_context_mut(), given, answer)?;
            given.iter().try_for_each(|value| give_back(&mut store, value))
        }),
        None => {
            let full = format!("{interface}#{function}");
            linked.func_new(function, move |_, _, _, _| Err(refused(&full)))
        }
    }
}

/// Gives borrowed handles back, which a call must do before it ends.
fn give_back(store: &mut StoreContextMut<'_, Guest>, value: &Val) -> Result<()> {
    match value {
        Val::Resource(handle) => handle.resource_drop(store.as_context_mut()),
        Val::List(values) => values.iter().try_for_each(|value| give_back(store, value)),
        _ => Ok(()),
    }
}

/// Returns what answers a function; nothing for those that trap.
#[expect(clippy::too_many_lines, reason = "a table")]
fn serve(interface: &str, function: &str) -> Option<Serve> {
    let (_, interface) = interface.split_once(':')?;
    Some(match (interface, function) {
        ("cli/environment", "get-environment" | "get-arguments") => nothing,
        ("cli/environment", "initial-cwd") => none,
        ("cli/stdin" | "cli/stdout" | "cli/stderr", _) => handle,
        ("cli/terminal-stdin" | "cli/terminal-stdout" | "cli/terminal-stderr", _) => none,
        ("clocks/wall-clock", "now") => wall_clock,
        ("clocks/wall-clock", "resolution") => one_second,
        ("clocks/monotonic-clock", "now") => |_, _, answer| put(answer, Val::U64(0)),
        ("clocks/monotonic-clock", "resolution") => |_, _, answer| put(answer, Val::U64(1)),
        ("clocks/monotonic-clock", _) => handle,
        ("filesystem/preopens", "get-directories") => nothing,
        ("filesystem/types", "filesystem-error-code") => none,
        ("io/error", "[method]error.to-debug-string") => {
            |_, _, answer| put(answer, Val::String("error".to_owned()))
        }
        ("io/poll", "[method]pollable.ready") => |_, _, answer| put(answer, Val::Bool(true)),
        ("io/poll", "[method]pollable.block") => |_, _, _| Ok(()),
        ("io/poll", "poll") => all_ready,
        ("io/streams", function) => return stream(function),
        ("random/random", "get-random-bytes")
        | ("random/insecure", "get-insecure-random-bytes") => random_bytes,
        ("random/random", "get-random-u64") | ("random/insecure", "get-insecure-random-u64") => {
            |store, _, answer| {
                let number = random_number(store)?;
                put(answer, Val::U64(number))
            }
        }
        ("random/insecure-seed", "insecure-seed") => |mut store, _, answer| {
            let pair = [random_number(store.as_context_mut())?, random_number(store)?];
            put(answer, Val::Tuple(pair.map(Val::U64).to_vec()))
        },
        _ => return None,
    })
}

fn stream(function: &str) -> Option<Serve> {
    Some(match function {
        "[method]output-stream.check-write" => |_, _, answer| put(answer, fine(Val::U64(4096))),
        "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => write,
        "[method]output-stream.flush" | "[method]output-stream.blocking-flush" => {
            |_, _, answer| put(answer, Val::Result(Ok(None)))
        }
        "[method]output-stream.subscribe" | "[method]input-stream.subscribe" => handle,
        "[method]input-stream.read"
        | "[method]input-stream.blocking-read"
        | "[method]input-stream.skip"
        | "[method]input-stream.blocking-skip" => |_, _, answer| {
            let closed = Val::Variant("closed".to_owned(), None);
            put(answer, Val::Result(Err(Some(Box::new(closed)))))
        },
        _ => return None,
    })
}

/// The trap for what a plugin cannot have.
fn refused(function: &str) -> Trap {
    let instead = if function.starts_with("wasi:filesystem/") {
        "a plugin has no files; use `context.open-input` and `module.file`"
    } else if function.starts_with("wasi:cli/exit#") {
        "a plugin ends by returning; use `context.report` for what the user should know"
    } else {
        "a plugin cannot have this"
    };
    Trap::msg(format!("{function}: {instead}"))
}

/// Answers, if the function answers at all.
fn put(answer: &mut [Val], value: Val) -> Result<()> {
    if let Some(place) = answer.first_mut() {
        *place = value;
    }
    Ok(())
}

fn fine(value: Val) -> Val {
    Val::Result(Ok(Some(Box::new(value))))
}

fn nothing(_: StoreContextMut<'_, Guest>, _: &[Val], answer: &mut [Val]) -> Result<()> {
    put(answer, Val::List(Vec::new()))
}

fn none(_: StoreContextMut<'_, Guest>, _: &[Val], answer: &mut [Val]) -> Result<()> {
    put(answer, Val::Option(None))
}

fn handle(store: StoreContextMut<'_, Guest>, _: &[Val], answer: &mut [Val]) -> Result<()> {
    let handle = ResourceAny::try_from_resource(Resource::<Handle>::new_own(1), store)?;
    put(answer, Val::Resource(handle))
}

fn all_ready(_: StoreContextMut<'_, Guest>, given: &[Val], answer: &mut [Val]) -> Result<()> {
    let count = match given {
        [Val::List(pollables)] => u32::try_from(pollables.len())?,
        _ => 0,
    };
    put(answer, Val::List((0..count).map(Val::U32).collect()))
}

fn datetime(seconds: u64, nanoseconds: u32) -> Val {
    Val::Record(vec![
        ("seconds".to_owned(), Val::U64(seconds)),
        ("nanoseconds".to_owned(), Val::U32(nanoseconds)),
    ])
}

fn one_second(_: StoreContextMut<'_, Guest>, _: &[Val], answer: &mut [Val]) -> Result<()> {
    put(answer, datetime(1, 0))
}

fn wall_clock(mut store: StoreContextMut<'_, Guest>, _: &[Val], answer: &mut [Val]) -> Result<()> {
    let epoch = match store.data_mut().ask(Question::Fact("epoch".to_owned()))? {
        Answer::Fact(Some(epoch)) => epoch.as_u64().unwrap_or(0),
        _ => 0,
    };
    put(answer, datetime(epoch, 0))
}

fn write(mut store: StoreContextMut<'_, Guest>, given: &[Val], answer: &mut [Val]) -> Result<()> {
    let Some(Val::List(bytes)) = given.get(1) else {
        return Err(Trap::msg("a stream takes bytes"));
    };
    let byte = |value: &Val| if let Val::U8(byte) = value { Some(*byte) } else { None };
    let guest = store.data_mut();
    guest.unfinished_line.extend(bytes.iter().filter_map(byte));
    while let Some(end) = guest.unfinished_line.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = guest.unfinished_line.drain(..=end).collect();
        guest.log(Level::Note, String::from_utf8_lossy(&line[..end]).into_owned());
    }
    if guest.unfinished_line.len() > 1 << 16 {
        end_line(guest);
    }
    put(answer, Val::Result(Ok(None)))
}

/// Logs what was written and is no whole line.
pub(crate) fn end_line(guest: &mut Guest) {
    if !guest.unfinished_line.is_empty() {
        let line = std::mem::take(&mut guest.unfinished_line);
        guest.log(Level::Note, String::from_utf8_lossy(&line).into_owned());
    }
}

#[cfg(test)]
mod tests;
