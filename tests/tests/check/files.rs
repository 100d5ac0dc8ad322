//! What is found in the files that a manifest names.

use super::*;

#[test]
fn a_file_of_the_users_is_a_note() {
    let drawn = with(
        "files = [{ target = \"/etc/hosts\", text = \"127.0.0.1 localhost\\n\" }]\n\
         iso.contents = [{ target = \"/boot/grub/grub.cfg\", text = \"\" }]",
    );
    assert!(drawn.starts_with("exit: 0"), "{drawn}");
    assert!(drawn.contains("/etc/hosts is the manifest's own, in place of what `network` makes"));
    assert!(drawn.contains("/boot/grub/grub.cfg on the medium is the manifest's own"), "{drawn}");
    let space = Space::with_manifest(&format!(
        "{GOOD}files = [{{ target = \"/etc/hosts\", text = \"\" }}]\n"
    ));
    assert!(space.run(&["check", "--strict"]).starts_with("exit: 0"), "notes are no warnings");
    let needed = with("iso.contents = [{ target = \"/boot/vmlinuz\", text = \"\" }]");
    assert!(needed.contains("the medium cannot boot with another /boot/vmlinuz"), "{needed}");
}

#[test]
fn files_of_folders_clash() {
    let check = |files: &str, lines: &str| {
        let space = Space::with_manifest(&format!("{GOOD}files = [{files}]\n{lines}\n"));
        space.write("etc/acme/tool", "#!/bin/sh\r\necho\r\n");
        std::os::unix::fs::symlink("acme", space.path("etc/current")).unwrap();
        space.run(&["check"])
    };
    let folder = "{ target = \"/etc\", source = \"etc\" }";
    let twice = check(&format!("{folder}, {{ target = \"/etc/acme/tool\", text = \"\" }}"), "");
    assert!(twice.contains("\"/etc/acme/tool\" is given twice"), "{twice}");
    let twice = check(&format!("{folder}, {{ target = \"/etc/\", source = \"etc\" }}"), "");
    assert!(twice.contains("\"/etc/\" is given twice"), "{twice}");
    for way in ["/etc/acme/tool/x", "/etc/current/x"] {
        let blocked = check(&format!("{folder}, {{ target = \"{way}\", text = \"\" }}"), "");
        assert!(blocked.contains(&format!("nothing can be at \"{way}\"")), "{blocked}");
    }
    let apart = check(&format!("{folder}, {{ target = \"/etc/acme/other\", text = \"\" }}"), "");
    assert!(apart.starts_with("exit: 0"), "{apart}");
    assert!(apart.contains("/etc/acme/tool has the line ends of Windows"), "{apart}");
    let excluded = check(folder, "squashfs.exclude = [\"/etc/acme/**\"]");
    assert!(excluded.contains("`squashfs.exclude` leaves /etc/acme/tool out of the image again"));
    let idle = check("{ target = \"/etc/cron.daily/x\", text = \"#!/bin/sh\\n\" }", "");
    assert!(idle.contains("/etc/cron.daily/x is a script that nobody may execute"), "{idle}");
}

#[test]
fn hooks_are_scripts_that_say_what_runs_them() {
    let manifest = fs::read_to_string(DEPLOYMENT).unwrap();
    let with = |write: &dyn Fn(&Space)| {
        let space = Space::with_manifest(&manifest);
        space.write("hooks/record", "#!/bin/sh\n");
        write(&space);
        space.run(&["check"])
    };
    let fine = with(&|space| space.write("hooks/allowed", "#!/bin/sh\n"));
    assert!(fine.starts_with("exit: 0"), "{fine}");
    let missing = with(&|_| {});
    assert!(
        missing.contains("error[unreadable-file]: there is no file hooks/allowed"),
        "{missing}"
    );
    let folder = with(&|space| space.write("hooks/allowed/x", ""));
    assert!(folder.contains("cannot read hooks/allowed: it is not a file"), "{folder}");
    let text = with(&|space| space.write("hooks/allowed", "exit 0\n"));
    assert!(text.contains("it does not begin with `#!`"), "{text}");
    // What is installed names files, too.
    let file = "[[profiles.node.files]]\ntarget = \"/etc/x\"\nsource = \"not-there\"\n";
    let space = Space::with_manifest(&format!("{manifest}\n{file}"));
    space.write("hooks/record", "#!/bin/sh\n");
    space.write("hooks/allowed", "#!/bin/sh\n");
    let target = space.run(&["check"]);
    assert!(target.contains("there is no file not-there"), "{target}");
}

const DEPLOYMENT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/deployment/isoplug.toml");
