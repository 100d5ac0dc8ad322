//! Packages that are only installed once somebody accepted a licence, and who did not.
//!
//! The table of the distribution says it before anything is built; what it lacks fails in the build, which names the
//! question too.

use isoplug_manifest::distribution::Distribution;
use isoplug_manifest::options::DebconfAnswer;

use isoplug_sandbox::dpkg::questions::Question;

/// Returns the licences that packages ask for and that nobody accepted.
#[must_use]
pub fn missing(
    distribution: &Distribution,
    comes: impl Fn(&str) -> bool,
    answers: &[DebconfAnswer],
) -> Vec<Question> {
    let accepted = |question: &str| {
        let yes = |value: &Option<String>| value.as_ref().is_none_or(|value| value == "true");
        answers.iter().any(|answer| answer.question == question && yes(&answer.value))
    };
    let open =
        distribution.licences.iter().filter(|(name, question)| comes(name) && !accepted(question));
    open.map(|(package, question)| Question {
        package: (*package).to_owned(),
        name: (*question).to_owned(),
        kind: "boolean".to_owned(),
    })
    .collect()
}
