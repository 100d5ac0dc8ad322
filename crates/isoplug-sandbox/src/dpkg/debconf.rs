//! Gives packages the answers to what they ask, before their first script runs.

use std::io::Write as _;

use isoplug_engine::Key;
use serde::{Deserialize, Serialize};

use super::Command;
use crate::{Failure, Inside};

/// An answer to a question of a package.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Answer {
    /// The package that asks.
    pub package: String,
    /// The question.
    pub question: String,
    /// Its type, in debconf's words.
    pub kind: String,
    /// The answer.
    pub value: String,
    /// Whether nobody else may see it.
    pub secret: bool,
}

/// What may be seen of an answer: of a secret, that there is one.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    package: &'a str,
    question: &'a str,
    kind: &'a str,
    value: Option<&'a str>,
}

impl Answer {
    fn shown(&self) -> Shown<'_> {
        let Self { package, question, kind, value, secret } = self;
        Shown { package, question, kind, value: (!secret).then_some(value) }
    }
}

/// Shows answers to a stage's key.
pub fn show(answers: &[Answer], key: &mut dyn Key) {
    if answers.is_empty() {
        return;
    }
    key.value("answers", &answers.iter().map(Answer::shown).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.secret) {
        key.secret(&format!("answer to {}", answer.question), &answer.value);
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shown().fmt(f)
    }
}

const PROGRAM: &str = "debconf-set-selections";
const FILE: &str = "answers";

/// Puts the answers into the tree's database, through a file that is gone again before others run.
pub(super) fn answer(inside: &Inside, answers: &[Answer]) -> Result<(), Failure> {
    if answers.is_empty() {
        return Ok(());
    }
    if inside.text(&format!("usr/bin/{PROGRAM}")).is_err() {
        let lacks = "the package debconf is not installed before those that ask";
        return Err(Failure::of("answer the questions of packages")(lacks));
    }
    let packages = inside.packages();
    let made = packages.create(FILE, 0o600);
    made.and_then(|mut file| file.write_all(lines(answers).as_bytes()))
        .map_err(Failure::of("write the answers to questions of packages"))?;
    let done = inside.run(&Command::new([PROGRAM.to_owned(), format!("/run/isoplug/{FILE}")]));
    packages.remove(FILE).map_err(Failure::of("remove the answers to questions of packages"))?;
    done
}

/// Writes answers as debconf-set-selections(1) reads them.
fn lines(answers: &[Answer]) -> String {
    let line = |answer: &Answer| {
        let Answer { package, question, kind, value, secret: _ } = answer;
        format!("{package} {question} {kind} {value}\n")
    };
    answers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_only_in_the_lines() {
        let answer = Answer {
            package: "slapd".into(),
            question: "slapd/password1".into(),
            kind: "password".into(),
            value: "hunter2".into(),
            secret: true,
        };
        let shown = serde_json::to_string(&answer.shown()).unwrap();
        assert!(!shown.contains("hunter2") && !format!("{answer:?}").contains("hunter2"));
        assert_eq!(lines(&[answer]), "slapd slapd/password1 password hunter2\n");
    }
}
