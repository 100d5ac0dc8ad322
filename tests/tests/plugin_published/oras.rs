//! A stranger reads and writes the same releases: oras.

use super::*;

/// Pulls `acme/hello` of a registry, and pushes the component to `bare/hello` and, with what the
/// manifest says of it, to `told/hello`.
const ORAS: &str = r#"
import sys, oras.client
client = oras.client.OrasClient(insecure=True)
at = lambda name: f"{sys.argv[1]}/{name}/hello:0.1.0"
file, = client.pull(target=at("acme"), outdir=sys.argv[2])
said = client.get_manifest(at("acme"))["annotations"]
push = dict(files=[f"{file}:application/wasm"], disable_path_validation=True)
client.push(target=at("bare"), **push)
client.push(target=at("told"), manifest_annotations=said, **push)
"#;

/// Runs a program of Python that uses the client of the ORAS project.
fn oras(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new("python3");
    command.args(["-c", program]).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
#[ignore = "Debian has no package of oras for Python: tests/long.sh plugins"]
fn oras_pulls_what_is_published_and_pushes_what_is_added() {
    require!(has("docker-registry"), "docker-registry is not installed");
    require!(oras("import oras.client", &[]), "Python has no module oras (`pip install oras`)");
    let (registry, space) = (Registry::start(), Space::new());
    fs::copy(fixture(), space.path("x.wasm")).unwrap();
    let repository = |name: &str| registry.repository(&format!("{name}/hello"));
    space.ok(&["plugin", "publish", "x.wasm", &repository("acme"), "--unsigned"]);
    let pulled = space.path("pulled").display().to_string();
    assert!(oras(ORAS, &[&registry.host(), &pulled]));
    assert_eq!(fs::read(space.path("pulled/hello-c.wasm")).unwrap(), fs::read(fixture()).unwrap());

    space.write("isoplug.toml", "image.name = \"t\"\ntrust.default = \"any\"\n");
    let add = |name: &str| space.run(&["plugin", "add", &repository(name), "--yes"]);
    assert_snapshot!(add("bare").replace(&registry.host(), "[HOST]"), @r"
    exit: 4
    --- stdout
    --- stderr
    error: [HOST]/bare/hello does not tell its options and requests
      try: another tool put it there; `isoplug plugin publish` does it
    ");
    exits(0, &add("told"));
    exits(0, &space.run(&["plugin", "verify"]));
}
