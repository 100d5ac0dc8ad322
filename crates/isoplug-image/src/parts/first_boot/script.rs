//! The script of a first-boot unit: it makes what a machine makes for itself, and whoever cuts the power halfway gets
//! it made anew at the next boot.
//!
//! One runs at a time: what it calls is written for dpkg, which configures one package after the other, and debconf's
//! memory is locked by whoever has it. A mark lies beside what is made for as long as it is being made. Who finds it
//! there knows that the last attempt did not come to its end, whatever it left; so no script of the table has to care.

use super::Rootfs;
use isoplug_sandbox::state::State;

/// The file that whoever has its turn holds.
const TURN: &str = "/run/isoplug-first-boot";

/// Returns the path of the mark: in the next folder above what is made that the image has, so that it stays for
/// as long as that does.
pub(super) fn mark(rootfs: &dyn Rootfs, state: &State) -> String {
    let path = &state.paths[0];
    let fixed = path.split(['*', '?', '[']).next().unwrap_or_default();
    let mut folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
    // A mark in a folder that is itself what is made would be in its way.
    if path.strip_prefix(folder).is_some_and(|rest| rest == "/**") {
        folder = above(folder);
    }
    while !folder.is_empty() && rootfs.stat(folder).is_none() {
        folder = above(folder);
    }
    format!("{folder}/.isoplug-{}", state.name)
}

/// Returns the text of the script that makes a state with the lines `make`.
pub(super) fn text(state: &State, make: &str, mark: &str) -> String {
    let (mark, folder) = (word(mark), word(&format!("{}/", above(mark))));
    let remove: String = state.paths.iter().map(|path| remove(path)).collect();
    format!(
        "#!/bin/sh -e\n\
         exec 9> {TURN}\n\
         flock 9\n\
         # While this file is there, what is made here is not whole.\n\
         begun={mark}\n\
         if [ -e \"$begun\" ]; then\n\
         {remove}\
         fi\n\
         : > \"$begun\"\n\
         sync \"$begun\" {folder}\n\
         (\n\
         {make}\n\
         ) 9>&-\n\
         sync\n\
         rm \"$begun\"\n",
        make = make.trim()
    )
}

/// Returns the line that removes what a pattern of [`crate::state::Patterns`] matches.
fn remove(path: &str) -> String {
    match path.strip_suffix("/**") {
        Some(folder) => format!(
            "    for folder in {}; do [ ! -d \"$folder\" ] || find \"$folder\" -mindepth 1 -delete; done\n",
            word(folder)
        ),
        None => format!("    rm -rf {}\n", word(path)),
    }
}

fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Writes a path for a shell, which expands its wildcards alone.
fn word(path: &str) -> String {
    let mut text = String::new();
    for letter in path.chars() {
        match letter {
            '\n' => text.push_str("'\n'"),
            _ if letter.is_alphanumeric() || "/._-*?[]!^".contains(letter) => text.push(letter),
            _ => text.extend(['\\', letter]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::super::super::rootfs_of_tests::TestRootfs;
    use super::*;
    use isoplug_sandbox::state::known;

    /// A state whose paths lie below a folder of the test.
    fn state(folder: &Path, paths: &[&str]) -> State {
        let paths = paths.iter().map(|path| format!("{}{path}", folder.display())).collect();
        State {
            name: "acme".into(),
            what: "it".into(),
            package: String::new(),
            paths,
            needs: String::new(),
            make: None,
            made: String::new(),
            before: Vec::new(),
        }
    }

    /// Runs a script of the state; tells whether it ended well.
    fn run(folder: &Path, state: &State, make: &str) -> bool {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = text(state, make, &format!("{}/.mark", folder.display()));
        let turn = folder.join("turn").display().to_string();
        fs::write(&file, text.replace(TURN, &turn)).unwrap();
        Command::new("sh")
            .arg("-e")
            .arg(file.path())
            .current_dir(folder)
            .status()
            .unwrap()
            .success()
    }

    #[test]
    fn who_is_cut_off_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("with blank/data")).unwrap();
        let state = state(folder.path(), &["/key_*", "/with blank/**"]);
        let cut = "echo half > key_1; echo half > 'with blank/.seed'; kill -9 $$";
        assert!(!run(folder.path(), &state, cut));
        assert!(at(".mark").exists() && at("key_1").exists());
        let whole = "[ ! -e key_1 ] && [ ! -e 'with blank/.seed' ]; echo whole > key_2";
        assert!(run(folder.path(), &state, whole));
        assert!(!at(".mark").exists() && !at("key_1").exists() && at("with blank").exists());
        assert_eq!(fs::read_to_string(at("key_2")).unwrap(), "whole\n");
        // Without a mark nothing goes.
        assert!(run(folder.path(), &state, "[ -e key_2 ]"));
    }

    #[test]
    fn one_runs_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), &["/key"]);
        std::thread::scope(|scope| {
            let one = || run(folder.path(), &state, "mkdir busy; sleep 0.2; rmdir busy");
            let all = [one, one, one, one].map(|one| scope.spawn(one));
            assert!(all.into_iter().all(|one| one.join().unwrap()));
        });
        assert!(run(folder.path(), &state, "mkdir busy; sleep 3 & exit 0"));
        // What a script leaves running has no turn.
        assert!(run(folder.path(), &state, "rmdir busy"));
    }

    #[test]
    fn a_script_that_fails_leaves_its_mark() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), &["/key"]);
        assert!(!run(folder.path(), &state, "false\necho made > key"));
        assert!(folder.path().join(".mark").exists() && !folder.path().join("key").exists());
        assert!(run(folder.path(), &state, "umask 077\nexit 0"));
        assert!(!folder.path().join(".mark").exists());
    }

    #[test]
    fn the_mark_lies_beside_what_is_made() {
        let folders = ["/etc/ssh/sshd_config", "/var/lib/mysql/x", "/var/lib/postgresql/x"];
        let rootfs = TestRootfs::with(&folders.map(|path| (path, "")));
        let find = |name: &str| known().states().iter().find(|state| state.name == name).unwrap();
        let (_, _) = rootfs
            .run("test", |rootfs| {
                assert_eq!(mark(rootfs, find("ssh-keys")), "/etc/ssh/.isoplug-ssh-keys");
                assert_eq!(mark(rootfs, find("mariadb-data")), "/var/lib/.isoplug-mariadb-data");
                let postgresql = mark(rootfs, find("postgresql-data"));
                assert_eq!(postgresql, "/var/lib/postgresql/.isoplug-postgresql-data");
                // The image has no such folder: its script makes it.
                assert_eq!(mark(rootfs, find("varnish-secret")), "/etc/.isoplug-varnish-secret");
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn each_script_of_the_table_is_shell_and_takes_all_its_paths_away() {
        for state in known().states() {
            let Some(make) = &state.make else { continue };
            let folder = tempfile::tempdir().unwrap();
            let script = folder.path().join("script");
            let text = text(state, make, "/mark");
            fs::write(&script, &text).unwrap();
            let checked = Command::new("sh").arg("-n").arg(&script).output().unwrap();
            assert!(checked.status.success(), "{}: {checked:?}", state.name);
            for path in &state.paths {
                assert!(text.contains(path.trim_end_matches("/**")), "{}: {path}", state.name);
            }
        }
    }
}
