//! What a project accepts of known vulnerabilities.

use std::path::Path;

use isoplug_inspect::cve::accept::{Acceptance, Accepting, of_medium};
use isoplug_inspect::image::Image;
use isoplug_inspect::report::overview::card;
use isoplug_inspect::target::Target;
use isoplug_manifest::System;
use isoplug_manifest::options::{Accepted, Justification};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::Side;
use crate::plugins::Guests;
use crate::project::Project;
use crate::session::Session;

/// Returns what the profile of an image, or of a lock, accepts.
pub(super) fn of(
    folder: &Path,
    side: &Side,
    profile: Option<&str>,
    session: &Session,
) -> Result<Vec<Acceptance>, Failure> {
    let (profile, arch) = which(side, profile).ok_or_else(|| {
        let message = format!("{} does not say which profile it is of", side.name());
        Failure::new(Exit::Manifest, message).hint("name it: --profile live.amd64")
    })?;
    let project = Project::open(folder)?;
    project.allow(session)?;
    let lock = project.lock(session)?.unwrap_or_default();
    let evaluated = |profile: &str| {
        let mut guests = Guests::new(&project, &lock, session);
        project.evaluate_silently((profile, &arch), &mut guests)
    };
    match side {
        Side::Image(image) => of_image(image, &evaluated(&profile)?, &evaluated),
        Side::Lock(..) => Ok(accepted(&evaluated(&profile)?)),
    }
}

/// Returns what is accepted of all systems of an image.
fn of_image(
    image: &Image,
    own: &System,
    evaluated: &dyn Fn(&str) -> Result<System, Failure>,
) -> Result<Vec<Acceptance>, Failure> {
    let mut systems = vec![Accepting { packages: &image.packages, accepted: accepted(own) }];
    for Target { name, packages, .. } in &image.targets {
        // One that the project does not install any more accepts nothing.
        let is_known = own.options.install.targets.contains(name);
        let profile = is_known.then(|| evaluated(name)).transpose()?;
        let accepted = profile.as_ref().map(accepted).unwrap_or_default();
        systems.push(Accepting { packages, accepted });
    }
    Ok(of_medium(&systems))
}

fn accepted(system: &System) -> Vec<Acceptance> {
    system.options.vulnerabilities.accept.iter().map(acceptance).collect()
}

/// Returns profile and architecture: those that were named, of the lock's image, or of the card on the medium.
fn which(side: &Side, named: Option<&str>) -> Option<(String, String)> {
    let parted = |name: &str| {
        let (profile, arch) = name.split('+').next()?.rsplit_once('.')?;
        Some((profile.to_owned(), arch.to_owned()))
    };
    match side {
        Side::Lock(_, image, _) => parted(image),
        Side::Image(image) => named.and_then(parted).or_else(|| {
            let card = card(image)?;
            let text = |name: &str| card[name].as_str().map(str::to_owned);
            Some((named.map(str::to_owned).or_else(|| text("profile"))?, text("architecture")?))
        }),
    }
}

fn acceptance(accepted: &Accepted) -> Acceptance {
    let Accepted { id, package, reason, until, justification } = accepted;
    let word = |word: &Justification| serde_json::json!(word).as_str().map(str::to_owned);
    Acceptance {
        id: id.clone(),
        package: package.clone(),
        reason: reason.clone(),
        until: until.clone(),
        justification: justification.as_ref().and_then(word),
    }
}
