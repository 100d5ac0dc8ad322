//! What strangers try from outside, by the command alone: hostile folders, mirrors, archives and environments of
//! docs/security-attempts.md. Packages against the sandbox are in isoplug-image.
#![cfg(test)]

#[path = "attacks/mirrors.rs"]
mod mirrors;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use isoplug_tests::archive::Package;
use isoplug_tests::served::{Served, packages};
use isoplug_tests::space::Space;

const HEAD: &str = "[image]\nname = \"x\"\n[sources.debian]\nsuite = \"trixie\"\n";

/// Characters that do something else than show, on a terminal or to the direction of a line.
fn is_plain(text: &str) -> bool {
    !text.contains(['\u{1b}', '\u{7}', '\u{8}', '\u{9b}', '\u{202e}', '\u{2066}', '\0'])
}

/// Runs a command in a space with this manifest; what it says must be plain, and it must end by itself.
fn said(space: &Space, arguments: &[&str]) -> String {
    let start = Instant::now();
    let said = space.run(arguments);
    assert!(is_plain(&said), "{said:?}");
    assert!(!said.starts_with("exit: killed") && !said.contains("panicked"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(300), "{:?}: {said}", start.elapsed());
    said
}

#[test]
fn names_that_lead_elsewhere_or_read_otherwise() {
    for name in
        ["../../x", "a/b", ".", "..", "a\\u202Eb", "a\\u001b[31m", "x\\ny", "-x", "a\\u0000b"]
    {
        for manifest in [
            format!("{}[profiles.p]\n", HEAD.replace("\"x\"", &format!("\"{name}\""))),
            format!("{HEAD}[profiles.\"{name}\"]\n"),
            format!("{HEAD}[plugins]\n\"{name}\".path = \"x.wasm\"\n[profiles.p]\n"),
        ] {
            let said = said(&Space::with_manifest(&manifest), &["check"]);
            assert!(said.starts_with("exit: 2\n") && said.contains("error["), "{name}: {said}");
        }
    }
}

#[test]
fn texts_that_are_nested_without_an_end() {
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    let dots = vec!["a"; 20_000].join(".");
    let tables = format!("{}1{}", "{a=".repeat(50_000), "}".repeat(50_000));
    for rest in [format!("x = {open}{close}"), format!("{dots} = 1"), format!("x = {tables}")] {
        let space = Space::with_manifest(&format!("{HEAD}[profiles.p]\n{rest}\n"));
        assert!(said(&space, &["check"]).starts_with("exit: 2\n"));
    }
    let space = Space::with_manifest(&format!("{HEAD}[profiles.p]\n"));
    space.write("isoplug.lock", &format!("x = {open}{close}\n"));
    assert!(said(&space, &["plan"]).starts_with("exit: 3\n"));
}

/// Each file includes the next one twice: read as often as it is named, that would be 2 to the 40 times.
#[test]
fn includes_that_double() {
    let space = Space::with_manifest(&format!("{HEAD}[profiles.p]\ninclude = [\"0.toml\"]\n"));
    for number in 0..40 {
        let next = number + 1;
        space.write(
            &format!("{number}.toml"),
            &format!("include = [\"{next}.toml\", \"./{next}.toml\"]\n"),
        );
    }
    space.write("40.toml", "");
    said(&space, &["check"]);
    let profiles =
        (0..40).map(|n| format!("[profiles.p{n}]\nextends = [\"p{0}\", \"p{0}\"]\n", n + 1));
    let space =
        Space::with_manifest(&format!("{HEAD}{}[profiles.p40]\n", profiles.collect::<String>()));
    said(&space, &["check", "--profile", "p0"]);
}

/// Names of files are a stranger's, too: those of a cloned folder, and what a manifest calls them.
#[test]
fn names_of_files_do_not_reach_the_terminal_as_they_are() {
    let name = "e\u{1b}]0;pwn\u{7}\u{202e}\u{9b}2J";
    let space = Space::with_manifest(&format!(
        "{HEAD}[profiles.p]\ninclude = [\"e\\u001b]0;pwn\\u0007\\u202e\\u009b2J\"]\n"
    ));
    space.write(name, "x = ");
    let drawn = said(&space, &["check"]);
    assert!(drawn.contains("--> e\\u{1b}]0;pwn"), "{drawn}");
    fs::create_dir(space.path("folder")).unwrap();
    let folder = format!("folder/{name}\nerror: forged");
    space.write(&format!("{folder}/isoplug.toml"), "x =");
    for command in ["check", "trust", "plan", "build"] {
        let said = said(&space, &[command, &folder]);
        assert!(!said.contains("\nerror: forged"), "{said}");
    }
    said(&space, &["check", &format!("absent{name}")]);
    let space = Space::with_manifest(&format!(
        "{HEAD}[profiles.p]\nfiles = [{{ target = \"/x\", source = \"a\\u001b[2J\" }}]\n"
    ));
    said(&space, &["build"]);
}

/// Answers each connection with these bytes; tells what was asked for.
fn server(answer: String) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|bytes| bytes > 2) {}
            _ = stream.write_all(answer.as_bytes());
            if sender.send(head).is_err() {
                return;
            }
        }
    });
    (url, asked)
}

fn of_mirror(url: &str) -> Space {
    Space::with_manifest(&format!(
        "[image]\nname = \"x\"\n[sources.s]\nsuite = \"stable\"\nmirrors = [\"{url}\"]\nkeyring = \"k\"\n[profiles.p]\n"
    ))
}

/// With a key that is there, so that the mirror is asked.
fn with_key(url: &str) -> Space {
    let served = Served::default();
    let space = of_mirror(url);
    space.write("k", &served.space.read("archive.asc"));
    space
}

fn whole(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What a manifest calls a mirror and a suite cannot become lines of a request, or a file of this machine.
#[test]
fn addresses_that_carry_more_than_an_address() {
    let (url, asked) = server(whole("404 Not Found", "", ""));
    for mirror in [
        format!("{url}/\\r\\nX-Evil: 1\\r\\n"),
        format!("{url}/ HTTP/1.1\\r\\nHost: evil"),
        format!("{url}\\u0000/"),
        "file:///etc".to_owned(),
        "-oProxyCommand=x".to_owned(),
        "http://".to_owned(),
    ] {
        let text = said(&with_key(&mirror), &["lock"]);
        assert!(!text.starts_with("exit: 0"), "{mirror}: {text}");
    }
    for suite in ["../../../etc", "a\\r\\nX-Evil: 1", "stable?x", "/", "..", "a b\\u202e"] {
        let space = with_key(&url);
        let manifest = space.read("isoplug.toml").replace("\"stable\"", &format!("\"{suite}\""));
        space.write("isoplug.toml", &manifest);
        assert!(!said(&space, &["lock"]).starts_with("exit: 0"), "{suite}");
    }
    for head in asked.try_iter() {
        assert!(
            !head.to_lowercase().contains("\nx-evil") && !head.contains("Host: evil"),
            "{head}"
        );
    }
}

/// A signed index whose fields are no more than bytes of a stranger.
#[test]
fn fields_of_an_index_that_are_odd() {
    let fields = [
        ("Version", "1\u{1b}[2J"),
        ("Version", "1\n Forged: x"),
        ("Description", "x\u{1b}]0;pwn\u{7}\u{202e}"),
        ("Depends", "lib (>= 1), \u{1b}[2J"),
        ("Depends", "lib (>= 1) [!!]"),
        ("Provides", "base (= \u{202e}1)"),
        ("Installed-Size", "99999999999999999999999"),
        ("Installed-Size", "-1"),
        ("Architecture", "../../x"),
        ("Multi-Arch", "\u{1b}[2J"),
        ("Section", "../../x\u{7}"),
    ];
    for (name, value) in fields {
        let evil = Package::new("evil", "1").field(name, value);
        let served = Served::new(&[packages(), vec![evil]].concat());
        served.change("[\"app\"]", "[\"app\", \"evil\"]");
        for command in [&["lock"][..], &["plan"]] {
            let text = served.run(command);
            assert!(is_plain(&text) && !text.contains("panicked"), "{name}: {text:?}");
        }
        let lock = fs::read_to_string(served.space.path("isoplug.lock")).unwrap_or_default();
        assert!(is_plain(&lock) && !lock.contains("../"), "{name}: {lock}");
    }
}

/// Pipes, and links to what only the user may read, in the folder of packages that lies beside a manifest.
#[test]
fn vendored_packages_that_are_none() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    let lock = served.space.read("isoplug.lock");
    let names: Vec<&str> = lock.split('"').filter(|word| word.ends_with(".deb")).collect();
    assert!(!names.is_empty(), "{lock}");
    for kind in ["pipe", "link", "zero"] {
        _ = fs::remove_dir_all(served.space.path("vendor"));
        for path in &names {
            let last = path.rsplit('/').next().unwrap();
            for target in [format!("vendor/{path}"), format!("vendor/{last}")] {
                let target = served.space.path(&target);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                match kind {
                    "pipe" => {
                        assert!(Command::new("mkfifo").arg(&target).status().unwrap().success())
                    }
                    "link" => symlink("/etc/shadow", &target).unwrap(),
                    _ => symlink("/dev/zero", &target).unwrap(),
                }
            }
        }
        let mut build = served.space.command(&["build", "--locked", "--trust-folder"]);
        build.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null());
        let mut build = build.spawn().unwrap();
        let start = Instant::now();
        while build.try_wait().unwrap().is_none() {
            if start.elapsed() > Duration::from_secs(200) {
                build.kill().unwrap();
                panic!("{kind}: it waits");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let text = String::from_utf8(build.wait_with_output().unwrap().stderr).unwrap();
        assert!(!text.contains("root:"), "{kind}: {text}");
    }
}

/// What surrounds the command is the user's, and may be odd all the same.
#[test]
fn environments_that_are_odd() {
    for (name, value) in [
        ("SOURCE_DATE_EPOCH", "-1"),
        ("SOURCE_DATE_EPOCH", "99999999999999999999"),
        ("ISOPLUG_MIRROR", "file:///etc"),
        ("ISOPLUG_MIRROR", "\u{1b}[2J"),
        ("XDG_STATE_HOME", "/dev/null"),
        ("ISOPLUG_STORE", "/dev/null"),
        ("ISOPLUG_STORE", "/proc"),
        ("COLUMNS", "99999999999"),
        ("RAYON_NUM_THREADS", "999999"),
        ("TMPDIR", "/nonexistent\u{1b}[2J"),
    ] {
        let served = Served::default();
        for arguments in [&["check"][..], &["lock"], &["plan"]] {
            let output = served.space.command(arguments).env(name, value).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code().is_some(), "{name}={value}: {text}");
            assert!(is_plain(&text) && !text.contains("panicked"), "{name}={value}: {text:?}");
        }
    }
}
