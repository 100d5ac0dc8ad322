//! What is refused: of a module, and to publish.

use insta::assert_snapshot;
use isoplug_tests::space::Space;

use super::{Acme, BASE};

#[test]
fn what_is_wrong_with_a_module_is_told() {
    let acme = Acme::new();
    assert_snapshot!(acme.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[module]: cannot use the shared module `acme`: isoplug.lock does not pin it; `isoplug lock` does
      --> isoplug.toml:10:11
       |
    10 | extends = "acme:web"
       |           ^^^^^^^^^^
    "#);
    assert_snapshot!(acme.run(&["build", "--locked"]), @r"
    exit: 3
    --- stdout
    --- stderr
    error: isoplug.lock does not pin module acme
      try: `isoplug lock`, and commit what it writes
    ");
    acme.team.space.ok(&["lock"]);
    acme.team.change("acme:web", "acme:wbe");
    assert_snapshot!(acme.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-profile]: there is no profile `acme:wbe`
      --> isoplug.toml:10:11
       |
    10 | extends = "acme:wbe"
       |           ^^^^^^^^^^
       |
       = help: did you mean `acme:web`?
    "#);
    acme.team.change("acme:wbe", "acne:web");
    assert_snapshot!(acme.run(&["check"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[unknown-profile]: there is no profile `acne:web`
      --> isoplug.toml:10:11
       |
    10 | extends = "acne:web"
       |           ^^^^^^^^^^
       |
       = help: known: p, isoplug:minimal, isoplug:rescue, isoplug:desktop, isoplug:kiosk, isoplug:installer, isoplug:target, acme:PROFILE
    "#);
    acme.says("version = \"1\"");
    assert_snapshot!(acme.run(&["check"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error[module]: the module `acme` needs `registry` or `path`, one of them
      --> isoplug.toml:14:10
       |
    14 | [modules.acme]
       |          ^^^^
    ");
    acme.says(&format!("registry = \"{}\"\nversion = \"^9\"", acme.repository()));
    assert_snapshot!(acme.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    resolving module acme
    error: oci-layout:[REGISTRY]#r.example/acme/base has no version that meets "^9": it has 3.2.0
      try: loosen the requirement, or check the name
    "#);
}

/// A module is its folder: it reads nothing else of the machine that builds.
#[test]
fn a_module_reads_nothing_of_the_machine() {
    let acme = Acme::new();
    let refused = |more: &str| {
        acme.base.write("isoplug.toml", &format!("{BASE}\n[profiles.evil]\n{more}\n"));
        acme.says(&format!("path = \"{}\"", acme.base.path("").display()));
        let manifest = acme.team.space.read("isoplug.toml");
        acme.team.write(&manifest.replace("acme:web", "acme:evil"));
        let said = acme.run(&["check", "--trust-folder"]);
        acme.team.write(&manifest);
        said[said.find("error").unwrap_or(0)..].lines().next().unwrap_or_default().to_owned()
    };
    assert_snapshot!(refused("include = [\"../../x.toml\"]"), @"error[foreign-path]: the shared module `acme` names a file that is none of its own");
    assert_snapshot!(refused("files = [{ target = \"/etc/x\", source = \"/etc/shadow\" }]"), @"error[foreign-path]: the shared module `acme` names a file that is none of its own");
    assert_snapshot!(refused("root.hashed-password-from = { env = \"SECRET\" }"), @"error[secret-in-module]: a shared module holds no secret and reads none");
    let debconf =
        "packages.debconf = [{ question = \"a/b\", type = \"string\", env = \"SECRET\" }]";
    assert_snapshot!(refused(debconf), @"error[secret-in-module]: a shared module holds no secret and reads none");
    assert_snapshot!(refused("extends = \"other:base\""), @"error[unknown-profile]: there is no profile `other:base`");
}

#[test]
fn what_cannot_be_published() {
    let space = Space::with_manifest("image.name = \"x\"\n[profiles.p]\n");
    let publish = |manifest: &str| {
        space.write("isoplug.toml", manifest);
        space.run(&["module", "publish", "oci-layout:registry#r.example/x/y", "--unsigned"])
    };
    assert_snapshot!(publish("image.name = \"x\"\n[profiles.p]\n"), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no `image.version`, which is the version to publish
      try: such as "3.2.0"
    "#);
    assert_snapshot!(publish("image = { name = \"x\", version = \"3.2\" }\n[profiles.p]\n"), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: invalid version of a module in `image.version`: "3.2"
      because: unexpected end of input while parsing minor version number
      try: three numbers, such as "3.2.0"
    "#);
    assert_snapshot!(publish("image = { name = \"x\", version = \"3.2.0\" }\n[profiles.p]\n"), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml has no `image.description`, which says what the module is for
      try: such as "What all images of Acme have"
    "#);
    assert_snapshot!(space.run(&["module", "publish", "oci-layout:registry#r.example/x/y"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: a module needs a signature
      try: make a key with `isoplug plugin keygen FILE`, then add --key FILE; or --unsigned
    ");
}
