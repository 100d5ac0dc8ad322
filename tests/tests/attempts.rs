//! More of what strangers try from outside: mirrors that lead in circles, registries that speak to the terminal, and
//! other users of the machine.
#![cfg(test)]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use isoplug_tests::real::is_root;
use isoplug_tests::require;
use isoplug_tests::served::Served;
use isoplug_tests::space::Space;

fn is_plain(text: &str) -> bool {
    !text.contains(['\u{1b}', '\u{7}', '\u{8}', '\r', '\u{9b}', '\u{202e}', '\u{2066}', '\0'])
}

/// Answers each connection as told; returns its address and what was asked for.
fn server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|bytes| bytes > 2) {}
            if sender.send(head).is_err() {
                return;
            }
            answer(&mut stream);
        }
    });
    (host, asked)
}

fn says(text: String) -> impl Fn(&mut TcpStream) + Send + 'static {
    move |stream| _ = stream.write_all(text.as_bytes())
}

/// A space that takes its packages from this mirror, with a key that is one.
fn of_mirror(url: &str) -> Space {
    let served = Served::default();
    let manifest = served.space.read("isoplug.toml").replace(&served.server.url(), url);
    let space = Space::with_manifest(&manifest);
    space.write("archive.asc", &served.space.read("archive.asc"));
    space
}

fn refused(space: &Space, arguments: &[&str]) -> String {
    let start = Instant::now();
    let said = space.run(arguments);
    assert!(!said.starts_with("exit: 0\n") && !said.contains("panicked"), "{said}");
    assert!(is_plain(&said), "{said:?}");
    assert!(start.elapsed() < Duration::from_secs(300), "{said}");
    said
}

/// Attempt 17.
#[test]
fn a_circle_of_redirects_ends() {
    let circle =
        "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (host, asked) = server(says(circle.to_owned()));
    let said = refused(&of_mirror(&format!("http://{host}")), &["lock"]);
    assert!(said.contains("too many redirects"), "{said}");
    assert!(asked.try_iter().count() < 200);
}

/// Attempt 18: it goes to the mirror alone, and into no message.
#[test]
fn a_password_of_a_mirror_stays_with_it() {
    let (elsewhere, there) =
        server(says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()));
    let leads = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (host, here) = server(says(leads));
    let space = of_mirror(&format!("http://me:hunter2@{host}"));
    for arguments in [&["lock"][..], &["lock", "--json"], &["lock", "--verbose"], &["build"]] {
        let said = refused(&space, arguments);
        assert!(!said.contains("hunter2"), "{said}");
    }
    let asked: Vec<String> = here.try_iter().collect();
    assert!(asked.iter().all(|head| head.to_lowercase().contains("\nauthorization: basic ")));
    let there: Vec<String> = there.try_iter().collect();
    assert!(!there.is_empty());
    assert!(there.iter().all(|head| !head.to_lowercase().contains("authorization")), "{there:?}");
}

/// Attempt 19.
#[test]
fn headers_without_an_end_are_not_read() {
    let endless = |stream: &mut TcpStream| {
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        let header = format!("X-A: {}\r\n", "x".repeat(8000));
        let mut sent = 0;
        while sent < 300 << 20 && stream.write_all(header.as_bytes()).is_ok() {
            sent += header.len();
        }
        assert!(sent < 50 << 20, "{sent} bytes of headers were read");
    };
    let (host, _asked) = server(endless);
    refused(&of_mirror(&format!("http://{host}")), &["lock"]);
}

/// Attempt 56: every text of a registry, also its codes.
#[test]
fn what_a_registry_says_shows_as_what_it_is() {
    let odd = "\\u001b]0;pwn\\u0007\\u009b2J\\u202e\\r";
    for (status, body) in [
        ("400 Bad", format!(r#"{{"errors":[{{"code":"{odd}","message":"{odd}"}}]}}"#)),
        ("400 Bad", format!(r#"{{"errors":[{{"code":"{odd}"}}]}}"#)),
        ("403 \u{1b}[2J", "\u{1b}[2J\u{202e}".to_owned()),
        ("200 OK", format!(r#"{{"tags":["{odd}"]}}"#)),
    ] {
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let (host, _asked) = server(says(text));
        let space = Space::with_manifest("image.name = \"t\"\n[profiles.p]\n");
        for command in ["info", "add"] {
            refused(&space, &["plugin", command, &format!("http://{host}/acme/x")]);
        }
    }
}

/// Attempt 73: raw bytes in the manifest beside a mistake.
#[test]
fn a_line_of_a_manifest_is_drawn_as_what_it_is() {
    for odd in ["\u{1b}[2J", "\u{9b}2J", "\u{202e}evil", "\u{2066}x\u{2069}", "\u{7}", "\r"] {
        for text in [
            format!("image.nme = 1 # {odd}\n"),
            format!("image.name = \"{odd}\"\n"),
            format!("\"im{odd}\" = 1\n"),
            format!("image.name = \"x\"\n[profiles.\"{odd}\"]\nx = 1\n"),
        ] {
            refused(&Space::with_manifest(&text), &["check"]);
        }
    }
}

/// Proxies are taken from the environment, where they may be anything, and hold passwords.
#[test]
fn proxies_that_are_odd() {
    for (name, value) in [
        ("http_proxy", "file:///etc/passwd"),
        ("http_proxy", "\u{1b}[2J"),
        ("HTTP_PROXY", "http://me:hunter2@127.0.0.1:1"),
        ("ALL_PROXY", "socks9://127.0.0.1:1"),
        ("all_proxy", "http://"),
        ("no_proxy", "*,\u{1b}[2J,,"),
    ] {
        let space = of_mirror("http://127.0.0.1:1").env(name, value);
        let said = refused(&space, &["lock"]);
        assert!(!said.contains("hunter2") && !said.contains("root:x:"), "{name}={value}: {said}");
    }
}

/// Runs a script as a user that has nothing to do with the one of the tests.
fn as_another(script: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script]);
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// A space that all users may look into, as homes often are.
fn open_to_all(served: &Served) {
    fs::set_permissions(served.space.path(""), Permissions::from_mode(0o755)).unwrap();
}

/// Attempts 76 and 78: what another user finds of a store, and of what is remembered of plugins and folders.
#[test]
fn another_user_sees_nothing_of_a_store() {
    require!(is_root(), "not root, who can become another user");
    let served = Served::default();
    open_to_all(&served);
    served.space.ok(&["lock"]);
    served.run(&["build"]);
    let folder = served.space.path("");
    let script = format!("cd {} && ls -d . && find store state 2>&1", folder.display());
    let found = as_another(&script).output().unwrap();
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let lines: Vec<&str> = found.lines().collect();
    assert!(lines.contains(&".") && lines.contains(&"store"), "{found}");
    // The folder itself, and that it cannot be looked into.
    let inside = |line: &&&str| line.starts_with("store/");
    assert_eq!(lines.iter().find(inside), None, "{found}");
    let locks = format!("flock -n {}/store/locks/store true", folder.display());
    assert!(!as_another(&locks).output().unwrap().status.success());
}

/// Who may read a folder may lock it, and keep others waiting: they are told, and can stop.
#[test]
fn another_user_that_locks_a_folder_is_told_of() {
    require!(is_root(), "not root, who can become another user");
    let served = Served::default();
    open_to_all(&served);
    let hold = format!("exec flock -x {} sleep 600", served.space.path("").display());
    let mut holder = as_another(&hold).spawn().unwrap();
    while !is_held(&served) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut lock = served.space.command(&["lock"]);
    let mut lock = lock.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(lock.stderr.take().unwrap()).lines();
    let told = lines.find_map(|line| line.ok().filter(|line| line.starts_with("waiting for")));
    assert!(told.is_some());
    let stop = Command::new("kill").arg(lock.id().to_string()).status();
    assert!(stop.is_ok_and(|status| status.success()));
    let start = Instant::now();
    assert_eq!(lock.wait().unwrap().code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(30));
    _ = holder.kill();
    _ = holder.wait();
}

fn is_held(served: &Served) -> bool {
    let mut flock = Command::new("flock");
    let taken = flock.args(["-n", "-x"]).arg(served.space.path("")).arg("true").status();
    !taken.unwrap().success()
}

/// A folder to which all may write, as /tmp: another user puts links and folders where results will be.
#[test]
fn another_user_in_the_folder_leads_nothing_elsewhere() {
    require!(is_root(), "not root, who can become another user");
    let served = Served::default();
    let victim = tempfile::tempdir().unwrap();
    fs::write(victim.path().join("file"), "mine").unwrap();
    fs::set_permissions(served.space.path(""), Permissions::from_mode(0o777)).unwrap();
    let (folder, target) = (served.space.path(""), victim.path().join("file"));
    let race = format!(
        "cd {} && while :; do for name in isoplug.lock isoplug.lock.new out .isoplug-x.new; do \
         rm -rf $name; ln -s {} $name; done; for new in .isoplug-*.new; do rm -f $new; \
         ln -s {} $new; done; done 2>/dev/null",
        folder.display(),
        target.display(),
        target.display(),
    );
    let mut racer = as_another(&race).spawn().unwrap();
    for _ in 0..30 {
        served.run(&["lock", "--trust-folder"]);
        served.run(&["update", "--trust-folder"]);
    }
    _ = racer.kill();
    _ = racer.wait();
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    assert_eq!(isoplug_formats::tree::sorted_names(victim.path()).unwrap(), ["file"]);
}

/// A store that is a link is the folder that it leads to, which is closed as any store.
#[test]
fn a_store_behind_a_link_is_closed_too() {
    let served = Served::default();
    fs::create_dir(served.space.path("real")).unwrap();
    symlink("real", served.space.path("store")).unwrap();
    served.space.ok(&["lock"]);
    let mode = fs::metadata(served.space.path("real")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
