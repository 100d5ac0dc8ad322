//! Answers why a package is there, and whose a file or folder is.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use isoplug_engine::Unit;
use isoplug_image::image::Image;
use isoplug_image::stages::sizes::{Report, SizedFile};
use isoplug_manifest::System;

use super::{Total, by_package};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::amount;

/// How many lines an answer has of one kind.
const MOST: usize = 10;

/// Returns the packages that somebody asks for, each with who does.
pub(crate) fn roots(system: &System, image: &Image) -> BTreeMap<String, String> {
    let base = image.locked.groups.first().into_iter().flatten();
    let base = base.map(|package| (package.name.to_string(), "every system has it".to_owned()));
    let asked = system.packages().into_iter().map(|needed| {
        (needed.what.bare_name().to_owned(), format!("`{}` asks for it", needed.because))
    });
    base.chain(asked).collect()
}

/// Answers for a package or an absolute path.
///
/// # Errors
///
/// When the image has neither.
pub(crate) fn why(
    what: &str,
    report: &Report,
    roots: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    match what.strip_prefix('/') {
        Some(_) => path(what.trim_end_matches('/'), report),
        None => package(what, report, roots),
    }
}

fn path(path: &str, report: &Report) -> Result<String, Failure> {
    let below = format!("{path}/");
    let is_it = |file: &&SizedFile| file.path == path || file.path.starts_with(&below);
    let files: Vec<SizedFile> = report.files.iter().filter(is_it).cloned().collect();
    if files.is_empty() {
        let failure = Failure::new(Exit::Failed, format!("the image has no file {path}"));
        return Err(failure.hint("name a regular file or a folder as the running system has it"));
    }
    let mut text = format!("{path}: {}\n", said(Total::of(&files)));
    for (package, total) in by_package(&files).into_iter().take(MOST) {
        let _ = writeln!(text, "  {}  {package}", said(total));
    }
    Ok(text)
}

fn package(
    name: &str,
    report: &Report,
    roots: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    if !report.needs.contains_key(name) {
        let failure = Failure::new(Exit::Failed, format!("the image has no package {name}"));
        return Err(failure.hint("`isoplug size` lists those that it has; a path begins with `/`"));
    }
    let files = report.files.iter().filter(|file| file.package.as_deref() == Some(name));
    let mut text = format!("{name}: {}\n", said(Total::of(files)));
    for (depth, line) in chain(name, report, roots).into_iter().enumerate() {
        let _ = writeln!(text, "{}{line}", "  ".repeat(depth + 1));
    }
    text.push_str(&users(name, report));
    Ok(text)
}

/// Returns the line that names what needs a package.
fn users(name: &str, report: &Report) -> String {
    let users = report.needs.iter().filter(|(_, needs)| needs.contains(name));
    let users: Vec<&str> = users.map(|(user, _)| &**user).collect();
    let shown = users[..users.len().min(MOST)].join(", ");
    match users.len() {
        0 => String::new(),
        1..=MOST => format!("  needed or recommended by: {shown}\n"),
        all => format!("  needed or recommended by: {shown}, and {} others\n", all - MOST),
    }
}

/// Returns the shortest way from a package that somebody asks for to this one.
fn chain(name: &str, report: &Report, roots: &BTreeMap<String, String>) -> Vec<String> {
    let from = reached(report, roots);
    if !from.contains_key(name) {
        return vec!["nothing that is asked for leads to it".to_owned()];
    }
    let mut way: Vec<&str> =
        std::iter::successors(Some(name), |package| from.get(package).copied().flatten()).collect();
    way.reverse();
    let reason = format!("{}: {}", way[0], roots[way[0]]);
    let steps = way[1..].iter().map(|package| format!("needs or recommends {package}"));
    std::iter::once(reason).chain(steps).collect()
}

/// Returns every package that the roots lead to, with the one before it on a shortest way.
fn reached<'r>(
    report: &'r Report,
    roots: &'r BTreeMap<String, String>,
) -> BTreeMap<&'r str, Option<&'r str>> {
    let roots = roots.keys().filter(|root| report.needs.contains_key(*root));
    let mut next: VecDeque<&str> = roots.map(String::as_str).collect();
    let mut from: BTreeMap<&str, Option<&str>> = next.iter().map(|root| (*root, None)).collect();
    while let Some(package) = next.pop_front() {
        for needed in report.needs.get(package).into_iter().flatten() {
            if !from.contains_key(&**needed) {
                from.insert(needed, Some(package));
                next.push_back(needed);
            }
        }
    }
    from
}

fn said(Total { bytes, files }: Total) -> String {
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    format!("{} in {files}", amount(bytes, Unit::Bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use insta::assert_snapshot;

    use super::super::files;
    use super::*;

    fn report() -> Report {
        let needs = [("ssh", "pam"), ("pam", "perl"), ("perl", ""), ("dpkg", "perl"), ("lost", "")];
        let needs = needs.map(|(package, needed)| {
            let needed: BTreeSet<String> = [needed]
                .iter()
                .filter(|name| !name.is_empty())
                .map(|name| (*name).to_owned())
                .collect();
            (package.to_owned(), needed)
        });
        let files = files(&[("/usr/bin/perl", 3_400_000, Some("perl")), ("/usr/a", 10, None)]);
        Report { files, needs: needs.into() }
    }

    fn answer(what: &str) -> String {
        let roots = BTreeMap::from([(
            "ssh".to_owned(),
            "`services.openssh.enable` asks for it".to_owned(),
        )]);
        why(what, &report(), &roots).unwrap_or_else(|failure| failure.message)
    }

    #[test]
    fn the_shortest_way_is_told() {
        assert_snapshot!(answer("perl"), @r"
        perl: 3.4 MB in 1 file
          ssh: `services.openssh.enable` asks for it
            needs or recommends pam
              needs or recommends perl
          needed or recommended by: dpkg, pam
        ");
        assert_snapshot!(answer("ssh"), @r"
        ssh: 0 bytes in 0 files
          ssh: `services.openssh.enable` asks for it
        ");
        assert_snapshot!(answer("lost"), @r"
        lost: 0 bytes in 0 files
          nothing that is asked for leads to it
        ");
        assert_snapshot!(answer("gone"), @"the image has no package gone");
    }

    #[test]
    fn paths_have_owners() {
        assert_snapshot!(answer("/usr/"), @r"
        /usr: 3.4 MB in 2 files
          3.4 MB in 1 file  perl
          10 bytes in 1 file  (of no package)
        ");
        assert_snapshot!(answer("/usr/bin/perl"), @r"
        /usr/bin/perl: 3.4 MB in 1 file
          3.4 MB in 1 file  perl
        ");
        assert_snapshot!(answer("/us"), @"the image has no file /us");
    }
}
