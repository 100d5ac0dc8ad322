//! Scripts of plugins that run in the image.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;
use isoplug_tests::real::{self, Example, Medium, events, stages_that_ran};
use isoplug_tests::require;

const GRANT: &str = "[grants.mark]\nhooks = true\n";

/// Makes a project with the plugin that has a script, with the store of the minimal example.
fn with_hook(more: &str) -> Example {
    let (built, example) = (real::minimal(), Example::minimal());
    let component = "../plugins/fixtures/hook-rust.wasm";
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join(component);
    fs::copy(component, example.path("mark.wasm")).unwrap();
    fs::copy(built.path("isoplug.lock"), example.path("isoplug.lock")).unwrap();
    symlink(built.store_path(), example.path("store")).unwrap();
    let manifest = example.space.read("isoplug.toml");
    let plugin = "[plugins]\nmark.path = \"mark.wasm\"\n";
    example.space.write("isoplug.toml", &format!("{manifest}\n{plugin}{more}"));
    example
}

/// Returns what a run printed on standard error.
fn told(report: &str) -> &str {
    report.split_once("--- stderr\n").expect("a report").1
}

#[test]
fn a_script_without_the_grant_is_refused() {
    let _turn = real::turn();
    let example = with_hook("");
    let refused = example.space.run(&["build", "--quiet"]);
    assert!(refused.starts_with("exit: 4\n"), "{refused}");
    assert!(!example.path("out").exists());
    assert_snapshot!(told(&refused), @r#"
    error[mark::refused]: hooks are not granted; `hooks = true` in [grants.mark] would allow it
      --> isoplug.toml:37:1
       |
    37 | mark.path = "mark.wasm"
       | ^^^^
    "#);
}

#[test]
fn a_script_runs_once_as_root_of_the_image() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let mark = format!("mark {}", std::process::id());
    let script = format!("#!/bin/sh\\necho {mark} > /etc/hooked\\nid -u >> /etc/hooked\\n");
    let example = with_hook(&format!("{GRANT}[config.mark]\nscript = \"{script}\"\n"));
    let ran = stages_that_ran(&events(&example.space, &["build"]));
    let scripts = ran.iter().filter(|title| title.starts_with("hooks"));
    assert_eq!(scripts.collect::<Vec<_>>(), ["hooks mark"]);
    assert_eq!(stages_that_ran(&events(&example.space, &["build"])), Vec::<String>::new());
    let medium = Medium::open(&example.iso());
    assert_eq!(medium.text_of_rootfs("etc/hooked"), format!("{mark}\n0\n"));

    // Another file of the image does not run it again.
    let manifest = example.space.read("isoplug.toml");
    example.space.write("isoplug.toml", &manifest.replace("smallest image", &mark));
    let ran = stages_that_ran(&events(&example.space, &["build"]));
    // Nothing waits for it, so it ends at any time.
    let (looked, ran): (Vec<_>, Vec<_>) = ran.into_iter().partition(|title| title == "secrets");
    assert_eq!(looked.len(), 1);
    assert_eq!(ran.join(" "), "files live initrd inputs rootfs inventory squashfs boot iso papers");
}

#[test]
fn a_plugins_own_script_needs_no_settings() {
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let example = with_hook(GRANT);
    example.space.ok(&["build"]);
    assert_eq!(Medium::open(&example.iso()).text_of_rootfs("etc/hooked"), "done\n0\n");
}

#[test]
fn a_script_that_fails_fails_the_build() {
    let _turn = real::turn();
    let script = "#!/bin/sh\\necho the mark does not hold >&2\\nexit 3\\n";
    let example = with_hook(&format!("{GRANT}[config.mark]\nscript = \"{script}\"\n"));
    let failed = example.space.run(&["build", "--quiet"]);
    assert!(failed.starts_with("exit: 4\n") && !example.path("out").exists(), "{failed}");
    let store = real::minimal().store_path();
    assert_snapshot!(told(&failed).replace(&store, "[STORE]"), @r"
    error: stage `hooks mark` of minimal (amd64) failed
      because: the hook `module/mark` of plugin `mark` failed: exit status: 3
          the mark does not hold
      log: [STORE]/logs-v1/[SHA256].log
    ");
    let again = example.space.command(&["build", "--quiet"]).output().unwrap();
    let stderr = String::from_utf8(again.stderr).unwrap();
    let log = stderr.lines().find_map(|line| line.trim().strip_prefix("log: ")).unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("the mark does not hold\n"), "{log}");
}
