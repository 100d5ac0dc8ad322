//! The way of a plugin from its publisher over a registry into an image, and the connection there.
#![cfg(test)]

#[path = "plugin_published/oras.rs"]
mod oras;
#[path = "plugin/registry.rs"]
mod registry;
#[path = "plugin/stored.rs"]
mod stored;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use isoplug_tests::certificate::Authority;
use isoplug_tests::real::{self, Medium, events, sha256, stages_that_ran};
use isoplug_tests::require;
use isoplug_tests::space::Space;
use registry::{Registry, altered, has};
use stored::{copy_without_plugins, files_named};

const REPOSITORY: &str = "isoplug/hello-c";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/fixtures/hello-c.wasm")
}

/// A registry, a publisher, and a project that trusts the publisher.
struct Trade {
    registry: Registry,
    publisher: Space,
    project: Space,
    /// What the plugin writes into the image, which no image before had.
    greeting: String,
}

impl Trade {
    /// Begins with the minimal example and what its store has.
    fn new() -> Self {
        let minimal = real::minimal();
        let trade = Self {
            registry: Registry::start(),
            publisher: Space::new(),
            project: beside(&minimal),
            greeting: format!("Hello for {}", std::process::id()),
        };
        for key in ["acme.key", "other.key"] {
            trade.publisher.ok(&["plugin", "keygen", key]);
        }
        let config = format!("[config.hello]\ngreeting = \"{}\"\n", trade.greeting);
        let manifest = minimal.space.read("isoplug.toml");
        trade.project.write("isoplug.toml", &format!("{manifest}\n{config}"));
        fs::copy(minimal.path("isoplug.lock"), trade.project.path("isoplug.lock")).unwrap();
        copy_without_plugins(&minimal.path("store"), &trade.project.path("store"));
        trade.trust("acme");
        trade
    }

    /// Publishes a version of the plugin, changed in these texts.
    fn publish(
        &self,
        version: &str,
        changes: &[(&str, &str)],
        key: &str,
        repository: &str,
    ) -> String {
        let version = format!("\"version\":\"{version}\"");
        // Packages would have to be fetched while this test is about plugins.
        let plain = ("{\"packages\":{\"install\":[\"hello\"]},\"boot\"", "{\"boot\"");
        let all = [&[("\"version\":\"0.1.0\"", version.as_str()), plain], changes].concat();
        altered(&fixture(), &self.publisher.path("x.wasm"), &all);
        let repository = self.registry.repository(repository);
        self.publisher.run(&["plugin", "publish", "x.wasm", &repository, "--key", key])
    }

    fn trust(&self, publisher: &str) {
        let name = format!("{publisher}.key.pub");
        self.project.write(&name, &self.publisher.read(&name));
        self.project.ok(&["plugin", "trust", publisher, &name]);
    }

    fn update(&self) -> String {
        self.project.run(&["plugin", "update"])
    }
}

/// Makes a space where files of the example can be linked to.
fn beside(example: &real::Example) -> Space {
    Space::in_folder(tempfile::tempdir_in(example.path("").parent().unwrap()).unwrap())
}

fn exits(code: u8, text: &str) {
    assert!(text.starts_with(&format!("exit: {code}\n")), "{text}");
}

#[test]
fn a_plugin_goes_from_its_publisher_into_an_image() {
    require!(has("docker-registry") && has("skopeo"), "docker-registry or skopeo is not installed");
    require!(Medium::can_be_read(), "xorriso or unsquashfs is not installed");
    let _turn = real::turn();
    let trade = Trade::new();
    let repository = trade.registry.repository(REPOSITORY);
    let space = &trade.project;
    // What another machine has before it hears of the plugin.
    let elsewhere = beside(&real::minimal());
    copy_without_plugins(&space.path("store"), &elsewhere.path("store"));
    exits(0, &trade.publish("0.1.0", &[], "acme.key", REPOSITORY));

    // Search, add, build.
    let index = trade.registry.repository("isoplug");
    let found = space.ok(&["plugin", "search", "--index", &index, "greets"]);
    assert!(found.starts_with(&format!("{repository}  0.1.0  Greets")), "{found}");
    exits(4, &space.run(&["plugin", "add", &repository, "--name", "hello"]));
    let add = ["plugin", "add", &repository, "--name", "hello", "--version", "^0.1", "--yes"];
    assert_eq!(space.ok(&add), "hello 0.1.0");
    assert!(space.ok(&["explain", "boot.kernel-params"]).contains("plugin hello 0.1.0"));
    exits(0, &space.run(&["plugin", "verify"]));
    let online = space.path(&space.ok(&["build", "--locked"]));
    let digest = sha256(&online);

    // A tag that moves is not followed; what is locked is still to be had.
    let evil = [("Greets: one", "Greats: one")];
    exits(4, &trade.publish("0.1.0", &evil, "acme.key", REPOSITORY));
    exits(0, &trade.publish("0.1.0", &evil, "acme.key", "evil/hello-c"));
    trade.registry.retag("evil/hello-c:0.1.0", "isoplug/hello-c:0.1.0");
    let moved = trade.update();
    exits(4, &moved);
    assert!(moved.contains("moved: locked sha256:"), "{moved}");
    assert!(moved.contains("  try: ask the publisher why, since a version must"), "{moved}");
    let fresh = Space::at(space.path("")).env("ISOPLUG_STORE", "store-2");
    fresh.ok(&["lock", "--locked"]);
    let manifest = space.read("isoplug.toml");
    exits(0, &trade.publish("0.1.2", &[], "acme.key", REPOSITORY));
    space.write("isoplug.toml", &manifest.replace("^0.1", "=0.1.2"));
    let moved = trade.update();
    exits(4, &moved);
    assert!(moved.contains("moved"), "an old tag that moved is a sign: {moved}");

    // A newer version that asks for more stops, and one by another publisher does.
    let lock = space.read("isoplug.lock");
    let wider = ("\"files\":[\"root:/etc/motd.d/**\"]", "\"files\":[\"root:/etc/**\"]");
    exits(0, &trade.publish("0.2.0", &[wider], "acme.key", "isoplug/wider"));
    let other = trade.registry.repository("isoplug/wider");
    space.write("isoplug.toml", &manifest.replace(&repository, &other).replace("^0.1", "^0.2"));
    let more = space.run(&["build"]);
    exits(4, &more);
    assert!(more.contains("files root:/etc/**"), "{more}");
    exits(4, &trade.update());
    space.ok(&["plugin", "update", "--grant-all"]);
    exits(0, &trade.publish("0.2.1", &[], "other.key", "isoplug/wider"));
    exits(4, &trade.update());
    trade.trust("other");
    let changed = trade.update();
    exits(4, &changed);
    assert!(changed.contains("the publisher of plugin hello changed"), "{changed}");

    // A mirror serves the same build elsewhere when the registry is gone.
    space.write("isoplug.toml", &manifest);
    space.write("isoplug.lock", &lock);
    space.ok(&["plugin", "mirror", &elsewhere.path("usb").display().to_string()]);
    let host = trade.registry.host();
    drop(trade.registry);
    elsewhere.write("isoplug.toml", &manifest);
    elsewhere.write("isoplug.lock", &lock);
    let component = component_of(&lock);
    assert_eq!(files_named(&elsewhere.path("store"), &component), Vec::<PathBuf>::new());
    let build = ["build", "--locked", "--offline"];
    let refused = elsewhere.run(&build);
    exits(4, &refused);
    assert!(refused.contains("--offline is set"), "{refused}");
    let usb = elsewhere.path("usb").display().to_string();
    elsewhere.write("config.toml", &format!("mirror.\"{host}\" = \"oci-layout:{usb}\"\n"));
    let config = elsewhere.path("config.toml").display().to_string();
    let mirrored = Space::at(elsewhere.path("")).env("ISOPLUG_CONFIG", &config);
    let ran = stages_that_ran(&events(&mirrored, &build));
    for stage in ["plugin hello", "rootfs", "squashfs", "iso"] {
        assert!(ran.iter().any(|title| title == stage), "{stage} is not among {ran:?}");
    }
    assert_ne!(files_named(&elsewhere.path("store"), &component), Vec::<PathBuf>::new());
    let offline = elsewhere.path(&mirrored.ok(&build));
    assert_eq!(sha256(&offline), digest);
    let medium = Medium::open(&offline);
    assert_eq!(medium.text_of_rootfs("etc/motd.d/hello"), trade.greeting);
    assert!(medium.text("boot/grub/grub.cfg").contains("isoplug.hello=1"));
}

/// Returns the digest of the only plugin of a lock.
fn component_of(lock: &str) -> String {
    let lock = isoplug_manifest::Lock::parse(lock).unwrap();
    lock.plugins["hello"].component.trim_start_matches("sha256:").to_owned()
}

#[test]
fn a_registry_is_believed_if_an_authority_vouches_for_it() {
    require!(has("docker-registry"), "docker-registry is not installed");
    require!(has("openssl"), "openssl is not installed");
    let (authority, stranger) = (Authority::new("Ours"), Authority::new("Theirs"));
    let registry = Registry::start_with_tls(&authority.issue("IP:127.0.0.1"));
    let repository = format!("https://{}", registry.repository(REPOSITORY));
    let space =
        |file: &str| Space::with_manifest("image.name = \"t\"\n").env("SSL_CERT_FILE", file);
    let project = space(&authority.file());
    project.ok(&["plugin", "keygen", "acme.key"]);
    fs::copy(fixture(), project.path("x.wasm")).unwrap();
    project.ok(&["plugin", "publish", "x.wasm", &repository, "--key", "acme.key"]);
    project.ok(&["plugin", "trust", "acme", "acme.key.pub"]);
    assert_eq!(project.ok(&["plugin", "add", &repository, "--yes"]), "hello-c 0.1.0");
    exits(0, &project.run(&["plugin", "verify"]));

    let shown = |space: &Space, repository: &str| {
        space.run(&["plugin", "info", repository]).replace(&registry.host(), "[HOST]")
    };
    assert_snapshot!(shown(&space(&stranger.file()), &repository), @r"
    exit: 1
    --- stdout
    --- stderr
    error: failed to fetch the tags: https://[HOST]/v2/isoplug/hello-c/tags/list: its certificate is not accepted: no authority that is known here issued it
      try: if its authority is your own, add the authority's certificate to those of this machine, or name its file in SSL_CERT_FILE
    ");
    assert_snapshot!(shown(&space("/absent.pem"), &repository), @r"
    exit: 1
    --- stdout
    --- stderr
    error: failed to read /absent.pem
      because: No such file or directory (os error 2)
    ");
    let without = repository.replace("https", "http");
    assert_snapshot!(shown(&space(&authority.file()), &without), @r"
    exit: 1
    --- stdout
    --- stderr
    error: failed to fetch the tags: http://[HOST]/v2/isoplug/hello-c/tags/list: HTTP status 400: Client sent an HTTP request to an HTTPS server.
    ");

    let misnamed = Registry::start_with_tls(&authority.issue("DNS:registry.example"));
    let repository = format!("https://{}", misnamed.repository(REPOSITORY));
    let refused = project.run(&["plugin", "info", &repository]);
    assert_snapshot!(refused.replace(&misnamed.host(), "[HOST]"), @r#"
    exit: 1
    --- stdout
    --- stderr
    error: failed to fetch the tags: https://[HOST]/v2/isoplug/hello-c/tags/list: its certificate is not accepted: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("registry.example")
      try: if its authority is your own, add the authority's certificate to those of this machine, or name its file in SSL_CERT_FILE
    "#);
    let plain = Registry::start();
    let repository = format!("https://{}", plain.repository(REPOSITORY));
    let refused = project.run(&["plugin", "info", &repository]);
    assert_snapshot!(refused.replace(&plain.host(), "[HOST]"), @r"
    exit: 1
    --- stdout
    --- stderr
    error: failed to fetch the tags: https://[HOST]/v2/isoplug/hello-c/tags/list: it does not speak TLS
    ");
}
