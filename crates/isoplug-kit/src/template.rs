//! Writes the folder of a new plugin: a greeting that works, with its tests and an example.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{KitError, Language};

/// Writes a new plugin into a folder that does not exist or is empty. Returns the files.
///
/// # Errors
///
/// If the name is none for a plugin, the folder is not empty, or a file cannot be written.
pub fn new(folder: &Path, name: &str, language: Language) -> Result<Vec<PathBuf>, KitError> {
    check_name(name)?;
    fs::create_dir_all(folder).map_err(KitError::io(folder))?;
    if !isoplug_formats::tree::sorted_names(folder).map_err(KitError::io(folder))?.is_empty() {
        return Err(KitError::NotEmpty(folder.to_owned()));
    }
    let example = format!("hello-{}", language.name());
    let mut written = Vec::new();
    for File(path, content) in COMMON.iter().chain(files(language)) {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(KitError::io(parent))?;
        let bytes = match str::from_utf8(content) {
            Ok(text) => filled(text, &example, name, language).into_bytes(),
            Err(_) => content.to_vec(),
        };
        fs::write(&path, bytes).map_err(KitError::io(&path))?;
        written.push(path);
    }
    Ok(written)
}

fn check_name(name: &str) -> Result<(), KitError> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain) {
        true => Ok(()),
        false => Err(KitError::Name(name.to_owned())),
    }
}

fn filled(text: &str, example: &str, name: &str, language: Language) -> String {
    let tools = match language {
        Language::Rust => "`rustup target add wasm32-unknown-unknown`",
        Language::JavaScript => "`npm install` in this folder",
        Language::Python => "`pip install componentize-py==0.25.1`",
        Language::C => "clang, lld and wasi-libc",
    };
    text.replace(example, name).replace("@NAME@", name).replace("@TOOLS@", tools)
}

/// A file's path in the folder, and its content.
struct File(&'static str, &'static [u8]);

fn files(language: Language) -> &'static [File] {
    match language {
        Language::Rust => RUST,
        Language::JavaScript => JAVASCRIPT,
        Language::Python => PYTHON,
        Language::C => C,
    }
}

/// A file of the template's own.
macro_rules! own {
    ($path:literal, $from:literal) => {
        File($path, include_bytes!(concat!("template/", $from)))
    };
}

/// A file of the folder `plugins`.
macro_rules! plugins {
    ($path:literal, $from:literal) => {
        File($path, include_bytes!(concat!("../../../plugins/", $from)))
    };
}

/// A file of the kit for Rust, under the same name.
macro_rules! sdk {
    ($path:literal) => {
        File(concat!("sdk/", $path), include_bytes!(concat!("../../../plugins/sdk/", $path)))
    };
}

const CONTRACT: &[u8] = include_bytes!("../../../wit/0.1/plugin.wit");

const COMMON: &[File] = &[
    own!("README.md", "README.md"),
    own!("cases/default/expected.json", "default.json"),
    own!("cases/silent/options.toml", "silent.toml"),
    own!("cases/silent/expect-error.txt", "silent.txt"),
    own!("example/isoplug.toml", "isoplug.toml"),
];

const RUST: &[File] = &[
    own!(".gitignore", "rust.gitignore"),
    own!("Cargo.toml", "Cargo.toml.in"),
    plugins!("src/lib.rs", "hello-rust/src/lib.rs"),
    File("sdk/wit/plugin.wit", CONTRACT),
    sdk!("Cargo.toml"),
    sdk!("check/Cargo.toml"),
    sdk!("check/src/lib.rs"),
    sdk!("derive/Cargo.toml"),
    sdk!("derive/src/json.rs"),
    sdk!("derive/src/lib.rs"),
    sdk!("src/about.rs"),
    sdk!("src/bindings.rs"),
    sdk!("src/context.rs"),
    sdk!("src/error.rs"),
    sdk!("src/host.rs"),
    sdk!("src/host/native.rs"),
    sdk!("src/json.rs"),
    sdk!("src/json/convert.rs"),
    sdk!("src/json/parse.rs"),
    sdk!("src/lib.rs"),
    sdk!("src/module.rs"),
    sdk!("src/plugin.rs"),
    sdk!("src/schema.rs"),
    sdk!("src/testing.rs"),
    sdk!("stage/Cargo.toml"),
    sdk!("stage/src/lib.rs"),
];

const JAVASCRIPT: &[File] = &[
    own!(".gitignore", "js.gitignore"),
    own!("package.json", "package.json"),
    plugins!("plugin.js", "hello-js/plugin.js"),
    File("wit/plugin.wit", CONTRACT),
];

const PYTHON: &[File] = &[
    own!(".gitignore", "python.gitignore"),
    plugins!("plugin.py", "hello-python/plugin.py"),
    File("wit/plugin.wit", CONTRACT),
];

const C: &[File] = &[
    own!(".gitignore", "c.gitignore"),
    plugins!("plugin.c", "hello-c/plugin.c"),
    plugins!("sdk/isoplug.h", "sdk-c/isoplug.h"),
    plugins!("sdk/contributor_plugin.h", "sdk-c/contributor_plugin.h"),
    plugins!("sdk/contributor_plugin.c", "sdk-c/contributor_plugin.c"),
    plugins!(
        "sdk/contributor_plugin_component_type.o",
        "sdk-c/contributor_plugin_component_type.o"
    ),
];
