//! What is compiled and made once is not compiled and made again; what was changed is.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use isoplug_engine::Digest;
use isoplug_plugin::{Grants, Runtime};
use serde_json::json;

use crate::guest::Guest;
use crate::space::{Files, Space, etc};

impl Space {
    fn compiled(&self) -> PathBuf {
        let [folder] = &self.kept("cwasm")[..] else { panic!() };
        let folder = folder.file_name().unwrap().to_str().unwrap();
        let mut files = self.kept(&format!("cwasm/{folder}"));
        files.retain(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
        let [file] = &files[..] else { panic!("{files:?}") };
        file.clone()
    }

    /// A runtime of another process.
    fn again(&mut self) {
        self.runtime = Runtime::new(&self.folder.path().join("plugins")).unwrap();
    }

    fn forbid_compiled(&self) {
        fs::remove_dir_all(self.folder.path().join("plugins/cwasm")).unwrap();
    }
}

fn toy() -> Guest {
    Guest::contributor().fact("image.name").module("a").file("root", "/etc/motd", "hi", 0o644)
}

#[test]
fn a_kept_result_starts_nothing() {
    let mut space = Space::new();
    let made = space.contribute(&toy().bytes(), etc()).unwrap();
    space.again();
    space.forbid_compiled();
    assert_eq!(space.contribute(&toy().bytes(), etc()).unwrap(), made);
    assert_eq!(*space.answers.log.lock().unwrap(), [r#"toy: "toy""#, r#"toy: "toy""#]);
    assert!(!space.folder.path().join("plugins/cwasm").exists());
}

#[test]
fn it_holds_only_while_the_answers_are_the_same() {
    let mut space = Space::new();
    let bytes = toy().bytes();
    let log = |space: &Space| space.contribute(&bytes, etc()).unwrap().log[0].text.clone();
    assert_eq!(log(&space), r#""toy""#);
    space.answers.facts.insert("image.name", json!("other"));
    assert_eq!(log(&space), r#""other""#);
    // What it did not ask for does not matter, and the first result still is there.
    space.answers.facts.insert("image.name", json!("toy"));
    space.answers.facts.insert("image.arch", json!("arm64"));
    space.again();
    space.forbid_compiled();
    assert_eq!(log(&space), r#""toy""#);
}

#[test]
fn options_and_grants_are_part_of_it() {
    let space = Space::new();
    let bytes = toy().bytes();
    space.contribute(&bytes, etc()).unwrap();
    let mut plugin = space.plugin(&bytes, etc());
    plugin.options = json!({ "level": 1 });
    space.runtime.contribute(&plugin, &space.answers).unwrap();
    assert_eq!(space.kept("results").len(), 2);
    assert!(space.refusal(&bytes, Grants::default()).contains("is not granted"));
    assert_eq!(space.kept("results").len(), 3);
}

#[test]
fn files_of_the_rootfs_and_inputs_are_part_of_it() {
    let space = Space::new();
    let input = space.folder.path().join("input");
    fs::write(&input, "first").unwrap();
    let inputs = BTreeMap::from([("docs".to_owned(), input.display().to_string())]);
    let grants = Grants { reads: vec!["/etc/*".to_owned()], inputs, ..etc() };
    let guest = Guest::contributor()
        .open("open_input", &["docs", ""])
        .log_blob()
        .open("open_rootfs", &["/etc/name"])
        .log_blob()
        .furnishes();
    let plugin = space.plugin(&guest.bytes(), grants);
    let log = |name| {
        let rootfs = Files(BTreeMap::from([("/etc/name", name), ("/etc", "")]));
        let made = space.runtime.furnish(&plugin, &space.answers, &rootfs).unwrap();
        made.log.into_iter().map(|line| line.text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(["a", "b"].map(log), ["first a", "first b"]);
    fs::write(&input, "second").unwrap();
    assert_eq!(log("b"), "second b");
}

#[test]
fn large_files_are_kept_beside_and_missed() {
    let space = Space::new();
    let guest =
        Guest::contributor().module("a").file("root", "/etc/x", &"y".repeat(100_000), 0o644);
    let bytes = guest.bytes();
    let made = space.contribute(&bytes, etc()).unwrap();
    let [content] = &space.kept("contents")[..] else { panic!() };
    assert_eq!(fs::metadata(content).unwrap().len(), 100_000);
    fs::remove_file(content).unwrap();
    assert_eq!(space.contribute(&bytes, etc()).unwrap(), made);
    assert_eq!(fs::read(content).unwrap(), vec![b'y'; 100_000]);
}

#[test]
fn a_damaged_or_forged_compiled_component_is_compiled_again() {
    let mut space = Space::new();
    let bytes = toy().bytes();
    let description = space.describe(&bytes).unwrap();
    let (path, whole) = (space.compiled(), fs::read(space.compiled()).unwrap());
    let sidecar = path.with_extension("sha256");
    let damages: [&dyn Fn(); 4] = [
        &|| fs::write(&path, &whole[..whole.len() / 2]).unwrap(),
        &|| fs::write(&path, b"\x7fELF forged").unwrap(),
        &|| fs::write(&sidecar, "sha256:00").unwrap(),
        &|| fs::remove_file(&sidecar).unwrap(),
    ];
    for damage in damages {
        damage();
        for kept in space.kept("descriptions") {
            fs::remove_file(kept).unwrap();
        }
        space.again();
        assert_eq!(space.describe(&bytes).unwrap(), description);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn code_of_another_component_is_not_run() {
    let mut space = Space::new();
    let other = toy().described(r#"{"id":"acme.other","version":"1.0.0"}"#).bytes();
    let bytes = toy().bytes();
    let description = space.describe(&bytes).unwrap();
    let path = space.compiled();
    space.describe(&other).unwrap();
    let others = path.with_file_name(format!("{}.cwasm", Digest::of(&other).hex()));
    for extension in ["cwasm", "sha256"] {
        fs::copy(others.with_extension(extension), path.with_extension(extension)).unwrap();
    }
    for kept in space.kept("descriptions") {
        fs::remove_file(kept).unwrap();
    }
    space.again();
    assert_eq!(space.describe(&bytes).unwrap(), description);
}

#[test]
fn a_damaged_result_is_made_again() {
    let space = Space::new();
    let made = space.contribute(&toy().bytes(), etc()).unwrap();
    let [result] = &space.kept("results")[..] else { panic!() };
    let text = fs::read_to_string(result).unwrap();
    fs::write(result, text.replace("motd", "mxtd")).unwrap();
    assert_eq!(space.contribute(&toy().bytes(), etc()).unwrap(), made);
}

#[test]
fn nobody_else_can_write_there() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::new();
    space.describe(&toy().bytes()).unwrap();
    for folder in ["", "cwasm", "results", "contents", "descriptions"] {
        let path = space.folder.path().join("plugins").join(folder);
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", path.display());
    }
}
