//! Puts scripts into `/usr/local/bin`, each with what runs it in its first line, and looks whether the image has that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{File, Script};
use isoplug_manifest::path::in_image;
use serde::Serialize;

use super::files::{Refused, digest};
use super::{Attrs, ContributeError, Contributor, Rootfs, Trial};

/// Where `env` looks for what runs a script.
const PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Shells that can read a script without running it.
const SHELLS: [&str; 3] = ["bash", "dash", "sh"];

/// The scripts of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scripts {
    scripts: Vec<NewScript>,
    /// Paths of the user's files, which come later and may be what runs a script.
    #[serde(skip)]
    own: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct NewScript {
    name: String,
    #[serde(serialize_with = "digest")]
    bytes: Vec<u8>,
}

impl Scripts {
    /// Takes the scripts of a profile; their sources are relative to a folder.
    ///
    /// # Errors
    ///
    /// When one cannot be read, is no script, or names two interpreters.
    pub fn of(
        scripts: &BTreeMap<String, Script>,
        files: &[File],
        folder: &Path,
    ) -> Result<Self, Refused> {
        let one = |(name, script): (&String, &Script)| {
            let bytes = bytes(name, script, folder)?;
            Ok(NewScript { name: name.clone(), bytes })
        };
        let own = files.iter().map(|file| in_image(&file.target)).collect();
        Ok(Self { scripts: scripts.iter().map(one).collect::<Result<_, _>>()?, own })
    }

    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }
}

/// Returns what a script holds, with a first line that says what runs it.
fn bytes(name: &str, script: &Script, folder: &Path) -> Result<Vec<u8>, Refused> {
    let refused =
        |reason: &str| Err(Refused::Script { name: name.to_owned(), reason: reason.to_owned() });
    let bytes = match (&script.text, &script.source) {
        (None, Some(source)) => match fs::read(folder.join(source)) {
            Ok(bytes) => bytes,
            Err(error) => return refused(&format!("cannot be read: {source}: {error}")),
        },
        (text, _) => text.as_deref().unwrap_or_default().as_bytes().to_vec(),
    };
    if bytes.starts_with(b"\x7fELF") {
        return refused("is a program; `files` puts it into the image, with `mode = \"0755\"`");
    }
    match (bytes.starts_with(b"#!"), &script.interpreter) {
        (true, Some(_)) => {
            refused("names an interpreter in its first line already; leave `interpreter` out")
        }
        (true, None) => Ok(bytes),
        (false, _) => Ok([script.first_line().as_bytes(), &bytes[..]].concat()),
    }
}

impl Contributor for Scripts {
    fn by(&self) -> By {
        By::User
    }

    fn title(&self) -> String {
        "scripts".to_owned()
    }

    fn version(&self) -> u32 {
        1
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("scripts", self);
    }

    /// Shells read their scripts, and run nothing of them.
    fn trial(&self) -> Option<Trial> {
        let of_shells = self.scripts.iter().filter_map(|script| {
            let line = script.bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let (program, _) = wanted(&String::from_utf8_lossy(line));
            let shell = program.rsplit('/').next().unwrap_or_default();
            let shell = SHELLS.into_iter().find(|known| *known == shell)?;
            Some((shell, Script::path(&script.name)))
        });
        let of_shells: Vec<(&str, String)> = of_shells.collect();
        let programs: BTreeSet<&str> = of_shells.iter().map(|(shell, _)| *shell).collect();
        let read = |(shell, path): &(&str, String)| {
            vec![format!("/bin/{shell}").into(), "-n".into(), path.clone().into()]
        };
        (!of_shells.is_empty()).then(|| Trial {
            programs: programs.iter().map(|shell| format!("usr/bin/{shell}").into()).collect(),
            reads: of_shells.iter().map(|(_, path)| in_image(path).into()).collect(),
            run: of_shells.iter().map(read).collect(),
            ..Trial::default()
        })
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        for NewScript { name, bytes } in &self.scripts {
            self.is_run(rootfs, name, bytes)?;
            rootfs.file(&Script::path(name), bytes, Attrs::mode(0o755))?;
        }
        Ok(())
    }
}

impl Scripts {
    /// Refuses a script that nothing of the image runs.
    fn is_run(&self, rootfs: &dyn Rootfs, name: &str, bytes: &[u8]) -> Result<(), ContributeError> {
        let refused = |reason: String| ContributeError::refused(format!("scripts.{name}"), reason);
        let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        if line.ends_with('\r') {
            let reason = "its lines end as those of Windows do, and the kernel takes the carriage return for a part of the \
                          interpreter's name; take them out, as `dos2unix` does";
            return Err(refused(reason.to_owned()));
        }
        let (program, places) = wanted(&line);
        let is_there = |path: &String| {
            let is_own = self.own.iter().any(|own| in_image(path).starts_with(own));
            is_own || rootfs.stat(path).is_some()
        };
        match places.iter().any(is_there) {
            true => Ok(()),
            false => Err(refused(format!(
                "its first line names {program}, which the image does not have; add the package that has it to \
                 `scripts.{name}.packages`"
            ))),
        }
    }
}

/// Returns what runs a script, by its first line, and where that can be.
fn wanted(line: &str) -> (String, Vec<String>) {
    let mut words = line.trim_start_matches("#!").split_ascii_whitespace();
    let program = words.next().unwrap_or_default();
    if !program.ends_with("/env") {
        return (program.to_owned(), vec![program.to_owned()]);
    }
    let is_program = |word: &&str| !word.starts_with('-') && !word.contains('=');
    let program = words.find(is_program).unwrap_or_default();
    (program.to_owned(), PATH.iter().map(|folder| format!("{folder}/{program}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rootfs_of_tests::TestRootfs;

    fn of(script: Script) -> Result<Scripts, Refused> {
        Scripts::of(&BTreeMap::from([("hi".to_owned(), script)]), &[], Path::new(""))
    }

    fn text(text: &str, interpreter: Option<&str>) -> Script {
        let interpreter = interpreter.map(str::to_owned);
        Script { text: Some(text.to_owned()), interpreter, ..Script::default() }
    }

    fn made(script: Script) -> Result<String, String> {
        let mut rootfs = TestRootfs::with(&[("/bin/sh", ""), ("/usr/bin/python3", "")]);
        rootfs.add(&of(script).unwrap()).map_err(|error| error.to_string())?;
        assert_eq!(rootfs.entry("/usr/local/bin/hi").mode, 0o755);
        Ok(rootfs.text("/usr/local/bin/hi"))
    }

    #[test]
    fn each_has_what_runs_it_in_its_first_line() {
        let made = |lines: &str, by| made(text(lines, by)).unwrap();
        assert_eq!(made("echo\n", None), "#!/bin/sh\necho\n");
        assert_eq!(made("echo\n", Some("sh")), "#!/bin/sh\necho\n");
        assert_eq!(made("x\n", Some("python3")), "#!/usr/bin/python3\nx\n");
        assert_eq!(made("x\n", Some("/bin/sh -e")), "#!/bin/sh -e\nx\n");
        for own in ["#!/bin/sh\n", "#! /usr/bin/python3 -I\n", "#!/usr/bin/env -S A=1 python3\n"] {
            assert_eq!(made(own, None), own);
        }
    }

    #[test]
    fn what_nothing_runs_is_refused() {
        let refused = |script| made(script).unwrap_err();
        insta::assert_snapshot!(refused(text("", Some("fish"))), @"scripts.hi: its first line names /usr/bin/fish, which the image does not have; add the package that has it to `scripts.hi.packages`");
        insta::assert_snapshot!(refused(text("#!/usr/bin/env ruby\n", None)), @"scripts.hi: its first line names ruby, which the image does not have; add the package that has it to `scripts.hi.packages`");
        assert!(refused(text("#!/bin/sh\r\n", None)).contains("those of Windows"));
        let own = File::text("/opt/run", "");
        let script = BTreeMap::from([("hi".to_owned(), text("", Some("/opt/run")))]);
        let with_own = Scripts::of(&script, &[own], Path::new("")).unwrap();
        TestRootfs::with(&[]).add(&with_own).unwrap();
    }

    #[test]
    fn shells_read_their_own_scripts() {
        let scripts = [("a", text("", None)), ("b", text("#!/usr/bin/env bash\n", None))];
        let other = ("c", text("", Some("python3")));
        let scripts = scripts.into_iter().chain([other]).map(|(name, it)| (name.to_owned(), it));
        let trial = Scripts::of(&scripts.collect(), &[], Path::new("")).unwrap().trial().unwrap();
        assert_eq!(trial.programs, ["usr/bin/bash", "usr/bin/sh"]);
        assert_eq!(trial.reads, ["usr/local/bin/a", "usr/local/bin/b"]);
        assert_eq!(trial.run[1], ["/bin/bash", "-n", "/usr/local/bin/b"]);
        assert_eq!(of(text("", Some("python3"))).unwrap().trial(), None);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        let twice = of(text("#!/bin/sh\n", Some("bash"))).unwrap_err().to_string();
        insta::assert_snapshot!(twice, @"the script `hi` names an interpreter in its first line already; leave `interpreter` out");
        let program = of(text("\u{7f}ELF", None)).unwrap_err().to_string();
        assert!(program.contains("is a program"), "{program}");
    }
}
