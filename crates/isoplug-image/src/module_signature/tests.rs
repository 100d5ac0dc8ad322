//! Signatures that openssl made of the same key, and that openssl checks.

use std::fs;
use std::process::Command;

use super::*;

/// A key and its certificate, made anew by openssl; `None` without openssl.
fn pair(folder: &std::path::Path, algorithm: &str) -> Option<(String, Vec<u8>)> {
    if !isoplug_skip::has("openssl") {
        return None;
    }
    let made = Command::new("openssl")
        .args(["req", "-new", "-x509", "-newkey", algorithm, "-noenc", "-days", "30"])
        .args(["-subj", "/O=Acme/CN=Acme drivers/", "-keyout", "key", "-out", "crt"])
        .args([
            "-pkeyopt",
            if algorithm == "ec" { "ec_paramgen_curve:P-256" } else { "rsa_keygen_bits:2048" },
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    Some((String::from_utf8(read("key")).unwrap(), read("crt")))
}

fn error(key: &str, certificate: &[u8]) -> String {
    Signer::new(key, certificate).map(|_| ()).unwrap_err().to_string()
}

const MODULE: &[u8] = b"\x7fELF and more";

/// As the kernel's scripts/sign-file.c signs.
const SIGN: &str = "cms -sign -binary -noattr -nocerts -nosmimecap -md sha256 -in module -inkey key \
    -signer crt -outform DER -out other";
const VERIFY: &str = "cms -verify -binary -inform DER -in signature -content module -certfile crt \
    -CAfile crt -purpose any -out content";

fn openssl(arguments: &str, folder: &std::path::Path) {
    let mut command = Command::new("openssl");
    let ran = command.args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn openssl_makes_the_same_signature_and_believes_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some((key, certificate)) = pair(folder.path(), "rsa") else { return };
    let signer = Signer::new(&key, &certificate).unwrap();
    let signed = signer.sign(MODULE).unwrap();
    assert_eq!(signed, signer.sign(MODULE).unwrap());
    assert_eq!(unsigned(&signed), MODULE);
    let signature = &signed[MODULE.len()..signed.len() - MAGIC.len() - TRAILER];
    fs::write(folder.path().join("module"), MODULE).unwrap();
    fs::write(folder.path().join("signature"), signature).unwrap();
    openssl(SIGN, folder.path());
    assert_eq!(fs::read(folder.path().join("other")).unwrap(), signature);
    openssl(VERIFY, folder.path());
}

#[test]
fn der_and_old_pem_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let Some((key, certificate)) = pair(folder.path(), "rsa") else { return };
    let old = Command::new("openssl")
        .args(["pkey", "-in", "key", "-traditional"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let old = String::from_utf8(old.stdout).unwrap();
    assert!(old.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let der = to_der(&certificate).unwrap();
    assert_eq!(to_der(&der).unwrap(), der);
    let signed = Signer::new(&old, &der).unwrap().sign(MODULE).unwrap();
    assert_eq!(signed, Signer::new(&key, &certificate).unwrap().sign(MODULE).unwrap());
}

#[test]
fn what_cannot_sign_is_told() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let Some((key, certificate)) = pair(folders[0].path(), "rsa") else { return };
    let (_, other) = pair(folders[1].path(), "rsa").unwrap();
    let (ec, ec_certificate) = pair(folders[2].path(), "ec").unwrap();
    assert_eq!(
        error(&key, &other),
        "the certificate is of another key than the one that is to sign"
    );
    let found = error(&ec, &ec_certificate);
    assert!(
        found.starts_with("the key cannot be read as an RSA key in PEM of 2048 to 8192 bits"),
        "{found}"
    );
    assert!(error(&key, b"no certificate").starts_with("the certificate is none of X.509"));
    assert!(error("no key", &certificate).starts_with("the key cannot be read as an RSA key"));
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert!(error(&encrypted, &certificate).starts_with("the key needs a passphrase"));
}

#[test]
fn a_signature_is_cut_off() {
    let mut signed = b"ELFmodule".to_vec();
    signed.extend(b"signature");
    signed.extend([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    signed.extend(MAGIC);
    assert_eq!(unsigned(&signed), b"ELFmodule");
    assert_eq!(unsigned(b"ELFmodule"), b"ELFmodule");
    // One that would begin before the file does is none.
    let odd = [&[0xff; TRAILER][..], MAGIC].concat();
    assert_eq!(unsigned(&odd), odd);
}
