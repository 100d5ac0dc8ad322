//! Links, pipes, devices and endless files in the folder of a manifest.

use super::*;

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
