//! Keyrings: in files, in the manifest, and what is not one.

use super::*;

#[test]
fn keyrings_that_are_none() {
    let served = Served::default();
    let keybox = "\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0";
    served.space.write("archive.asc", keybox);
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-keyring]: cannot use the keyring of `tiny`: it is a keybox, the database of GnuPG, and not a file of exported keys
     --> isoplug.toml:7:11
      |
    7 | keyring = "archive.asc"
      |           ^^^^^^^^^^^^^
      |
      = help: export its keys: `gpg --no-default-keyring --keyring ./FILE --export > keys.gpg`, and name that file
    "#);
    served.space.write("archive.asc", "<!DOCTYPE html>\n<title>404</title>\n");
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-keyring]: cannot use the keyring of `tiny`: it has no OpenPGP public key: it is a web page
     --> isoplug.toml:7:11
      |
    7 | keyring = "archive.asc"
      |           ^^^^^^^^^^^^^
      |
      = help: it takes OpenPGP public keys, armored or binary
    "#);
}

/// A keyring that cannot be read is never read as none, which would be the distribution's own keys.
#[test]
fn a_keyring_that_cannot_be_read_is_an_error() {
    let served = Served::default();
    served.change(r#"keyring = "archive.asc""#, r#"keyring = "keys""#);
    std::fs::create_dir(served.space.path("keys")).unwrap();
    assert_snapshot!(served.run(&["lock"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    error[bad-keyring]: cannot use the keyring of `tiny`: it cannot be read: it must be a regular file
     --> isoplug.toml:7:11
      |
    7 | keyring = "keys"
      |           ^^^^^^
      |
      = help: name a file of keys that this user can read
    "#);
    assert_eq!(served.server.requests(), [""; 0]);
}

#[test]
fn keys_can_stand_in_the_manifest() {
    let served = Served::default();
    let key = served.archive.key.public().unwrap();
    let fingerprint = served.archive.key.fingerprint();
    let keys = format!("keys = \"\"\"\n{key}\"\"\"\nfingerprints = [\"{fingerprint}\"]");
    served.change(r#"keyring = "archive.asc""#, &keys);
    served.space.ok(&["lock"]);
    served.change(&fingerprint, &"A".repeat(40));
    let refused = served.run(&["lock"]);
    let said = "no key has the fingerprint AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(refused.contains(said) && refused.contains("fingerprints = ["), "{refused}");
}
