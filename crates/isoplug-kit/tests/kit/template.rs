//! A new plugin builds with the tools of its language and passes its own cases.

use std::path::Path;

use isoplug_kit::{KitError, Language, Verdict, build, lint, new, test};

use crate::runtime;

#[test]
fn a_new_plugin_is_complete_and_named() {
    for language in Language::ALL {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("greeter");
        let files = new(&place, "acme-greeter", language).unwrap();
        assert!(files.iter().all(|file| file.is_file()), "{language:?}");
        for file in &files {
            let Ok(text) = std::fs::read_to_string(file) else { continue };
            let left =
                text.contains("@NAME@") || text.contains("@TOOLS@") || text.contains("hello-");
            assert!(!left || file.starts_with(place.join("sdk")), "{}", file.display());
        }
        let error = new(&place, "acme-greeter", language).unwrap_err();
        assert!(matches!(error, KitError::NotEmpty(_)), "{error}");
    }
    let error = new(Path::new("/nonexistent"), "Acme Greeter", Language::C).unwrap_err();
    insta::assert_snapshot!(error, @"`Acme Greeter` is not a valid name for a plugin: use a-z, 0-9 and `-`, with a letter first");
}

#[test]
fn a_folder_without_a_plugin_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = build(runtime(), folder.path()).unwrap_err();
    assert!(matches!(error, KitError::NoPlugin(_)), "{error}");
}

/// Writes, builds, tests and lints a plugin; it is skipped where the language's tools are missing.
fn from_nothing(language: Language) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    new(folder.path(), "acme-greeter", language).unwrap();
    keep_target(folder.path());
    let built = match build(runtime, folder.path()) {
        Ok(built) => built,
        Err(error @ KitError::Missing { .. }) => return isoplug_skip::skipped(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(built.path, folder.path().join("acme-greeter.wasm"));
    let cases = folder.path().join("cases");
    let done = test(runtime, &built.bytes, &cases, false).unwrap();
    assert!(done.iter().all(|case| case.verdict == Verdict::Passed), "{done:#?}");
    let findings = lint(runtime, &built.bytes, Some(&cases)).unwrap();
    let errors: Vec<_> = findings.iter().filter(|finding| finding.is_error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(!findings.iter().any(|it| it.code == "wasi-import"), "{findings:#?}");
}

/// Lets cargo find what it built of the kit's dependencies in an earlier run.
fn keep_target(folder: &Path) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin");
    let config = format!("[build]\ntarget-dir = {target:?}\n");
    std::fs::create_dir(folder.join(".cargo")).unwrap();
    std::fs::write(folder.join(".cargo/config.toml"), config).unwrap();
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn a_new_plugin_in_rust_builds() {
    from_nothing(Language::Rust);
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn a_new_plugin_in_c_builds() {
    from_nothing(Language::C);
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn a_new_plugin_in_javascript_builds() {
    from_nothing(Language::JavaScript);
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn a_new_plugin_in_python_builds() {
    from_nothing(Language::Python);
}

#[test]
#[ignore = "needs a compiler for WebAssembly: tests/long.sh plugins"]
fn a_compiler_that_fails_is_not_one_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    new(folder.path(), "acme-greeter", Language::C).unwrap();
    std::fs::write(folder.path().join("plugin.c"), "int f(void) { return x; }").unwrap();
    match build(runtime(), folder.path()).unwrap_err() {
        error @ KitError::Missing { .. } => isoplug_skip::skipped(&error.to_string()),
        error => {
            insta::assert_snapshot!(error, @"`clang for wasm32-wasi` failed; see its output above")
        }
    }
}
