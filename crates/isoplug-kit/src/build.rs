//! Builds a plugin with its language's own tools, and makes a component of what they make.

mod rust;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isoplug_plugin::{Component, Description, Runtime};
use wasmparser::Parser;
use wit_component::ComponentEncoder;

use crate::strip::stripped;
use crate::{KitError, Language};

/// A plugin that was built.
#[derive(Debug)]
pub struct Built {
    /// Where it is: in its folder, under its own id.
    pub path: PathBuf,
    /// The component.
    pub bytes: Vec<u8>,
    /// Its size in bytes.
    pub size: u64,
    /// How many bytes of names and debugging sections were taken out.
    pub stripped: u64,
    /// The component as the runtime has it.
    pub component: Component,
    /// What it says of itself.
    pub description: Description,
}

/// Builds the plugin in a folder, checks what it imports and says, and leaves it there as
/// `ID.wasm`. What the tools have to say goes to stderr.
///
/// # Errors
///
/// If a tool is missing or fails, or what it makes is no plugin.
pub fn build(runtime: &Runtime, folder: &Path) -> Result<Built, KitError> {
    let language = Language::of(folder).ok_or_else(|| KitError::NoPlugin(folder.to_owned()))?;
    let work = tempfile::tempdir().map_err(KitError::io(std::env::temp_dir()))?;
    let made = match language {
        Language::Rust => rust::build(folder)?,
        Language::JavaScript => javascript(folder, work.path())?,
        Language::Python => python(folder, work.path())?,
        Language::C => c(folder, work.path())?,
    };
    let made = fs::read(&made).map_err(KitError::io(&made))?;
    let (bytes, stripped) = component(made)?;
    let component = runtime.component(&bytes)?;
    let description = runtime.describe(&component)?;
    let path = folder.join(format!("{}.wasm", description.id));
    fs::write(&path, &bytes).map_err(KitError::io(&path))?;
    Ok(Built { path, size: bytes.len() as u64, stripped, bytes, component, description })
}

/// Makes a component of a core module; returns how many bytes were of no use.
fn component(made: Vec<u8>) -> Result<(Vec<u8>, u64), KitError> {
    if Parser::is_component(&made) {
        return Ok((made, 0));
    }
    let module = stripped(&made);
    let saved = (made.len() - module.len()) as u64;
    let mut encoder = ComponentEncoder::default()
        .module(&module)
        .map_err(|error| KitError::Wrap(format!("{error:#}")))?
        .validate(true);
    let component = encoder.encode().map_err(|error| KitError::Wrap(format!("{error:#}")))?;
    Ok((component, saved))
}

fn javascript(folder: &Path, work: &Path) -> Result<PathBuf, KitError> {
    const HELP: &str = "`npm install` in the plugin's folder brings it";
    // A program's own path may not be relative when it starts in another folder.
    let folder = &absolute(folder)?;
    let local = folder.join("node_modules/.bin/jco");
    let mut jco = Command::new(if local.is_file() { local } else { "jco".into() });
    let made = work.join("made.wasm");
    jco.args(["componentize", "plugin.js", "--backend", "qjs", "--backend-qjs-stub-wasi"])
        .args(["--backend-qjs-disable-async", "--wit"])
        .arg(folder.join("wit"))
        .args(["-n", "contributor-plugin", "-o"])
        .arg(&made)
        .current_dir(folder);
    finished("jco", HELP, &mut jco)?;
    Ok(made)
}

fn python(folder: &Path, work: &Path) -> Result<PathBuf, KitError> {
    const HELP: &str = "`pip install componentize-py==0.25.1` brings it";
    let made = work.join("made.wasm");
    let mut componentize = Command::new("componentize-py");
    componentize
        .args(["-d", "wit", "-w", "contributor-plugin", "componentize", "--stub-wasi", "plugin"])
        .arg("-o")
        .arg(&made)
        .current_dir(folder);
    finished("componentize-py", HELP, &mut componentize)?;
    Ok(made)
}

fn c(folder: &Path, work: &Path) -> Result<PathBuf, KitError> {
    const TOOL: &str = "clang for wasm32-wasi";
    const HELP: &str = "it needs lld, wasi-libc and the compiler's own library for wasm32";
    let made = work.join("made.wasm");
    let clang = clang().ok_or(KitError::Missing { tool: TOOL, help: HELP })?;
    let mut clang = clang_for_wasi(&clang);
    clang
        .args(["-mexec-model=reactor", "-Os", "-Wall", "-Wl,--strip-all"])
        .args(["-Isdk", "plugin.c", "sdk/contributor_plugin.c"])
        .args(["sdk/contributor_plugin_component_type.o", "-o"])
        .arg(&made)
        .current_dir(folder);
    finished(TOOL, HELP, &mut clang)?;
    Ok(made)
}

/// Returns the newest clang that has all that it needs for WebAssembly: its own library, that of
/// the language, and a linker.
fn clang() -> Option<String> {
    let needed = ["-print-libgcc-file-name", "-print-file-name=libc.a", "-print-prog-name=wasm-ld"];
    let names = (15..30).rev().map(|version| format!("clang-{version}"));
    names.chain(["clang".to_owned()]).find(|name| {
        needed.iter().all(|question| {
            let mut ask = clang_for_wasi(name);
            answer(ask.arg(question)).is_some_and(|file| file.is_file())
        })
    })
}

fn clang_for_wasi(name: &str) -> Command {
    let mut clang = Command::new(name);
    clang.arg("--target=wasm32-wasi");
    if Path::new("/usr/include/wasm32-wasi").is_dir() {
        clang.arg("--sysroot=/usr");
    }
    clang
}

/// Asks a tool where something is.
fn answer(ask: &mut Command) -> Option<PathBuf> {
    let output = ask.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    Some(answer.trim()).filter(|it| !it.is_empty()).map(PathBuf::from)
}

/// Runs a tool to its end and returns what it printed; its errors go to ours.
fn finished(
    tool: &'static str,
    help: &'static str,
    command: &mut Command,
) -> Result<Vec<u8>, KitError> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(_) => Err(KitError::Failed(tool)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(KitError::Missing { tool, help }),
        Err(error) => Err(KitError::io(tool)(error)),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, KitError> {
    path.canonicalize().map_err(KitError::io(path))
}
