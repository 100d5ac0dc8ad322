//! Evaluates manifests out of texts.

#![allow(dead_code, reason = "each test file uses its part")]

use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Diagnostics, Input, System, evaluate};

/// Evaluates profile `p` of a manifest, with these files beside it.
pub(crate) fn evaluate_with(text: &str, files: &[(&str, &str)]) -> Result<System, Diagnostics> {
    evaluate_for("amd64", text, files)
}

fn evaluate_for(arch: &str, text: &str, files: &[(&str, &str)]) -> Result<System, Diagnostics> {
    let mut load = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    let (name, plugins) = ("isoplug.toml", &mut NoPlugins);
    evaluate(Input {
        name,
        text,
        profile: "p",
        arch,
        vars: &Default::default(),
        load: &mut load,
        plugins,
    })
}

/// Evaluates a profile `p` of these lines, beside an image's name. Its first line is line 3.
pub(crate) fn profile(lines: &str) -> Result<System, Diagnostics> {
    evaluate_with(&manifest(lines), &[])
}

/// Makes a manifest with a profile `p` of these lines.
pub(crate) fn manifest(lines: &str) -> String {
    format!("image.name = \"t\"\n[profiles.p]\n{lines}\n")
}

/// Returns the messages that a profile of these lines draws, errors or warnings.
pub(crate) fn messages(lines: &str) -> String {
    messages_with(&manifest(lines), &[])
}

/// Returns the messages that a manifest draws, errors or warnings.
pub(crate) fn messages_with(text: &str, files: &[(&str, &str)]) -> String {
    said(evaluate_with(text, files))
}

/// Returns the messages that a manifest draws for an architecture.
pub(crate) fn messages_of(arch: &str, text: &str) -> String {
    said(evaluate_for(arch, text, &[]))
}

fn said(evaluated: Result<System, Diagnostics>) -> String {
    match evaluated {
        Ok(system) => {
            let plain = system.warnings.iter().map(|warning| warning.plain(&system.texts));
            plain.collect::<Vec<_>>().join("\n")
        }
        Err(diagnostics) => diagnostics.to_string(),
    }
}

/// Returns the text of the file of a part whose path ends so.
pub(crate) fn file<'s>(system: &'s System, end: &str) -> &'s str {
    let mut files = system.needs.files.iter().map(|needed| &needed.what);
    let file = files.find(|file| file.target.ends_with(end)).unwrap_or_else(|| panic!("{end}"));
    file.text.as_deref().expect("a text")
}

/// Returns the packages that parts need.
pub(crate) fn packages(system: &System) -> Vec<&str> {
    system.needs.packages.iter().map(|needed| &*needed.what.name).collect()
}
