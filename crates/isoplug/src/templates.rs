//! Draws what of templates and scripts only the files of this machine tell: facts that there are not, two interpreters.

use std::fs;
use std::path::Path;

use isoplug_image::image;
use isoplug_image::outputs;
use isoplug_image::parts;
use isoplug_image::parts::files::Refused;
use isoplug_image::parts::files::source::{Item, Source, What};
use isoplug_manifest::path::join;
use isoplug_manifest::template::{Fact, Mistake, Template};
use isoplug_manifest::{Diagnostic, Origin, System};

/// Returns the mistakes in templates and scripts that are files of this machine.
pub(crate) fn check(system: &System) -> Vec<Diagnostic> {
    let files = system
        .options
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| (file.template, &file.source, system.origin_at("files", index)));
    let contents = system.options.iso.contents.iter().enumerate().map(|(index, file)| {
        (file.template, &file.source, system.origin_at("iso.contents", index))
    });
    let templates = files.chain(contents).filter(|(template, ..)| *template);
    let wrong = templates.flat_map(|(_, source, origin)| match (source, origin) {
        (Some(source), Some(origin)) => in_source(Path::new(source), system, origin),
        _ => Vec::new(),
    });
    wrong.chain(system.options.scripts.keys().filter_map(|name| script(name, system))).collect()
}

/// What cannot be read is an error of its own.
fn in_source(source: &Path, system: &System, origin: &Origin) -> Vec<Diagnostic> {
    let Ok(source) = Source::list(source) else { return Vec::new() };
    let is_file = |item: &&Item| matches!(item.what, What::File { .. });
    let files = source.items.iter().filter(is_file).map(|item| source.path_of(item));
    files.flat_map(|path| in_file(&path, system, origin)).collect()
}

fn in_file(path: &Path, system: &System, origin: &Origin) -> Vec<Diagnostic> {
    let error = |message| Diagnostic::error("unknown-fact", message).at(origin, "");
    let shown = path.display();
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    let Ok(text) = String::from_utf8(bytes) else {
        let message = format!("{shown} cannot be a template: it is not a text in UTF-8");
        return vec![error(message).help("copy it by an entry without `template`")];
    };
    let mistake = |mistake: Mistake| {
        let message = format!("{shown}, line {}: {}", mistake.line, mistake.message);
        error(message).help(mistake.help)
    };
    match Template::parse(&text) {
        Err(mistakes) => mistakes.into_iter().map(mistake).collect(),
        Ok(template) if system.image.version.is_none() && wants_version(&template) => {
            let message = format!("{shown} wants the image's version, and it has none");
            vec![error(message).help("set `image.version`")]
        }
        Ok(_) => Vec::new(),
    }
}

fn wants_version(template: &Template) -> bool {
    template.facts().any(|fact| *fact == Fact::Version)
}

/// Returns what is wrong with a script whose text is a file.
fn script(name: &str, system: &System) -> Option<Diagnostic> {
    let script = system.options.scripts.get(name)?;
    let bytes = fs::read(script.source.as_ref()?).ok()?;
    if script.interpreter.is_none() || !bytes.starts_with(b"#!") {
        return None;
    }
    let message = format!("the script `{name}` names an interpreter in its first line already");
    let error = Diagnostic::error("two-interpreters", message).help("leave `interpreter` out");
    let origin = system.origin(&join(&["scripts", name, "interpreter"]));
    Some(match origin {
        Some(origin) => error.at(origin, ""),
        None => error,
    })
}

/// Draws a template that wants what the image does not have, on the file that it is.
pub(crate) fn missing(error: &image::Error, system: &System) -> Option<Diagnostic> {
    let (list, refused) = match error {
        image::Error::Parts(parts::Error::Source(refused)) => ("files", refused),
        image::Error::Iso(outputs::iso::Error::Source(refused)) => ("iso.contents", refused),
        _ => return None,
    };
    let Refused::Fact { target, source } = refused else { return None };
    let files = system.options.files.iter().map(|file| (&file.target, file.template));
    let contents = system.options.iso.contents.iter().map(|file| (&file.target, file.template));
    let mut entries: Box<dyn Iterator<Item = (&String, bool)>> = match list {
        "files" => Box::new(files),
        _ => Box::new(contents),
    };
    let is_it = |(own, template): (&String, bool)| template && target.starts_with(own.as_str());
    let origin = system.origin_at(list, entries.position(is_it)?)?;
    let message = format!("\"{target}\" cannot be filled in: {source}");
    Some(Diagnostic::error("unknown-fact", message).at(origin, ""))
}
