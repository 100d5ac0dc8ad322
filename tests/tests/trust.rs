//! `isoplug trust`: what a folder that a stranger made can do, and what it cannot before somebody allows it.
#![cfg(test)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

const HEAD: &str = "[image]\nname = \"x\"\n[sources.debian]\nsuite = \"trixie\"\n";

fn project(rest: &str) -> (Space, tempfile::TempDir) {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("secret"), "[the-secret]\nword = \"sesame\"\n").unwrap();
    let rest = rest.replace("ELSEWHERE", &elsewhere.path().display().to_string());
    (Space::with_manifest(&format!("{HEAD}{rest}")), elsewhere)
}

fn said(space: &Space, elsewhere: &tempfile::TempDir, arguments: &[&str]) -> String {
    space.run(arguments).replace(&elsewhere.path().display().to_string(), "[ELSEWHERE]")
}

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["trust", "--help"]), @r"
    Show what a folder asks for beyond itself, and allow it

    A manifest may come from a stranger. By itself it makes an image of what lies in its folder. Files
    ");
}

#[test]
fn a_folder_that_asks_for_nothing() {
    let (space, elsewhere) = project("[profiles.p]\n");
    assert_snapshot!(said(&space, &elsewhere, &["trust"]), @r"
    exit: 0
    --- stdout
    --- stderr
    this folder asks for nothing beyond itself
    ");
}

#[test]
fn files_elsewhere_are_not_read_before_it_is_allowed() {
    let (space, elsewhere) = project("[profiles.p]\ninclude = [\"ELSEWHERE/secret\"]\n");
    for command in ["check", "explain", "plan", "build", "lock", "update", "test", "run"] {
        let arguments = if command == "explain" { vec![command, "image"] } else { vec![command] };
        let said = said(&space, &elsewhere, &arguments);
        assert!(said.starts_with("exit: 8\n") && !said.contains("the-secret"), "{command}: {said}");
    }
    assert_snapshot!(said(&space, &elsewhere, &["check"]), @r"
    exit: 8
    --- stdout
    --- stderr
    error: this folder asks for more than an image of what lies in it:
      read [ELSEWHERE]/secret
      try: look at it, then allow it with `isoplug trust .`
      try: in CI, where the folder is your own: --trust-folder
    ");
    assert!(said(&space, &elsewhere, &["check", "--trust-folder"]).contains("the-secret"));
    assert!(said(&space, &elsewhere, &["check"]).starts_with("exit: 8\n"));
    for path in ["/etc/shadow", "/proc/self/environ", "../../../etc/passwd"] {
        let (space, elsewhere) = project(&format!("[profiles.p]\ninclude = [\"{path}\"]\n"));
        let said = said(&space, &elsewhere, &["check"]);
        assert!(said.starts_with("exit: 8\n") && !said.contains("root:"), "{path}: {said}");
    }
}

#[test]
fn what_is_allowed_is_remembered_and_what_is_new_is_asked_for() {
    let files = |names: &[&str]| -> String {
        let file = |name: &&str| {
            format!("[[profiles.p.files]]\ntarget = \"/{name}\"\nsource = \"ELSEWHERE/{name}\"\n")
        };
        format!("[profiles.p]\n{}", names.iter().map(file).collect::<String>())
    };
    let (space, elsewhere) = project(&files(&["secret"]));
    fs::write(elsewhere.path().join("other"), "x").unwrap();
    assert_snapshot!(said(&space, &elsewhere, &["trust", "--yes"]), @r"
    exit: 0
    --- stdout
    --- stderr
    this folder is allowed:
      read [ELSEWHERE]/secret
    ");
    assert!(said(&space, &elsewhere, &["check"]).starts_with("exit: 0\n"));
    let more =
        files(&["secret", "other"]).replace("ELSEWHERE", &elsewhere.path().display().to_string());
    space.write("isoplug.toml", &format!("{HEAD}{more}"));
    let asked = said(&space, &elsewhere, &["check"]);
    assert!(asked.contains("read [ELSEWHERE]/other\n") && !asked.contains("/secret"), "{asked}");
    // Off a terminal nobody can be asked.
    assert!(said(&space, &elsewhere, &["trust"]).starts_with("exit: 8\n"));
    space.ok(&["trust", "--yes"]);
    assert!(said(&space, &elsewhere, &["check"]).starts_with("exit: 0\n"));
    space.ok(&["trust", "--forget"]);
    assert!(said(&space, &elsewhere, &["check"]).starts_with("exit: 8\n"));
    assert!(
        space.path("state/isoplug/allowed").is_dir(),
        "what is allowed lies outside the folder"
    );
}

#[test]
fn links_in_the_folder_do_not_lead_out_of_it() {
    let (space, elsewhere) = project("[[profiles.p.files]]\ntarget = \"/x\"\nsource = \"link\"\n");
    symlink(elsewhere.path().join("secret"), space.path("link")).unwrap();
    assert!(said(&space, &elsewhere, &["check"]).contains("read [ELSEWHERE]/secret\n"));
    fs::remove_file(space.path("link")).unwrap();
    fs::write(space.path("link"), "mine").unwrap();
    symlink(elsewhere.path().join("secret"), space.path("isoplug.lock")).unwrap();
    let said = said(&space, &elsewhere, &["check"]);
    assert!(said.starts_with("exit: 8\n") && !said.contains("the-secret"), "{said}");
}

#[test]
fn a_manifest_that_is_another_file_is_not_drawn() {
    let (space, elsewhere) = project("");
    fs::remove_file(space.path("isoplug.toml")).unwrap();
    symlink(elsewhere.path().join("secret"), space.path("isoplug.toml")).unwrap();
    for command in ["check", "build", "trust"] {
        let said = said(&space, &elsewhere, &[command]);
        assert!(said.starts_with("exit: 8\n") && !said.contains("the-secret"), "{said}");
    }
    fs::rename(space.path("isoplug.toml"), space.path("link")).unwrap();
    space.write("real.toml", &format!("{HEAD}[profiles.p]\n"));
    symlink("real.toml", space.path("isoplug.toml")).unwrap();
    assert!(said(&space, &elsewhere, &["check"]).starts_with("exit: 0\n"), "a link within is fine");
}

#[test]
fn where_everything_is_allowed_no_home_is_needed() {
    let (space, _elsewhere) =
        project("[[profiles.p.files]]\ntarget = \"/x\"\nsource = \"ELSEWHERE/secret\"\n");
    let check = |arguments: &[&str]| {
        let mut command = space.command(arguments);
        command.env_remove("XDG_STATE_HOME").env_remove("HOME").output().unwrap()
    };
    assert_eq!(check(&["check", "--trust-folder"]).status.code(), Some(0));
    let refused = check(&["check"]);
    assert_eq!(refused.status.code(), Some(8));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no home folder to remember in"));
}

#[test]
fn a_plugin_without_an_end_is_not_read() {
    for path in ["pipe", "/dev/zero"] {
        let (space, elsewhere) = project(&format!(
            "[plugins]\np = {{ path = \"{path}\" }}\n[grants.p]\nfiles = [\"root:/etc/motd\"]\n[profiles.p]\n"
        ));
        assert!(Command::new("mkfifo").arg(space.path("pipe")).status().unwrap().success());
        for command in ["check", "schema", "trust"] {
            let said = said(&space, &elsewhere, &[command]);
            assert!(!said.starts_with("exit: killed"), "{command} of {path}: {said}");
        }
        assert!(said(&space, &elsewhere, &["check"]).contains("must be a regular file"));
    }
}

#[test]
fn a_plugin_of_the_folder_gets_no_file_no_variable_and_no_network() {
    let attacker = TcpListener::bind("127.0.0.1:0").unwrap();
    attacker.set_nonblocking(true).unwrap();
    let url = format!("http://{}", attacker.local_addr().unwrap());
    let (space, elsewhere) = project(&format!(
        "[plugins]\nevil = {{ path = \"evil.wasm\" }}\n[grants.evil]\nfetch = [\"{url}/**\"]\n\
         inputs = {{ home = \"ELSEWHERE\" }}\nsecrets = {{ token = {{ env = \"TOKEN\", read = true }} }}\n[profiles.p]\n"
    ));
    fs::write(space.path("evil.wasm"), "not asked").unwrap();
    for command in ["check", "plan", "build"] {
        let said = said(&space, &elsewhere, &[command]).replace(&url, "[URL]");
        assert!(said.starts_with("exit: 8\n"), "{said}");
        for asked in [
            "download [URL]/** for plugin evil",
            "read the environment variable TOKEN for plugin evil",
            "read [ELSEWHERE] for plugin evil",
        ] {
            assert!(said.contains(asked), "{said}");
        }
    }
    assert_eq!(attacker.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn commands_that_only_look_use_no_network() {
    let served = Served::default();
    assert_snapshot!(served.run(&["plan"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: there is no isoplug.lock, and `isoplug plan` does not use the network to make one
      try: `isoplug lock`, and commit what it writes
    ");
    served.run(&["check"]);
    served.run(&["schema"]);
    served.run(&["explain", "packages.install"]);
    served.run(&["explain", "--stage", "squashfs"]);
    assert_eq!(served.server.requests(), [""; 0]);
}

#[test]
fn nothing_is_written_through_links_of_the_folder() {
    let served = Served::default();
    let elsewhere = tempfile::tempdir().unwrap();
    let victim = elsewhere.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    for name in ["isoplug.lock.new", "isoplug.toml.new", ".isoplug-.new"] {
        symlink(&victim, served.space.path(name)).unwrap();
    }
    served.space.ok(&["lock"]);
    served.space.ok(&["plugin", "keygen", "acme.key"]);
    served.space.ok(&["plugin", "trust", "acme", "acme.key.pub"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    symlink(elsewhere.path(), served.space.path("out")).unwrap();
    assert_snapshot!(served.run(&["build"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: out is a link, which is not followed
      try: name the folder with --output DIR, or remove the link
    ");
    let said = served.run(&["test"]);
    assert!(said.contains("error: out is a link, which is not followed"), "{said}");
    let left = isoplug_formats::tree::sorted_names(elsewhere.path()).unwrap();
    assert_eq!(left, ["victim"]);
}

#[test]
fn pipes_and_devices_of_the_folder_end_at_once() {
    let (space, _elsewhere) = project("[profiles.p]\ninclude = [\"pipe\"]\n");
    let made = Command::new("mkfifo").arg(space.path("pipe")).status();
    assert!(made.unwrap().success());
    let ends = |space: &Space| {
        let (begin, mut child) =
            (Instant::now(), space.command(&["check"]).stderr(Stdio::null()).spawn().unwrap());
        while begin.elapsed() < Duration::from_secs(60) {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code() == Some(2);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(child.kill());
        false
    };
    assert!(ends(&space), "a pipe is included");
    let file = "[[profiles.p.files]]\ntarget = \"/x\"\nsource = \"pipe\"\n";
    space.write("isoplug.toml", &format!("{HEAD}{file}"));
    assert!(ends(&space), "a pipe is a file's source");
    fs::rename(space.path("pipe"), space.path("isoplug.toml")).unwrap();
    assert!(ends(&space), "a pipe is the manifest");
}

#[test]
fn a_text_without_an_end_is_not_read() {
    let include = "[profiles.p]\ninclude = [\"zero\"]\n";
    let file = "[[profiles.p.files]]\ntarget = \"/x\"\nsource = \"zero\"\n";
    for (rest, link) in [
        (include, "zero"),
        (file, "zero"),
        ("", "isoplug.toml"),
        ("[profiles.p]\n", "isoplug.lock"),
    ] {
        let (space, elsewhere) = project(rest);
        _ = fs::remove_file(space.path(link));
        symlink("/dev/zero", space.path(link)).unwrap();
        for command in [&["check"][..], &["check", "--trust-folder"], &["plan", "--trust-folder"]] {
            let said = said(&space, &elsewhere, command);
            assert!(
                !said.starts_with("exit: 0\n") && !said.starts_with("exit: killed"),
                "{link}: {said}"
            );
        }
    }
}

/// What is wrong with a lock is drawn; a linked one is another file.
#[test]
fn no_command_draws_a_lock_that_is_another_file() {
    let (space, elsewhere) = project("[plugins]\np = { path = \"p.wasm\" }\n[profiles.p]\n");
    symlink(elsewhere.path().join("secret"), space.path("isoplug.lock")).unwrap();
    for arguments in [
        &["plugin", "list"][..],
        &["plugin", "verify"],
        &["plugin", "update"],
        &["plugin", "vendor"],
        &["plugin", "mirror", "m"],
        &["plugin", "show", "p"],
        &["plugin", "options", "p"],
        &["plugin", "remove", "p"],
        &["schema"],
        &["plan"],
    ] {
        let said = said(&space, &elsewhere, arguments);
        assert!(!said.contains("sesame") && !said.contains("the-secret"), "{arguments:?}: {said}");
    }
    assert_snapshot!(said(&space, &elsewhere, &["plugin", "list"]), @r"
    exit: 8
    --- stdout
    --- stderr
    error: this folder asks for more than an image of what lies in it:
      read [ELSEWHERE]/secret
      try: look at it, then allow it with `isoplug trust .`
      try: in CI, where the folder is your own: --trust-folder
    ");
}
