//! Puts the texts of an image's licences into a folder, for whoever hands the medium on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use isoplug_bill::licences::Report;
use isoplug_formats::tree::sorted_names;
use isoplug_inspect::copyright::{self, Beside, Texts};
use isoplug_inspect::image::Image;
use isoplug_manifest::lock::LockedPackage;

use crate::debs::Debs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::{not_installed, open};
use crate::session::Session;

/// What goes into the folder.
const README: &str = "\
The licences of what is on the medium.

index.txt         each package with its version, its licence if a program can read
                  that, and the file with its copyright
packages/         the copyright file of each package, as Debian ships it
common-licenses/  the licences that those files name without repeating them
";

/// Writes the folder, which appears whole or not at all.
pub(super) fn write(
    iso: &Path,
    folder: &Path,
    debs: Option<&Path>,
    session: &Session,
) -> Result<(), Failure> {
    if sorted_names(folder).is_ok_and(|names| !names.is_empty()) {
        let message = format!("{} is there already, and not empty", folder.display());
        return Err(Failure::new(Exit::Manifest, message).hint("name a folder that is not there"));
    }
    let report = super::beside(iso)?;
    let texts = texts(iso, debs, session)?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let written = tempfile::tempdir_in(parent.unwrap_or(Path::new("."))).and_then(|new| {
        let inside = new.path().join("texts");
        fill(&inside, &texts, &report)?;
        fs::rename(&inside, folder)
    });
    written.map_err(|error| unwritten(folder, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {}", path.display())).because(error)
}

/// Collects the texts; fails if one is not to be had.
fn texts(iso: &Path, debs: Option<&Path>, session: &Session) -> Result<Texts, Failure> {
    let image = open(iso)?;
    let more = beside(&image, debs, session)?;
    let texts = copyright::texts(&image, &more).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot read {}", iso.display())).because(&error)
    })?;
    if texts.missing.is_empty() {
        return Ok(texts);
    }
    let all = texts.missing.join(", ");
    let message = format!("the .debs of what is not installed are missing: {all}");
    Err(Failure::new(Exit::Failed, message)
        .hint("build the image on this machine, or name a folder that has them with --debs"))
}

/// Returns what is in the image without being installed, each with its .deb.
fn beside(image: &Image, debs: Option<&Path>, session: &Session) -> Result<Vec<Beside>, Failure> {
    let locked: Vec<LockedPackage> = not_installed(image).into_iter().collect();
    let debs = Debs::find(&locked, debs, session)?;
    let beside = |locked: &LockedPackage| {
        let (name, version) = (locked.name.as_str(), locked.version.as_str());
        let deb = debs.of(name, version, locked.architecture.as_str());
        let source = locked.path.rsplit('/').nth(1).unwrap_or(name);
        Beside {
            name: name.into(),
            version: version.into(),
            source: source.into(),
            deb: deb.map(Path::to_owned),
        }
    };
    Ok(locked.iter().map(beside).collect())
}

/// Returns a name that a stick can have and that leads nowhere else, whatever an image calls its packages.
fn file_name(name: &str, version: &str) -> String {
    format!("{name}_{version}").replace(':', "%3a").replace('/', "%2f")
}

fn fill(folder: &Path, texts: &Texts, report: &Report) -> std::io::Result<()> {
    let (packages, common) = (folder.join("packages"), folder.join("common-licenses"));
    fs::create_dir_all(&packages)?;
    fs::create_dir(&common)?;
    let mut index = String::new();
    for ((name, version), text) in &texts.packages {
        let file = format!("packages/{}.txt", file_name(name, version));
        let row = report.packages.iter().find(|row| row.name == *name && row.version == *version);
        let licence = row.and_then(|row| row.licence.as_deref()).unwrap_or("not known");
        let place = if text.is_some() { &*file } else { "no copyright file" };
        let _ = writeln!(index, "{name}\t{version}\t{licence}\t{place}");
        if let Some(text) = text {
            fs::write(folder.join(&file), text)?;
        }
    }
    for (name, text) in &texts.common {
        fs::write(common.join(name), text)?;
    }
    fs::write(folder.join("README"), README)?;
    fs::write(folder.join("index.txt"), index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(file_name("vim", "2:9.1-1"), "vim_2%3a9.1-1");
        assert_eq!(file_name("../../x", "1"), "..%2f..%2fx_1");
    }
}
