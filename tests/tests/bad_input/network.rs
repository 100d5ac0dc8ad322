//! Mirrors that are slow, busy, gone, or must not be asked.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;
use isoplug_tests::archive::Fault;
use isoplug_tests::certificate::Authority;
use isoplug_tests::require;
use isoplug_tests::served::Served;

use super::{build_fails, fails, fetches};

#[test]
fn half_a_package_is_completed() {
    let served = Served::default();
    served.space.ok(&["lock"]);
    served.server.fail("base_1", Fault::HangUp(300));
    fetches(&served);
    let requests = served.server.requests();
    assert!(requests.iter().any(|request| request.ends_with("base_1_all.deb@300")), "{requests:?}");
}

#[test]
fn a_busy_mirror_is_asked_again() {
    let served = Served::default();
    served.server.fail("InRelease", Fault::Status(503));
    served.server.fail("Packages", Fault::HangUp(0));
    served.server.fail("base_1", Fault::Busy(1));
    fetches(&served);
}

#[test]
fn a_mirror_that_stays_busy() {
    let served = Served::default();
    (0..5).for_each(|_| served.server.fail("InRelease", Fault::Status(503)));
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: http://mirror/dists/stable/InRelease: HTTP status 503
      try: again later, or name another mirror in `mirrors` of the source
    ");
    served.space.ok(&["lock"]);
    (0..5).for_each(|_| served.server.fail("base_1", Fault::Status(503)));
    assert_snapshot!(build_fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    error: stage `fetch 0` of p (amd64) failed
      because: cannot get package base 1 all
      because: http://mirror/pool/main/base_1_all.deb: HTTP status 503
      try: again later; what was fetched is kept
      log: [DIR]/store/logs-v1/[SHA256].log
    ");
    fetches(&served);
}

#[test]
fn nobody_listens() {
    let served = Served::default();
    served.change(&served.server.url(), "http://127.0.0.1:1");
    assert_snapshot!(fails(&served), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: http://127.0.0.1:1/dists/stable/InRelease: Connection refused (os error 111)
      try: again later, or name another mirror in `mirrors` of the source
    ");
}

#[test]
fn offline() {
    let served = Served::default();
    assert_snapshot!(served.run(&["lock", "--offline"]), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: offline, and dists/stable/InRelease is not in the cache
      try: run it once without --offline to fill the store
    ");
    served.space.ok(&["lock"]);
    // Which of the fetches fails first is not fixed.
    let text = served.run(&["build", "--offline", "--quiet"]);
    assert!(text.starts_with("exit: 1") && text.contains("nor vendored: "), "{text}");
    assert!(text.contains("\n  try: run it once without --offline to fill the store\n"), "{text}");
    assert!(!served.space.path("out").exists());
    fetches(&served);
    let asked = served.server.requests().len();
    let text = served.run(&["build", "--offline", "--quiet"]);
    assert!(!text.contains("base 1 all"), "what was fetched is there: {text}");
    assert_eq!(served.server.requests().len(), asked);
}

/// Serves the folder named first over TLS, and prints the port.
const TLS: &str = r#"
import functools, http.server, ssl, sys
folder, certificate, key = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve_with_tls(served: &Served, authority: &Authority) -> (Stopped, String) {
    let issued = authority.issue("IP:127.0.0.1");
    let mut python = Command::new("python3");
    python.args(["-c", TLS]).arg(served.archive.folder());
    python.args([issued.certificate, issued.key]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Stopped(python.spawn().unwrap());
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (server, format!("https://127.0.0.1:{}", port.trim()))
}

#[test]
fn an_authority_of_ones_own() {
    let has = |tool: &str| Command::new(tool).arg("--help").output().is_ok();
    require!(has("openssl") && has("python3"), "openssl or python3 is not installed");
    let (mut served, authority) = (Served::default(), Authority::new("Own"));
    let (_server, url) = serve_with_tls(&served, &authority);
    served.change(&served.server.url(), &url);
    assert_snapshot!(fails(&served).replace(&url, "https://mirror"), @r"
    exit: 1
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot read the sources of p
      because: https://mirror/dists/stable/InRelease: its certificate is not accepted: no authority that is known here issued it
      try: if its authority is your own, add the authority's certificate to those of this machine, or name its file in SSL_CERT_FILE
    ");

    let file = authority.file();
    served.space = served.space.env("SSL_CERT_FILE", &file);
    fetches(&served);
    std::fs::remove_file(&file).unwrap();
    served.space.ok(&["lock"]);
    assert_snapshot!(served.run(&["update"]).replace(&file, "[FILE]"), @r"
    exit: 6
    --- stdout
    --- stderr
    resolving p for amd64
    error: cannot verify the TLS certificate of any mirror
      because: failed to read [FILE]
      because: No such file or directory (os error 2)
      try: name a file of certificates in SSL_CERT_FILE, or unset it
    ");
}
