//! What can be said of a profile once its packages are locked, before anything is built: licences
//! that nobody accepted, firmware that no enabled component has, answers that nobody asks for.

use isoplug_image::consent;
use isoplug_image::dpkg::Answer;
use isoplug_image::dpkg::questions::Question;
use isoplug_image::firmware;
use isoplug_manifest::lock::LockedImage;
use isoplug_manifest::options::{DebconfAnswer, DebconfType};
use isoplug_manifest::{Diagnostic, Diagnostics, Severity, System};

use crate::failure::Failure;
use crate::session::{self, Session};

/// Looks at the locked packages of a profile.
///
/// # Errors
///
/// When a package asks for consent that nobody gave.
pub(crate) fn look(
    system: &System,
    locked: &LockedImage,
    session: &Session,
) -> Result<(), Failure> {
    let licences = consent::missing(locked, &system.options.packages.debconf);
    if !licences.is_empty() {
        let list = vec![unaccepted(&licences, system)];
        return Err(Failure::manifest(Diagnostics { list, texts: system.texts.clone() }));
    }
    let list: Vec<Diagnostic> =
        missing_firmware(system, locked).into_iter().chain(unasked(system, locked)).collect();
    session.warn(&Diagnostics { list, texts: system.texts.clone() });
    Ok(())
}

/// Returns the answers of a profile, with what is in the environment.
///
/// # Errors
///
/// When a variable is not set, or is not one line of text.
pub(crate) fn answers(system: &System) -> Result<Vec<Answer>, Failure> {
    let answers = system.options.packages.debconf.iter().enumerate();
    answers.map(|(index, answer)| read(index, answer, system)).collect()
}

fn read(index: usize, answer: &DebconfAnswer, system: &System) -> Result<Answer, Failure> {
    let DebconfAnswer { package, question, kind, value, env } = answer.clone();
    let secret = env.is_some() || kind == DebconfType::Password;
    let found = match &env {
        None => Some(value.unwrap_or_default()),
        Some(name) => session::secret(name).and_then(|bytes| String::from_utf8(bytes).ok()),
    };
    let found = found.filter(|text| !text.contains(['\n', '\r', '\0']));
    let value = found.ok_or_else(|| {
        let name = env.unwrap_or_default();
        let message = format!("the environment variable `{name}` has no answer of one line");
        let diagnostic =
            Diagnostic::error("no-answer", message).help(format!("set it: {name}=… isoplug build"));
        let diagnostic = match system.origin_at("packages.debconf", index) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        };
        Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
    })?;
    Ok(Answer { package, question, kind: kind.word().to_owned(), value, secret })
}

/// Draws licences that nobody accepted on what brings their packages.
fn unaccepted(questions: &[Question], system: &System) -> Diagnostic {
    let names: Vec<String> =
        questions.iter().map(|question| format!("`{}`", question.package)).collect();
    let message = match &names[..] {
        [one] => format!("{one} is only installed once its licence is accepted"),
        names => format!("{} are only installed once their licences are accepted", join(names)),
    };
    let mut diagnostic = Diagnostic::error("licence", message);
    for question in questions {
        let wanted = system.wanted();
        let wanted = wanted.iter().find(|wanted| wanted.package() == question.package);
        let option = wanted.map_or("firmware.set", |wanted| &wanted.because);
        let listed = wanted.and_then(|wanted| system.origin_of(option, &wanted.name));
        if let Some(origin) = listed.or_else(|| system.origin(option))
            && !diagnostic.labels.iter().any(|label| label.origin == *origin)
        {
            diagnostic = diagnostic.at(origin, "");
        }
    }
    diagnostic.help(consent_help(questions))
}

/// Returns what to add to a manifest that accepts what is asked, and what to one that does not.
fn consent_help(questions: &[Question]) -> String {
    let items: Vec<String> = questions.iter().map(Question::answer).collect();
    let packages: Vec<String> =
        questions.iter().map(|question| format!("\"{}\"", question.package)).collect();
    format!(
        "if you accept, add `packages.debconf = [{}]`; to do without, `packages.remove = [{}]`",
        items.join(", "),
        packages.join(", ")
    )
}

fn join(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn missing_firmware(system: &System, locked: &LockedImage) -> Option<Diagnostic> {
    let missing = firmware::missing(system, locked)?;
    let message = format!(
        "no enabled component has {} of the firmware packages of the set: {}",
        missing.packages.len(),
        missing.packages.join(", ")
    );
    let firmware::Missing { source, component, packages: _ } = missing;
    let help = format!("Debian has them in `{component}`: add it to `sources.{source}.components`");
    let note = Diagnostic::warning("missing-firmware", message).help(help);
    let note = Diagnostic { severity: Severity::Note, ..note };
    Some(match system.origin("firmware.set") {
        Some(origin) => note.at(origin, ""),
        None => note,
    })
}

/// Returns a warning for each answer to a package that the image does not get.
fn unasked(system: &System, locked: &LockedImage) -> Vec<Diagnostic> {
    let installed = |name: &str| locked.groups.iter().flatten().any(|locked| locked.name == name);
    let answers = system.options.packages.debconf.iter().enumerate();
    let unasked = answers.filter(|(_, answer)| !installed(&answer.package));
    unasked
        .map(|(index, answer)| {
            let message = format!(
                "nobody asks \"{}\": `{}` is not installed",
                answer.question, answer.package
            );
            let diagnostic = Diagnostic::warning("unasked-answer", message);
            match system.origin_at("packages.debconf", index) {
                Some(origin) => diagnostic.at(origin, ""),
                None => diagnostic,
            }
        })
        .collect()
}
