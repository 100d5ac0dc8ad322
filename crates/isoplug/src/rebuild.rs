//! Makes the layers of packages twice and names what differs: what `check --rebuild` does.

use isoplug_engine::Graph;
use isoplug_image::pipeline;
use isoplug_image::stages::{compare, settled};
use isoplug_sandbox::state::difference::Difference;

use crate::commands::select::Locking;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome;
use crate::pick::Pick;
use crate::prepare::{Planned, plan};
use crate::project::Project;
use crate::session::Session;

/// Compares two builds of a profile's packages.
pub(crate) fn rebuild(
    project: &Project,
    pick: &Pick,
    locking: Locking,
    session: &Session,
) -> Result<(), Failure> {
    let Planned { system, image, store } = plan(project, pick, locking.into(), session)?;
    let mut graph = Graph::new();
    let wanted = pipeline::rebuild(&image, &mut graph);
    let options = session.run_options();
    let outputs = isoplug_engine::run(&graph, &[wanted.id()], &store, &options)
        .map_err(|error| outcome::failure(&error, &system))?;
    let lost = || Failure::new(Exit::Internal, "the comparison is lost");
    let found = outputs.path(wanted).ok_or_else(lost)?;
    let found = compare::read(&found).map_err(|error| lost().because(&error))?;
    judge(&found, &pick.profile, session)
}

fn judge(found: &[Difference], profile: &str, session: &Session) -> Result<(), Failure> {
    found.iter().for_each(|one| session.out(&line(one)));
    if found.is_empty() {
        session.note(&format!("{profile}: both builds of its packages are the same"));
        return Ok(());
    }
    let message = format!("two builds of the packages of {profile} differ in {}", count(found));
    Err(Failure::new(Exit::Failed, message).hint(settled::HINT))
}

fn count(found: &[Difference]) -> String {
    match found.len() {
        1 => "one file".to_owned(),
        number => format!("{number} files"),
    }
}

/// Returns path, package, what a build sees by itself, and what differs, parted by tabs.
fn line(Difference { path, package, suspect, what }: &Difference) -> String {
    let [package, suspect, what] =
        [package, suspect, what].map(|word| word.as_deref().unwrap_or("-"));
    format!("{path}\t{package}\t{suspect}\t{what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_four_parts() {
        let what = Some("`1` and `2`".to_owned());
        let one = Difference { path: "/etc/x".into(), package: None, suspect: None, what };
        assert_eq!(line(&one), "/etc/x\t-\t-\t`1` and `2`");
    }
}
