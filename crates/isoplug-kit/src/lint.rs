//! Looks for what a reviewer would find in a plugin: requests that nothing needs, words that are
//! missing, examples that do not work.

mod uses;

use std::path::Path;

use isoplug_formats::tree::sorted_names;
use isoplug_manifest::plugin::check_options;
use isoplug_plugin::{Description, Error, Runtime, Verb, World};
use isoplug_registry::names::Names;
use serde_json::Value as Json;

use crate::KitError;
use crate::call::Subject;
use crate::case::{Scene, granted};
use crate::option::options;
use uses::Uses;

/// Something that a reviewer would find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable word for it: `unused-request`.
    pub code: &'static str,
    /// What is found, and what to do.
    pub message: String,
    /// Whether it has to be mended before the plugin is published.
    pub is_error: bool,
}

impl Finding {
    fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_error: true }
    }

    fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), is_error: false }
    }
}

/// Looks at a component, and at what it does in its cases and examples.
///
/// # Errors
///
/// If it is no plugin, or a case cannot be read. What is wrong with a plugin is a finding.
pub fn lint(
    runtime: &Runtime,
    bytes: &[u8],
    cases: Option<&Path>,
) -> Result<Vec<Finding>, KitError> {
    let subject = match Subject::read(runtime, bytes) {
        Ok(subject) => subject,
        Err(Error::Description(reason)) => {
            return Ok(vec![Finding::error("description", reason)]);
        }
        Err(error) => return Err(error.into()),
    };
    let mut findings = Vec::new();
    imports(bytes, &mut findings);
    words(&subject.description, &mut findings);
    architectures(&subject.description, &mut findings);
    let mut uses = Uses::default();
    examples(&subject, &mut uses, &mut findings)?;
    match cases.map_or(Ok(0), |cases| use_in_cases(&subject, cases, &mut uses))? {
        0 => {
            findings.push(Finding::warning("no-cases", "no case shows what it does; see `cases/`"));
        }
        _ => uses.compare(&subject.description.requests, &mut findings),
    }
    Ok(findings)
}

/// WASI is answered with nothing, so what imports it may not do what its author thinks.
fn imports(bytes: &[u8], findings: &mut Vec<Finding>) {
    let imports = Names::read(bytes).map(|names| names.imports).unwrap_or_default();
    let of_wasi = imports.iter().map(|import| &import.text).filter(|it| it.starts_with("wasi:"));
    findings.extend(of_wasi.map(|name| {
        let message = format!("it imports `{name}`, which does nothing in a plugin");
        Finding::warning("wasi-import", message)
    }));
}

fn words(description: &Description, findings: &mut Vec<Finding>) {
    let words = [
        ("licence", &description.licence, true),
        ("summary", &description.summary, true),
        ("homepage", &description.homepage, false),
    ];
    for (word, _, is_error) in words.into_iter().filter(|(_, text, _)| text.is_empty()) {
        let message = format!("`describe` has no `{word}`");
        findings.push(Finding { code: "missing-word", message, is_error });
    }
    for row in options(description).iter().filter(|row| row.description.is_empty()) {
        let message = format!("the option `{}` has no description", row.name);
        findings.push(Finding::warning("undescribed-option", message));
    }
    if description.examples.is_empty() {
        findings.push(Finding::warning("no-example", "`describe` has no example"));
    }
}

/// One that is not known here may be one of tomorrow, or a name of somebody else than Debian.
fn architectures(description: &Description, findings: &mut Vec<Finding>) {
    let known = isoplug_arch::with_images();
    let named = description.architectures.iter().filter(|name| !known.contains(&name.as_str()));
    findings.extend(named.map(|name| {
        let message = format!("`architectures` has `{name}`; images are for {}", known.join(", "));
        Finding::warning("unknown-architecture", message)
    }));
}

/// Runs the examples, as far as there is enough to see for them.
fn examples(
    subject: &Subject,
    uses: &mut Uses,
    findings: &mut Vec<Finding>,
) -> Result<(), KitError> {
    let nothing = tempfile::tempdir().map_err(KitError::io(std::env::temp_dir()))?;
    let description = &subject.description;
    for example in &description.examples {
        let options = match checked(description, &example.config) {
            Ok(options) => options,
            Err(reason) => {
                let message = format!("the example `{}` does not fit: {reason}", example.title);
                findings.push(Finding::error("wrong-example", message));
                continue;
            }
        };
        if subject.component.world == World::Contributor {
            let grants = granted(description);
            let scene = Scene::example(nothing.path(), Verb::Contribute, options, grants);
            uses.add(&subject.call(&scene)?, &scene.grants);
        }
    }
    Ok(())
}

fn checked(description: &Description, options: &Json) -> Result<Json, String> {
    let text = toml::to_string(options).map_err(|error| error.to_string())?;
    let checked = check_options(&description.options, "example", &text);
    checked.map_err(|diagnostics| diagnostics.to_string().trim_end().to_owned())
}

fn use_in_cases(subject: &Subject, cases: &Path, uses: &mut Uses) -> Result<usize, KitError> {
    let mut count = 0;
    let names = match sorted_names(cases) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(KitError::io(cases)(error)),
    };
    for folder in names.iter().map(|name| cases.join(name)).filter(|folder| folder.is_dir()) {
        let scene = Scene::read(&folder, subject.component.world, &subject.description)?;
        uses.add(&subject.call(&scene)?, &scene.grants);
        count += 1;
    }
    Ok(count)
}
