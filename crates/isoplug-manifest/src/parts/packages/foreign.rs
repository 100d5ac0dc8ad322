//! Packages of another architecture than the image's: which there can be.

use crate::diagnostic::Diagnostic;
use crate::option::{Path, option};
use crate::package::other_in;
use crate::part::Lint;

use super::Packages;

/// What one has to know to judge a wish.
struct Image<'a> {
    profile: &'a str,
    arch: &'a str,
    foreign: &'a [String],
}

pub(super) fn lint(packages: &Packages, profile: &str, arch: &str, lint: &mut Lint<'_>) {
    let image = Image { profile, arch, foreign: &packages.architectures };
    let architectures = option!(packages.architectures);
    report(&packages.architectures, &architectures, |other| image.not_run(other), lint);
    let one = |wish: &String| image.refused(wish);
    report(&packages.install, &option!(packages.install), one, lint);
    report(&packages.offline, &option!(packages.offline), |wish| image.not_beside(wish), lint);
    for (source, wishes) in &packages.from {
        let path = Path::written(&option!(packages.from).below(source).to_string());
        report(wishes, &path, one, lint);
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

impl Image<'_> {
    /// Says that an architecture cannot be beside the image's.
    fn not_run(&self, other: &str) -> Option<Diagnostic> {
        let (own, run) = (self.arch, isoplug_arch::run_by(self.arch));
        if run.contains(&other) {
            return None;
        }
        let message = match other == own {
            true => format!("{own} is the architecture of the image already"),
            false => format!(
                "an image for {own} cannot have packages of {other}: its machines do not run them"
            ),
        };
        let help = match run {
            [] => format!("leave it out: machines of {own} run programs of {own} alone"),
            run => format!("it can have those of {}", run.join(", ")),
        };
        Some(Diagnostic::error("foreign-architecture", message).help(help))
    }

    /// Says that a wish asks for an architecture that the image does not have, and what else may be done.
    fn refused(&self, wish: &str) -> Option<Diagnostic> {
        let (name, wanted) = other_in(wish, self.arch)?;
        if self.foreign.iter().any(|foreign| foreign == wanted) {
            return None;
        }
        let arch = self.arch;
        let message = format!(
            "`{name}:{wanted}` is a package for {wanted}, and the image has those of {arch} alone"
        );
        Some(Diagnostic::error("foreign-architecture", message).help(self.help(name, wanted)))
    }

    /// Says that packages beside the image are of its own architecture.
    fn not_beside(&self, wish: &str) -> Option<Diagnostic> {
        let (name, wanted) = other_in(wish, self.arch)?;
        let arch = self.arch;
        let message = format!(
            "`{name}:{wanted}` is a package for {wanted}, and what lies beside the image is of {arch} alone"
        );
        let help =
            "put it into `packages.install`, with its architecture in `packages.architectures`";
        Some(Diagnostic::error("foreign-architecture", message).help(help))
    }

    fn help(&self, name: &str, wanted: &str) -> String {
        let Self { profile, arch, .. } = self;
        if isoplug_arch::run_by(arch).contains(&wanted) {
            return format!("add `packages.architectures = [\"{wanted}\"]`");
        }
        match isoplug_arch::with_images().contains(&wanted) {
            true => format!(
                "ask for `{name}` without `:{wanted}`, or in [profiles.{profile}.when.arch.{wanted}] alone"
            ),
            false => format!("leave `:{wanted}` out: machines of {arch} do not run it"),
        }
    }
}
