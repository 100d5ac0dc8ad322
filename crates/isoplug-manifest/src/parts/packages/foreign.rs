//! Packages of another architecture than the image's: which there are not.

use crate::diagnostic::Diagnostic;
use crate::option::{Path, option};
use crate::part::Lint;

use super::Packages;

/// What may stand behind a package's colon in every image.
const OF_ALL: [&str; 3] = ["all", "any", "native"];

pub(super) fn lint(packages: &Packages, profile: &str, arch: &str, lint: &mut Lint<'_>) {
    let one = |wish: &String| refused(wish, profile, arch);
    for (wishes, path) in [
        (&packages.install, option!(packages.install)),
        (&packages.offline, option!(packages.offline)),
    ] {
        report(wishes, &path, one, lint);
    }
    for (source, wishes) in &packages.from {
        report(
            wishes,
            &Path::written(&option!(packages.from).below(source).to_string()),
            one,
            lint,
        );
    }
}

fn report(
    wishes: &[String],
    path: &Path<Vec<String>>,
    refused: impl Fn(&String) -> Option<Diagnostic>,
    lint: &mut Lint<'_>,
) {
    for (wish, origin) in wishes.iter().zip(lint.items(path)) {
        refused(wish).into_iter().for_each(|found| lint.report(found.at(origin, "")));
    }
}

/// Says that a wish asks for another architecture, and what else may be done.
fn refused(wish: &str, profile: &str, arch: &str) -> Option<Diagnostic> {
    let (name, rest) = wish.split_once(':')?;
    if name.contains(['=', '/']) {
        return None;
    }
    let wanted = rest.split(['=', '/', '@']).next().unwrap_or(rest);
    if wanted == arch || OF_ALL.contains(&wanted) {
        return None;
    }
    let message = format!(
        "`{name}:{wanted}` is a package for {wanted}, and an image has those of one architecture, here {arch}"
    );
    let help = help(name, wanted, profile);
    Some(Diagnostic::error("foreign-architecture", message).help(help))
}

fn help(name: &str, wanted: &str, profile: &str) -> String {
    match isoplug_arch::with_images().contains(&wanted) {
        true => format!(
            "ask for `{name}` without `:{wanted}`, or in [profiles.{profile}.when.arch.{wanted}] alone"
        ),
        false => format!(
            "leave `:{wanted}` out, or let the running system install it: `dpkg --add-architecture {wanted}`, \
             `apt-get update`, `apt-get install {name}:{wanted}`"
        ),
    }
}
