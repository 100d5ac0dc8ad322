//! Two profiles side by side: the options, packages, files and stages in which they differ.
//!
//! Looks at the manifest, the lock and what is in the store; makes nothing and prints nothing.

mod packages;
mod shown;

use std::collections::BTreeMap;

use isoplug_engine::OtherStage;
use isoplug_image::parts;
use isoplug_manifest::{OtherOption, System, differing};
use isoplug_packages::locking::locked_image;

use crate::failure::Failure;
use crate::locking::{LockUse, request, sources};
use crate::outcome;
use crate::pick::Pick;
use crate::prepare::prepare;
use crate::project::Project;
use crate::session::Session;
use packages::{OtherPackage, Packages};

/// One of the two.
pub(crate) struct Side {
    pick: Pick,
    system: System,
    packages: Packages,
}

/// What differs.
pub(crate) struct Two {
    picks: [Pick; 2],
    options: Vec<OtherOption>,
    packages: Vec<OtherPackage>,
    files: Vec<OtherFile>,
    /// `None` where the lock does not have both, or one has no medium.
    stages: Option<Vec<OtherStage>>,
    /// What is not known, and why.
    notes: Vec<String>,
}

/// A file with who makes it; `None` where it is not.
struct OtherFile {
    path: String,
    makers: [Option<String>; 2],
}

impl Side {
    /// Reads a profile, and what is locked of it.
    pub(crate) fn of(project: &Project, pick: Pick, session: &Session) -> Result<Self, Failure> {
        let system = project.evaluate(&pick.profile, &pick.arch, session)?;
        let lock = project.lock(session)?.unwrap_or_default();
        let sources = sources(&system, session)?;
        let request = request(&sources, &system);
        let packages = match locked_image(&lock, &system, &request) {
            Some(image) => Packages::locked(image, &lock, (&sources, &request), &system, session)?,
            None => Packages::asked(&system),
        };
        Ok(Self { pick, system, packages })
    }

    /// Returns the files that parts and the manifest put into the image, each with who does.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> = parts::places(&self.system)
            .into_iter()
            .map(|(path, maker)| (format!("/{}", path.trim_start_matches('/')), maker))
            .collect();
        let own = self.system.options.files.iter().enumerate();
        files.extend(own.map(|(index, file)| {
            let origin = self.system.origin_at("files", index);
            let place = origin.map(|origin| self.system.texts.place(origin));
            (file.target.clone(), place.unwrap_or_else(|| "files".to_owned()))
        }));
        files
    }

    /// Says why it has no stages, if so.
    fn without_stages(&self) -> Option<String> {
        let profile = &self.pick.profile;
        if self.system.is_installed() {
            return Some(format!("no stages: profile {profile} is for a disk"));
        }
        let text = format!(
            "no stages, and only packages that are asked for: isoplug.lock does not pin {profile}"
        );
        (!self.packages.is_locked).then_some(text)
    }
}

impl Two {
    /// Compares two profiles.
    pub(crate) fn of(
        project: &Project,
        sides: [Side; 2],
        session: &Session,
    ) -> Result<Self, Failure> {
        let [a, b] = &sides;
        let without = a.without_stages().or_else(|| b.without_stages());
        let stages = match without {
            Some(_) => None,
            None => Some(stages(project, &sides, session)?),
        };
        let unknown = sides.iter().find_map(|side| side.packages.unknown.clone());
        Ok(Self {
            options: differing(&a.system, &b.system),
            packages: packages::differing(&a.packages, &b.packages),
            files: files(&a.files(), &b.files()),
            stages,
            notes: without.into_iter().chain(unknown).collect(),
            picks: sides.map(|side| side.pick),
        })
    }
}

fn stages(
    project: &Project,
    sides: &[Side; 2],
    session: &Session,
) -> Result<Vec<OtherStage>, Failure> {
    let [a, b] =
        [&sides[0], &sides[1]].map(|side| prepare(project, &side.pick, LockUse::Looked, session));
    let ((a, first), (b, second)) = (a?, b?);
    let targets = [first.products.artifacts(), second.products.artifacts()];
    isoplug_engine::differ((&a, &targets[0]), (&b, &targets[1]), &first.store)
        .map_err(|error| outcome::failure(&error, &first.system))
}

fn files(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<OtherFile> {
    let mut all: Vec<&String> = a.keys().chain(b.keys()).collect();
    all.sort();
    all.dedup();
    let file = |path: &String| {
        let makers = [a.get(path).cloned(), b.get(path).cloned()];
        (makers[0] != makers[1]).then(|| OtherFile { path: path.clone(), makers })
    };
    all.into_iter().filter_map(file).collect()
}
