//! Schema and reference page know every option, and the shipped profiles fit both.

use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use isoplug_manifest::options::Options;
use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::shape::{Kind, Shape};
use isoplug_manifest::{Input, builtin, evaluate, reference, schema, schema_with};
use serde_json::{Value as Json, json};

/// Returns the path of each leaf of the options, in the words of the reference page.
fn leaves(shape: &Shape, path: &str, found: &mut Vec<String>) {
    match &shape.kind {
        Kind::Object { fields, .. } => {
            for (name, field) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                leaves(field, &format!("{path}{dot}{name}"), found);
            }
        }
        Kind::Map { values, .. } if matches!(values.kind, Kind::Object { .. }) => {
            leaves(values, &format!("{path}.NAME"), found)
        }
        Kind::List(items) if matches!(items.kind, Kind::Object { .. }) => {
            leaves(items, &format!("{path}[]"), found);
        }
        _ => found.push(path.to_owned()),
    }
}

fn option_paths() -> Vec<String> {
    let mut found = Vec::new();
    leaves(Options::shape(), "", &mut found);
    found
}

#[test]
fn the_reference_page_lists_each_option_with_a_text() {
    let page = reference();
    for path in option_paths() {
        let (_, entry) = page.split_once(&format!("### `{path}`\n\n")).expect(&path);
        assert!(entry.starts_with(|first: char| first.is_uppercase() || first == '`'), "{path}");
    }
    let (_, entry) = page.split_once("### `squashfs.compression`").unwrap();
    let entry = entry.split("###").next().unwrap();
    assert_snapshot!(entry, @r#"


    The compression; without one, that of the preset.

    *Type:* a word

    - `"zstd"`: Zstandard: small, and fast to read.
    - `"xz"`: XZ: smallest, slow to read.
    - `"gzip"`: Gzip: for old kernels.
    - `"lz4"`: LZ4: large, fastest.
    - `"none"`: Not compressed.
    "#);
}

#[test]
fn the_schema_has_each_option_plain_and_strong() {
    let schema = schema();
    for path in option_paths() {
        let option = find(&schema, &schema["$defs"]["profile"], &path).expect(&path);
        assert!(option.is_object(), "{path}");
    }
    let hostname = &schema["$defs"]["options.networking"]["properties"]["hostname"];
    let plain = json!({ "$ref": "#/$defs/options.networking.hostname" });
    assert_eq!(hostname["anyOf"][0], plain);
    assert_eq!(hostname["anyOf"][1]["properties"], json!({ "force": plain }));
    assert_eq!(hostname["anyOf"][2]["properties"], json!({ "fallback": plain }));
    assert_eq!(hostname["description"], "The host name.");
}

/// A foreign validator takes the design's sketch, and refuses it with mistakes.
#[test]
fn the_schema_has_the_options_of_plugins() {
    let level = json!({ "type": "object", "properties": { "level": { "type": "string" } } });
    let schema = schema_with(&[("hardening".to_owned(), level.clone())].into());
    assert_eq!(schema["$defs"]["plugin.hardening"], level);
    let here = json!({ "$ref": "#/$defs/plugin.hardening" });
    assert_eq!(schema["properties"]["config"]["properties"]["hardening"], here);
    let usage = &schema["$defs"]["options.plugins"]["properties"]["hardening"];
    assert_eq!(usage["properties"]["config"], here);
    assert!(usage["properties"]["enable"].is_object());
}

#[test]
fn a_foreign_validator_agrees_with_the_schema() {
    let mut manifest: Json = toml::from_str(include_str!("sketch.toml")).unwrap();
    let Some(accepted) = validates(&manifest) else { return };
    assert!(accepted);
    manifest["profiles"]["minimal"]["microcode"] = json!({ "force": true });
    assert_eq!(validates(&manifest), Some(true));
    manifest["profiles"]["minimal"]["microcode"] = json!({ "force": "yes" });
    assert_eq!(validates(&manifest), Some(false));
    manifest["profiles"]["minimal"]["microcode"] = json!(true);
    // Keywords of sshd_config(5) in both spellings, of the right type.
    for (key, value, fits) in [
        ("max-auth-tries", json!(3), true),
        ("MaxAuthTries", json!(3), true),
        ("MaxAuthTries", json!("three"), false),
        ("MaxAuthTry", json!(3), false),
    ] {
        manifest["profiles"]["minimal"]["services"]["openssh"]["settings"] = json!({ key: value });
        assert_eq!(validates(&manifest), Some(fits), "{key}");
    }
    manifest["profiles"]["minimal"]["services"]["openssh"]["settings"] = json!({});
    manifest["profiles"]["rescue"]["when"]["arch"]["arm64"] = json!({ "microcod": true });
    assert_eq!(validates(&manifest), Some(false));
}

/// Asks python3-jsonschema; returns nothing where it is not installed.
fn validates(manifest: &Json) -> Option<bool> {
    let program = "import sys, json\ntry: import jsonschema\nexcept ImportError: sys.exit(9)\n\
        schema, manifest = map(json.loads, sys.stdin)\n\
        check = jsonschema.Draft202012Validator\ncheck.check_schema(schema)\n\
        sys.exit(0 if check(schema).is_valid(manifest) else 1)";
    let mut python = Command::new("/usr/bin/python3");
    let started = python.args(["-c", program]).stdin(Stdio::piped()).spawn();
    // The schema is longer than an argument may be.
    let status = started.and_then(|mut child| {
        let lines = format!("{}\n{manifest}\n", schema());
        child.stdin.take().expect("a pipe").write_all(lines.as_bytes())?;
        child.wait()
    });
    match status.ok().and_then(|status| status.code()) {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => {
            isoplug_skip::skipped("python3-jsonschema is not installed");
            None
        }
    }
}

/// Follows a path as an editor would.
fn find<'s>(root: &'s Json, at: &'s Json, path: &str) -> Option<&'s Json> {
    let at = match at["anyOf"][0]["$ref"].as_str() {
        Some(reference) => root.pointer(&reference[1..])?,
        None => at,
    };
    if path.is_empty() {
        return Some(at);
    }
    if let Some(rest) = path.strip_prefix("[]") {
        return find(root, &at["items"], rest.trim_start_matches('.'));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let rest = path[end..].trim_start_matches('.');
    match &path[..end] {
        "NAME" => find(root, &at["additionalProperties"], rest),
        name => find(root, at["properties"].get(name)?, rest),
    }
}

#[test]
fn shipped_profiles_evaluate_without_a_warning() {
    for profile in builtin::NAMES {
        for arch in ["amd64", "arm64"] {
            let (name, text, plugins) = ("isoplug.toml", "image.name = \"t\"", &mut NoPlugins);
            let (load, vars) = (&mut |_: &str| Err("none".to_owned()), &Default::default());
            let input = Input { name, text, profile, arch, vars, load, plugins };
            let system = evaluate(input).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let mut warnings = String::new();
            for warning in &system.warnings {
                writeln!(warnings, "{}", warning.plain(&system.texts)).unwrap();
            }
            assert_eq!(warnings, "", "{profile} on {arch}");
            assert_eq!(system.sources["debian"].suite, "trixie");
        }
    }
}
