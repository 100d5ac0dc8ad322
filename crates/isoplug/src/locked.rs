//! What can be said of a profile's packages before anything is built, as far as they are known:
//! licences that nobody accepted, firmware that no enabled component has, answers that nobody asks for.

use isoplug_engine::Digest;
use isoplug_image::consent;
use isoplug_image::firmware;
use isoplug_image::stages::drivers;
use isoplug_manifest::lock::{LockedImage, LockedPackage};
use isoplug_manifest::options::{DebconfAnswer, DebconfType};
use isoplug_manifest::package::name_in;
use isoplug_manifest::{Diagnostic, Diagnostics, Severity, System};
use isoplug_sandbox::dpkg::questions::Question;
use isoplug_sandbox::dpkg::{Answer, Package};

use crate::failure::Failure;
use crate::session::{self, Session};

/// Looks at the locked packages of a profile and tells what is doubtful.
///
/// # Errors
///
/// When a package asks for consent that nobody gave.
pub(crate) fn look(
    system: &System,
    locked: &LockedImage,
    session: &Session,
) -> Result<(), Failure> {
    found(system, Some(locked)).map(|found| session.warn(&found))
}

/// Returns what is doubtful about the packages of a profile, as far as they are known: without a
/// lock, those that the manifest asks for by name.
///
/// # Errors
///
/// When a package asks for consent that nobody gave.
pub(crate) fn found(system: &System, locked: Option<&LockedImage>) -> Result<Diagnostics, Failure> {
    let comes = |name: &str| match locked {
        Some(locked) => locked.groups.iter().flatten().any(|package| package.name == name),
        None => is_listed(name, system),
    };
    let licences = consent::missing(system.distribution(), comes, &system.options.packages.debconf);
    let list = match (licences.is_empty(), locked) {
        (false, _) => vec![unaccepted(&licences, system)],
        (true, Some(locked)) => {
            missing_firmware(system, locked).into_iter().chain(unasked(system, locked)).collect()
        }
        (true, None) => Vec::new(),
    };
    let found = Diagnostics { list, texts: system.texts.clone() };
    if licences.is_empty() { Ok(found) } else { Err(Failure::manifest(found)) }
}

/// Looks whether the drivers of a profile are for its kernels, as far as their packages are in the store already.
///
/// # Errors
///
/// When one says that it is not.
pub(crate) fn drivers_fit(
    system: &System,
    locked: &LockedImage,
    session: &Session,
) -> Result<(), Failure> {
    let options = &system.options.drivers;
    let store = (!locked.drivers.is_empty()).then(|| session.store_that_is_there()).flatten();
    let Some(store) = store else { return Ok(()) };
    let there = |package: &LockedPackage| {
        let digest = Digest::from_hex(&package.sha256).ok().filter(|digest| store.has(digest))?;
        let (name, architecture) = (package.name.to_string(), package.architecture.to_string());
        Some(Package { name, architecture, deb: store.blob_path(&digest) })
    };
    let packages: Vec<Package> = locked.drivers.iter().filter_map(there).collect();
    let wishes = options.wishes(system.distribution());
    let names: Vec<String> = wishes.iter().map(|wish| name_in(wish).to_owned()).collect();
    let looked = drivers::look(&packages, &names, &locked.kernels(), &system.arch);
    let Err(error @ drivers::Error::Excluded { .. }) = looked else { return Ok(()) };
    Err(not_for_it(&error, system))
}

/// Draws a driver that is not for a kernel on what asks for it.
fn not_for_it(error: &drivers::Error, system: &System) -> Failure {
    let diagnostic = Diagnostic::error("driver-and-kernel", error.to_string());
    let diagnostic = diagnostic.help(error.hints().join("; "));
    let is_nvidia = system.options.drivers.packages.is_empty();
    let option = if is_nvidia { "drivers.nvidia" } else { "drivers.packages" };
    let diagnostic = match system.origin(option) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    };
    Failure::manifest(Diagnostics { list: vec![diagnostic], texts: system.texts.clone() })
}

/// Whether the manifest asks for a package by its name.
fn is_listed(name: &str, system: &System) -> bool {
    let mut packages = system.packages().into_iter().map(|needed| &needed.what);
    packages.any(|package| !package.optional && package.bare_name() == name)
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
        let packages = system.packages();
        let needed = packages.iter().find(|needed| needed.what.bare_name() == question.package);
        let option = needed.map_or("firmware.set", |needed| &needed.because);
        let listed = needed.and_then(|needed| system.origin_of(option, &needed.what.name));
        if let Some(origin) = listed.or_else(|| system.origin(option))
            && !diagnostic.labels.iter().any(|label| label.origin == *origin)
        {
            diagnostic = diagnostic.at(origin, "");
        }
    }
    diagnostic.help(consent_help(questions, system))
}

/// Returns what to add to a manifest that accepts what is asked, and how one that does not goes
/// without: what it lists itself it cannot remove as well.
fn consent_help(questions: &[Question], system: &System) -> String {
    let items: Vec<String> = questions.iter().map(Question::answer).collect();
    let (listed, brought): (Vec<&Question>, Vec<&Question>) =
        questions.iter().partition(|question| is_listed(&question.package, system));
    let names = |questions: &[&Question], quote: char| -> Vec<String> {
        questions.iter().map(|question| format!("{quote}{}{quote}", question.package)).collect()
    };
    let unlist = format!("do not ask for {}", join(&names(&listed, '`')));
    let remove = format!("`packages.remove = [{}]`", names(&brought, '"').join(", "));
    let ways = [(!listed.is_empty(), unlist), (!brought.is_empty(), remove)];
    let ways: Vec<String> = ways.into_iter().filter_map(|(is, way)| is.then_some(way)).collect();
    format!(
        "if you accept, add `packages.debconf = [{}]`; to do without, {}",
        items.join(", "),
        join(&ways)
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
    let title = system.distribution().title;
    let help =
        format!("{title} has them in `{component}`: add it to `sources.{source}.components`");
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
