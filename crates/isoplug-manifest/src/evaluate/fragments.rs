//! What parts and plugins set, kept as texts: `part NAME (because of OPTION)` and `plugin NAME VERSION, module M`.
//! Messages and `explain` show them as they show any other module.

use std::collections::BTreeMap;

use super::Work;
use crate::by::By;
use crate::check::ShapeCheck;
use crate::diagnostic::Diagnostic;
use crate::merge::{Said, Setting};
use crate::parse::parse;
use crate::part::{Fragment, Reason};
use crate::shape::{Kind, Shape};
use crate::text::{Origin, TextId};
use crate::value::Value;

/// The texts of one evaluation, each read once however often its part is asked.
pub(super) struct Fragments<'a> {
    /// What may be set: not how plugins are used.
    shape: Shape,
    /// What the user says.
    said: Vec<Said>,
    /// Where each plugin is named.
    named: &'a BTreeMap<String, Origin>,
    read: Vec<(Fragment, TextId, Option<Value>)>,
}

impl<'a> Fragments<'a> {
    /// Keeps texts of options of this shape, beside what the user says.
    pub(super) fn new(shape: &Shape, said: Vec<Said>, named: &'a BTreeMap<String, Origin>) -> Self {
        let mut shape = shape.clone();
        if let Kind::Object { fields, .. } = &mut shape.kind {
            fields.remove("plugins");
        }
        Self { shape, said, named, read: Vec::new() }
    }

    /// Returns what fragments say and then what the user says, whose items of lists come last.
    pub(super) fn said(&mut self, fragments: &[Fragment], work: &mut Work) -> Vec<Said> {
        let mut said: Vec<Said> =
            fragments.iter().filter_map(|fragment| self.one(fragment, work)).collect();
        said.extend(self.said.iter().cloned());
        said
    }

    fn one(&mut self, fragment: &Fragment, work: &mut Work) -> Option<Said> {
        let known = self.read.iter().find(|(read, _, _)| read == fragment);
        let value = match known {
            Some((_, _, value)) => value.clone(),
            None => self.keep(fragment, work),
        };
        Some(Said { strength: fragment.strength, value: value?, built_in: false })
    }

    /// Adds to everything that is drawn on a part's text the option that is the reason for it.
    pub(super) fn explain(&self, diagnostics: &mut [Diagnostic], settings: &Setting) {
        for (fragment, text, _) in &self.read {
            let Some(Reason { because, .. }) = &fragment.reason else { continue };
            let origin = settings.at_path(because).and_then(Setting::origin);
            let is_on_it =
                |each: &&mut Diagnostic| each.labels.iter().any(|label| label.origin.text == *text);
            for diagnostic in diagnostics.iter_mut().filter(is_on_it) {
                if let Some(origin) = origin {
                    let text = format!("because of this, part {} sets it", fragment.by);
                    *diagnostic = diagnostic.clone().and(origin, text);
                }
                if diagnostic.code == "conflict" {
                    let help = "set it yourself: a plain value wins over what parts say";
                    diagnostic.help = Some(help.to_owned());
                }
            }
        }
    }

    /// Keeps a fragment as a text of its own and reads it back with its places.
    fn keep(&mut self, fragment: &Fragment, work: &mut Work) -> Option<Value> {
        let before = work.diagnostics.len();
        let (text, written) = written(fragment, work);
        let value = written.then(|| self.value(text, work)).flatten();
        if let By::Plugin(plugin) = &fragment.by {
            for diagnostic in &mut work.diagnostics[before..] {
                *diagnostic = diagnostic.clone().and(&self.named[plugin], "the plugin");
            }
        }
        self.read.push((fragment.clone(), text, value.clone()));
        value
    }

    fn value(&self, text: TextId, work: &mut Work) -> Option<Value> {
        let value = parse(&work.texts, text, &mut work.diagnostics);
        let mut check = ShapeCheck {
            texts: &work.texts,
            diagnostics: &mut work.diagnostics,
            merges: true,
            names_files: false,
        };
        check.value(value, &self.shape)
    }
}

/// Keeps the text of a fragment, which is empty if no manifest can say that; then it says so.
fn written(fragment: &Fragment, work: &mut Work) -> (TextId, bool) {
    let text = toml::Value::try_from(&fragment.value).map_err(|error| error.to_string());
    let text =
        text.and_then(|value| toml::to_string_pretty(&value).map_err(|error| error.to_string()));
    let written = text.is_ok();
    let text = text.unwrap_or_else(|error| {
        let message = format!("{} sets what no manifest can: {error}", fragment.title);
        work.diagnostics.push(Diagnostic::error("plugin::fragment", message));
        String::new()
    });
    (work.texts.add(fragment.title.as_str(), text), written)
}
