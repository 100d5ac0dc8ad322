//! `isoplug new`: a manifest that is right from the start, and never in place of another.
#![cfg(test)]

use insta::assert_snapshot;
use isoplug_tests::space::Space;

#[test]
fn help() {
    assert_snapshot!(Space::new().first_lines(&["new", "--help"]), @r"
    Make a folder with a manifest to start from

    Usage: isoplug new [OPTIONS] <FOLDER>
    ");
}

#[test]
fn what_it_makes_is_right() {
    let space = Space::new();
    assert_snapshot!(space.run(&["new", "Rescue Stick"]), @r"
    exit: 0
    --- stdout
    --- stderr
    made Rescue Stick/isoplug.toml
    next: isoplug build 'Rescue Stick'
    ");
    assert_snapshot!(space.read("Rescue Stick/isoplug.toml"), @r#"
    # A bootable image. `isoplug schema --reference` lists every option.

    [image]
    name = "rescue-stick"
    version = "0.1"

    [sources.debian]
    suite = "trixie"

    [profiles.minimal]
    extends = "isoplug:minimal"
    packages.install = ["vim-tiny"]
    networking.hostname = "rescue-stick"

    # Whoever sits at the machine is logged in as `live`, without a password, and
    # becomes root with `sudo`. For a password, make a hash with `mkpasswd` and set
    # `users.live.hashed-password`.
    services.getty.autologin-user = "live"
    users.live.sudo = "nopasswd"
    root.locked = true

    # Nobody logs in over the network. To change that, put the lines of your `.pub`
    # file in here.
    # services.openssh = { enable = true, settings.password-authentication = false }
    # users.live.authorized-keys = ["ssh-ed25519 AAAA... me@home"]

    # [[profiles.minimal.files]]
    # target = "/etc/motd"
    # text = "Hello\n"

    # Checked by `isoplug test`, besides what the manifest promises anyway.
    [[profiles.minimal.tests]]
    name = "everything started"
    run = "systemctl is-system-running --wait"
    "#);
    assert_snapshot!(space.run(&["check", "Rescue Stick", "--strict"]), @r"
    exit: 0
    --- stdout
    --- stderr
    Rescue Stick/isoplug.toml is fine: minimal
    ");
}

#[test]
fn each_template_is_right() {
    for template in ["minimal", "rescue", "desktop", "kiosk"] {
        let space = with_key();
        space.ok(&["new", "deep/in/folders", "--template", template]);
        let text = space.read("deep/in/folders/isoplug.toml");
        assert!(text.contains(&format!("extends = \"isoplug:{template}\"")), "{text}");
        assert_eq!(space.ok(&["check", "deep/in/folders", "--strict"]), "");
        // What is only a comment is right, too, once it is none.
        let key = space.read(KEY);
        let mut uncommented = text.replace("ssh-ed25519 AAAA... me@home", key.trim());
        for word in ["[", "desktop", "packages", "target", "text", "services", "users"] {
            uncommented = uncommented.replace(&format!("# {word}"), word);
        }
        space.write("deep/in/folders/isoplug.toml", &uncommented);
        assert_eq!(space.ok(&["check", "deep/in/folders", "--strict"]), "");
    }
}

const KEY: &str = "id.pub";

fn with_key() -> Space {
    let space = Space::new();
    let blob = "AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    space.write(KEY, &format!("ssh-ed25519 {blob} me@home\n"));
    space
}

#[test]
fn keys_are_those_of_a_file_that_was_named() {
    let space = with_key();
    space.ok(&["new", "stick", "--authorized-keys", KEY]);
    let text = space.read("stick/isoplug.toml");
    assert!(text.contains("settings.password-authentication = false"), "{text}");
    assert!(text.contains(space.read(KEY).trim()), "{text}");
    assert_eq!(space.ok(&["check", "stick", "--strict"]), "");
    space.write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    assert_snapshot!(space.run(&["new", "other", "--authorized-keys", "id"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: id is a private key, which belongs in no image
      try: name the file that ends in `.pub`
    ");
    assert_snapshot!(space.run(&["new", "other", "--authorized-keys", "gone.pub"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: cannot read gone.pub
      because: No such file or directory (os error 2)
      try: name the file that ends in `.pub`
    ");
    space.write("hello.pub", "hello\n");
    assert!(
        space
            .run(&["new", "other", "--authorized-keys", "hello.pub"])
            .contains("not an SSH public key")
    );
    assert!(!space.path("other").exists());
}

#[test]
fn this_folder() {
    let space = Space::new();
    assert_snapshot!(space.run(&["new", ".", "--quiet"]), @r"
    exit: 0
    --- stdout
    --- stderr
    ");
    assert_eq!(space.ok(&["check", "--strict"]), "");
}

#[test]
fn an_existing_manifest_stays() {
    let space = Space::with_manifest("mine\n");
    assert_snapshot!(space.run(&["new", "."]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: isoplug.toml exists
      try: choose another folder, or edit that manifest
    ");
    assert_eq!(space.read("isoplug.toml"), "mine\n");
    space.write("file", "");
    assert_snapshot!(space.run(&["new", "file"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: file is not a folder
      try: choose another name
    ");
}

#[test]
fn mistakes_of_typing() {
    let space = Space::new();
    assert_snapshot!(space.run(&["new"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <FOLDER>

    Usage: isoplug new <FOLDER>

    For more information, try '--help'.
    ");
    assert_snapshot!(space.run(&["new", "x", "--template", "rescu"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'rescu' for '--template <TEMPLATE>'
      [possible values: minimal, rescue, desktop, kiosk]

      tip: a similar value exists: 'rescue'

    For more information, try '--help'.
    ");
    assert!(!space.path("x").exists());
}
