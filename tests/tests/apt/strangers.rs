//! What apt and gpg make of the same archive and keys.

use super::*;

/// Lets apt read an archive in this shape and returns what it says then; nothing without apt.
pub(super) fn apt(world: &World, layout: &Layout, arguments: &[&str]) -> Option<String> {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).display().to_string();
    for folder in ["state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    fs::write(root.path().join("status"), "").unwrap();
    fs::write(root.path().join("key.asc"), world.archive.key.public().unwrap()).unwrap();
    let Layout { suite, component, .. } = layout;
    let (key, url) = (path("key.asc"), world.server.url());
    let line = format!("deb [arch=amd64 signed-by={key}] {url} {suite} {component}\n");
    fs::write(root.path().join("sources.list"), line).unwrap();
    let options = [
        format!("Dir::State={}", path("state")),
        format!("Dir::State::status={}", path("status")),
        format!("Dir::Cache={}", path("cache")),
        format!("Dir::Etc::sourcelist={}", path("sources.list")),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        "Dir::Etc::parts=/dev/null".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
        "Acquire::Check-Date=false".to_owned(),
    ];
    let apt = |arguments: &[&str]| {
        let options = options.iter().flat_map(|option| ["-o".to_owned(), option.clone()]);
        let mut apt = Command::new("apt-get");
        apt.args(options).args(arguments).env("APT_CONFIG", "/dev/null").output()
    };
    let Ok(update) = apt(&["update"]) else {
        skipped("no apt-get");
        return None;
    };
    assert!(update.status.success(), "{}", String::from_utf8_lossy(&update.stderr));
    let said = apt(arguments).unwrap();
    assert!(said.status.success(), "{layout:?}: {}", String::from_utf8_lossy(&said.stderr));
    Some(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// Lets apt itself read the archive: what this crate writes is what apt understands.
#[test]
fn apt_reads_our_archive() {
    let world = World::new();
    let Some(text) = apt(&world, &Layout::suite("stable"), &["-s", "install", "app"]) else {
        return;
    };
    assert!(text.contains("Inst lib (2.1") && text.contains("Inst app (1.0-1"), "{text}");
}

/// Keys that gpg made, in the states that a key can be in.
#[test]
fn the_key_policy_is_that_of_gpg() {
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str]| {
        let fixed =
            ["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
        Command::new("gpg").arg("--homedir").arg(home.path()).args(fixed).args(arguments).output()
    };
    if gpg(&["--version"]).is_err() {
        return skipped("no gpg");
    }
    let make = |name: &str, lasts: &str| {
        let made = gpg(&[
            "--faked-system-time",
            "20260101T000000",
            "--quick-generate-key",
            name,
            "ed25519",
            "sign",
            lasts,
        ]);
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let sign = |name: &str, time: &str, digest: &str| {
        fs::write(home.path().join("text"), "Suite: x\nDate: y\n").unwrap();
        let path = home.path().join("text").display().to_string();
        let signed = gpg(&[
            "--faked-system-time",
            time,
            "--digest-algo",
            digest,
            "-u",
            name,
            "--clearsign",
            "-o",
            "-",
            &path,
        ]);
        String::from_utf8(signed.unwrap().stdout).unwrap()
    };
    let export = |name: &str| gpg(&["--armor", "--export", name]).unwrap().stdout;
    let verify = |key: &[u8], message: &str, at: u64| {
        let signed = isoplug_formats::apt::clearsign::split(message).unwrap();
        let text = signed.text.replace('\n', "\r\n");
        let when = When { dated: at, now: None };
        let keyring = Keyring::parse(key).unwrap();
        keyring.verify(text.as_bytes(), signed.signature.as_bytes(), when).map(|good| good.signers)
    };
    let at = |month: u64| 1_767_225_600 + (month - 1) * 30 * 86_400;

    make("long <l@x>", "never");
    let long = export("l@x");
    let message = sign("l@x", "20260301T000000", "SHA512");
    assert_eq!(verify(&long, &message, at(3)).unwrap().len(), 1);
    let forged = message.replace("Suite: x", "Suite: z");
    assert!(matches!(verify(&long, &forged, at(3)), Err(keyring::Error::Bad(_))));

    make("short <s@x>", "60d");
    let short = export("s@x");
    let message = sign("s@x", "20260201T000000", "SHA256");
    assert_eq!(verify(&short, &message, at(2)).unwrap().len(), 1, "good before it expired");
    assert!(matches!(verify(&short, &message, at(6)), Err(keyring::Error::Expired { .. })));

    // A keyring of both: one good signature is enough, a stranger's is told by fingerprint.
    let both = [long.clone(), short].concat();
    assert_eq!(Keyring::parse(&both).unwrap().fingerprints().len(), 2);
    assert!(matches!(verify(&long, &message, at(2)), Err(keyring::Error::UnknownKey(_))));

    // A signing subkey that ran out, of a key that did not.
    let fingerprint = Keyring::parse(&long).unwrap().fingerprints().swap_remove(0);
    let added = gpg(&[
        "--faked-system-time",
        "20260201T000000",
        "--quick-add-key",
        &fingerprint,
        "ed25519",
        "sign",
        "30d",
    ]);
    assert!(added.unwrap().status.success());
    let with_subkey = export("l@x");
    let message = sign("l@x", "20260210T000000", "SHA512");
    assert_ne!(
        verify(&with_subkey, &message, at(2)).unwrap(),
        std::slice::from_ref(&fingerprint),
        "the subkey signed"
    );
    assert!(matches!(verify(&with_subkey, &message, at(6)), Err(keyring::Error::Expired { .. })));
    assert!(matches!(verify(&long, &message, at(2)), Err(keyring::Error::UnknownKey(_))));

    // gpg keeps a revocation at hand, with a colon before it so that it is not used by mistake.
    let revocation = home.path().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let armored = fs::read_to_string(&revocation).unwrap().replace(":-----", "-----");
    fs::write(home.path().join("revocation"), armored).unwrap();
    let path = home.path().join("revocation").display().to_string();
    let message = sign(&format!("{fingerprint}!"), "20260301T000000", "SHA512");
    assert_eq!(verify(&long, &message, at(3)).unwrap(), [fingerprint]);
    assert!(gpg(&["--import", &path]).unwrap().status.success());
    let revoked = export("l@x");
    assert!(matches!(verify(&revoked, &message, at(3)), Err(keyring::Error::Revoked { .. })));

    let weak = sign("s@x", "20260201T000000", "SHA1");
    if weak.contains("BEGIN PGP SIGNATURE") {
        assert!(matches!(
            verify(&export("s@x"), &weak, at(2)),
            Err(keyring::Error::Unusable { .. } | keyring::Error::Bad(_))
        ));
    }
}
