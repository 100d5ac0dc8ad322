//! Answers to questions of packages: one for each question, and of the type that it has.

use std::collections::BTreeMap;

use super::Lint;
use crate::diagnostic::Diagnostic;
use crate::options::{DebconfAnswer, DebconfType};
use crate::text::Origin;

pub(super) fn answers(lint: &mut Lint<'_>) {
    let origins = lint.items(&["packages", "debconf"]);
    let mut given: BTreeMap<&str, (&DebconfAnswer, &Origin)> = BTreeMap::new();
    let mut found = Vec::new();
    for (answer, origin) in lint.options.packages.debconf.iter().zip(origins) {
        found.extend(mistake(answer).map(|diagnostic| diagnostic.at(origin, "")));
        let earlier = given.insert(&answer.question, (answer, origin));
        if let Some((_, place)) = earlier.filter(|(earlier, _)| differ(earlier, answer)) {
            let message = format!("\"{}\" is answered twice", answer.question);
            let diagnostic = Diagnostic::error("two-answers", message).at(origin, "here");
            found.push(diagnostic.and(place, "and here"));
        }
    }
    lint.diagnostics.extend(found);
}

/// Packages may share a question, not the answer to it.
fn differ(one: &DebconfAnswer, other: &DebconfAnswer) -> bool {
    (one.kind, &one.value, &one.env) != (other.kind, &other.value, &other.env)
}

fn mistake(answer: &DebconfAnswer) -> Option<Diagnostic> {
    let question = &answer.question;
    let error = |message| Diagnostic::error("debconf-answer", message);
    match (&answer.value, &answer.env) {
        (None, None) => Some(error(format!("\"{question}\" has neither `value` nor `env`"))),
        (Some(_), Some(_)) => Some(error(format!("\"{question}\" has both `value` and `env`"))),
        (Some(value), None)
            if answer.kind == DebconfType::Boolean
                && !["true", "false"].contains(&value.as_str()) =>
        {
            let message = format!("\"{value}\" is not the answer to a boolean question");
            Some(error(message).help("write \"true\" or \"false\""))
        }
        _ => None,
    }
}
