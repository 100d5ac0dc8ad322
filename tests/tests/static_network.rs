//! Boots the example with an address of its own: by both backends, and from outside without a DHCP server.

#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use isoplug_tests::real;
use isoplug_tests::require;
use isoplug_tests::space::Space;

/// Makes a copy that takes packages and layers from the store of the minimal example.
fn example() -> Space {
    let minimal = real::minimal();
    let space = Space::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/static-network");
    for name in ["isoplug.toml", "hash"] {
        fs::copy(from.join(name), space.path(name)).unwrap();
    }
    symlink(minimal.store_path(), space.path("store")).unwrap();
    space
}

fn has_qemu() -> bool {
    Command::new("qemu-system-x86_64").arg("--version").output().is_ok()
}

#[test]
fn the_example_keeps_its_promises_by_both_backends() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let space = example();
    let both = "static-network,network-manager";
    let said = space.ok(&["test", "-p", both, "--firmware", "bios", "--medium", "cd"]);
    for promise in ["the address is there", "the routes are there", "port 22"] {
        assert_eq!(said.matches(promise).count(), 2, "{promise}:\n{said}");
    }
}

/// A command that is ended with its test, and with it the machine that it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// QEMU hands what comes to its port to 10.0.2.15, whether a guest asked for that address or not.
#[test]
fn the_example_is_reached_without_dhcp() {
    let _turn = real::turn();
    require!(has_qemu(), "there is no qemu-system-x86_64");
    let space = example();
    space.ok(&["build", "-p", "static-network"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut run = space.command(&["run", "-p", "static-network", "--ssh-port", &port.to_string()]);
    let run = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(run.spawn().unwrap());
    let begin = Instant::now();
    let banner = loop {
        match greeting(port) {
            Some(line) => break line,
            None if begin.elapsed() > Duration::from_secs(600) => panic!("no SSH server answers"),
            None => std::thread::sleep(Duration::from_secs(2)),
        }
    };
    assert!(banner.starts_with("SSH-2.0-OpenSSH"), "{banner}");
    drop(running);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the machine still runs");
}

/// Returns the first line of the server behind a port, if one answers.
fn greeting(port: u16) -> Option<String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    (!line.is_empty()).then_some(line)
}
