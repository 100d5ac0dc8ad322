//! Tells from what dpkg says which packages failed, and keeps the lines that are about them.
//!
//! dpkg does one thing after the other and says what it begins, so the lines between are of the
//! package that it named last. Knows no cure; see [`super::reason`].

use std::collections::VecDeque;

/// How many lines of one package are kept: the first ones go.
const KEPT: usize = 30;

/// A package that failed, in dpkg's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its name, without an architecture.
    pub package: String,
    /// What was said since dpkg began with it, with the complaint at the end.
    pub lines: Vec<String>,
    /// Whether it only waits for another one that failed.
    pub waits: bool,
}

/// Reads along.
#[derive(Debug, Default)]
pub struct Transcript {
    /// What dpkg is at, and what was said since.
    package: String,
    lines: VecDeque<String>,
    failed: Vec<Failed>,
    /// Whether the lines that follow explain the last failure.
    explains: bool,
}

impl Transcript {
    /// Forgets the lines of the package before, if a line begins another one.
    fn begin_anew(&mut self, line: &str) {
        if let Some(package) = begun(line)
            && !(line.starts_with("Unpacking ") && package == self.package)
        {
            self.package = package.to_owned();
            self.lines.clear();
        }
    }

    /// Takes a line.
    pub fn line(&mut self, line: &str) {
        if self.explains
            && line.starts_with(' ')
            && let Some(failed) = self.failed.last_mut()
        {
            failed.waits |= is_about_others(line);
            failed.lines.push(line.to_owned());
            return;
        }
        self.explains = false;
        if let Some(package) = failed_package(line) {
            return self.fails(package, line);
        }
        self.begin_anew(line);
        self.lines.push_back(line.to_owned());
        if self.lines.len() > KEPT {
            self.lines.remove(1);
        }
    }

    fn fails(&mut self, package: &str, line: &str) {
        let said = std::mem::take(&mut self.lines);
        let said = if package == self.package { said } else { VecDeque::new() };
        let lines = said.into_iter().chain([line.to_owned()]).collect();
        self.failed.push(Failed { package: package.to_owned(), lines, waits: false });
        self.explains = true;
    }

    /// Returns the packages that failed: first those that failed by themselves.
    pub fn failed(mut self) -> Vec<Failed> {
        self.failed.sort_by_key(|failed| failed.waits);
        self.failed
    }
}

/// Returns the package with which dpkg begins something.
fn begun(line: &str) -> Option<&str> {
    let about = |start: &str, end: &str| {
        let rest = line.strip_prefix(start)?;
        Some(rest.split(end).next().unwrap_or(rest))
    };
    let named = about("Setting up ", " ")
        .or_else(|| about("Processing triggers for ", " "))
        .or_else(|| about("Unpacking ", " "))
        .or_else(|| about("dpkg: dependency problems prevent configuration of ", ":"))
        .or_else(|| about("dpkg: dependency problems prevent processing triggers for ", ":"));
    let file = || about("Preparing to unpack ", " ").or_else(|| about("dpkg: regarding ", " "));
    named.map(without_architecture).or_else(|| file().map(package_of_file))
}

/// Returns the package of a complaint.
fn failed_package(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("dpkg: error processing ")?;
    if let Some(rest) = rest.strip_prefix("package ") {
        return rest.split_whitespace().next().map(without_architecture);
    }
    rest.strip_prefix("archive ")?.split_whitespace().next().map(package_of_file)
}

fn without_architecture(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// Returns the package of a file that we gave to dpkg ([`super::Package`]).
fn package_of_file(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split('_').next().unwrap_or(file)
}

fn is_about_others(line: &str) -> bool {
    let line = line.trim_start();
    ["dependency problems - ", "pre-dependency problem - "].iter().any(|p| line.starts_with(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(text: &str) -> Vec<Failed> {
        let mut transcript = Transcript::default();
        text.lines().for_each(|line| transcript.line(line));
        transcript.failed()
    }

    /// What dpkg says when a package fails, and another one waits for it.
    const SAID: &str = "Setting up first (1) ...\nfirst is fine\nSetting up bad:amd64 (2) ...\nstep one\n\
         cannot: no space\ndpkg: error processing package bad:amd64 (--configure):\n \
         installed bad package post-installation script subprocess returned error exit \
         status 3\ndpkg: dependency problems prevent configuration of needs-it:\n needs-it \
         depends on bad; however:\n  Package bad:amd64 is not configured yet.\n\n\
         dpkg: error processing package needs-it (--configure):\n dependency problems - \
         leaving unconfigured\nSetting up last (1) ...\nmuch more\nErrors were encountered \
         while processing:\n bad:amd64\n needs-it\n";

    #[test]
    fn the_lines_of_the_package_that_failed_are_kept() {
        let failed = failed(SAID);
        let names = |failed: &[Failed]| {
            failed.iter().map(|f| (f.package.clone(), f.waits)).collect::<Vec<_>>()
        };
        assert_eq!(names(&failed), [("bad".to_owned(), false), ("needs-it".to_owned(), true)]);
        insta::assert_snapshot!(failed[0].lines.join("\n"), @r"
        Setting up bad:amd64 (2) ...
        step one
        cannot: no space
        dpkg: error processing package bad:amd64 (--configure):
         installed bad package post-installation script subprocess returned error exit status 3
        ");
        assert_eq!(failed[1].lines.len(), 6, "{:?}", failed[1]);
    }

    #[test]
    fn packages_that_cannot_be_unpacked_are_known_by_their_files() {
        let failed = failed(
            "Selecting previously unselected package b.\nPreparing to unpack \
             /run/isoplug/b_all.deb ...\npreinst speaks\nUnpacking b (1) ...\ndpkg: error \
             processing archive /run/isoplug/b_all.deb (--unpack):\n trying to overwrite \
             '/usr/bin/x', which is also in package a 1\nErrors were encountered while \
             processing:\n /run/isoplug/b_all.deb\n",
        );
        insta::assert_snapshot!(failed[0].lines.join("\n"), @r"
        Preparing to unpack /run/isoplug/b_all.deb ...
        preinst speaks
        Unpacking b (1) ...
        dpkg: error processing archive /run/isoplug/b_all.deb (--unpack):
         trying to overwrite '/usr/bin/x', which is also in package a 1
        ");
    }

    #[test]
    fn a_trigger_fails_in_its_packages_name() {
        let failed = failed(
            "Setting up other (1) ...\nProcessing triggers for index (1) ...\nno index\ndpkg: \
             error processing package index (--configure):\n installed index package \
             post-installation script subprocess returned error exit status 1\n",
        );
        assert_eq!((failed[0].package.as_str(), failed[0].lines.len()), ("index", 4));
        assert_eq!(failed[0].lines[0], "Processing triggers for index (1) ...");
    }

    #[test]
    fn of_many_lines_the_last_ones_are_kept() {
        let mut text = "Setting up a (1) ...\n".to_owned();
        (0..1000).for_each(|n| text += &format!("{n}\n"));
        text += "dpkg: error processing package a (--configure):\n so\n";
        let [failed] = &failed(&text)[..] else { panic!() };
        assert_eq!(failed.lines.len(), KEPT + 2);
        assert_eq!(
            (failed.lines[0].as_str(), failed.lines[1].as_str()),
            ("Setting up a (1) ...", "971")
        );
    }

    #[test]
    fn nothing_failed() {
        assert_eq!(failed("Setting up good (1) ...\ndpkg: warning: error processing\n"), []);
    }
}
