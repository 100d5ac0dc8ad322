//! What minisign, openssl and gpg make of the signatures.

use isoplug_skip::has;

use super::*;

/// Writes each envelope's signed bytes and first signature of a key to files, as a stranger's script would.
fn unpack(space: &Space, keyid: &str) -> Vec<String> {
    let decode = |text: &Json| {
        let output = Command::new("openssl")
            .args(["base64", "-d", "-A"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn();
        let mut child = output.unwrap();
        use std::io::Write;
        child.stdin.take().unwrap().write_all(text.as_str().unwrap().as_bytes()).unwrap();
        child.wait_with_output().unwrap().stdout
    };
    let mut names = Vec::new();
    for (at, envelope) in lines(space).iter().enumerate() {
        let (kind, payload) =
            (envelope["payloadType"].as_str().unwrap(), decode(&envelope["payload"]));
        let pae = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
        fs::write(space.path(&format!("{at}.pae")), [pae.as_bytes(), &payload].concat()).unwrap();
        let signatures = envelope["signatures"].as_array().unwrap();
        let own = signatures.iter().find(|one| one["keyid"] == keyid).unwrap();
        fs::write(space.path(&format!("{at}.sig")), decode(&own["sig"])).unwrap();
        names.push(at.to_string());
    }
    names
}

fn keyid(space: &Space, pem: &str) -> String {
    passes(space, "openssl", &["pkey", "-pubin", "-in", pem, "-outform", "DER", "-out", "key.der"]);
    Digest::of(&fs::read(space.path("key.der")).unwrap()).hex()
}

#[test]
fn minisign_verifies_and_refuses_what_was_changed() {
    if !has("minisign") {
        return;
    }
    let space = built();
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    for file in [ISO, "SHA256SUMS"] {
        // -H refuses signatures of the old form, which sign the file itself.
        let verify = ["-V", "-H", "-p", "acme.key.pub", "-m", file];
        passes(&space, "minisign", &verify);
        let before = fs::read(space.path(file)).unwrap();
        let mut changed = before.clone();
        changed[0] ^= 1;
        fs::write(space.path(file), changed).unwrap();
        fails(&space, "minisign", &verify);
        fs::write(space.path(file), before).unwrap();
    }
}

#[test]
fn openssl_verifies_each_envelope_and_refuses_what_was_changed() {
    if !has("openssl") {
        return;
    }
    let space = built();
    space.ok(&["sign", ISO, "--key", "acme.key"]);
    space.write("acme.pem", &space.ok(&["key", "show", "acme.key", "--pem"]));
    let names = unpack(&space, &keyid(&space, "acme.pem"));
    assert_eq!(names.len(), 3);
    for name in names {
        let (pae, sig) = (format!("{name}.pae"), format!("{name}.sig"));
        let verify = [
            "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "acme.pem", "-sigfile", &sig,
            "-in", &pae,
        ];
        passes(&space, "openssl", &verify);
        let mut changed = fs::read(space.path(&pae)).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(space.path(&pae), changed).unwrap();
        fails(&space, "openssl", &verify);
    }
}

#[test]
fn keys_of_openssl_sign_themselves_or_through_a_program() {
    if !has("openssl") {
        return;
    }
    let space = built();
    let make =
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem"];
    passes(&space, "openssl", &make);
    passes(&space, "openssl", &["pkey", "-in", "ec.pem", "-pubout", "-out", "ec.pub"]);
    let id = keyid(&space, "ec.pub");
    let verify = |name: &str| {
        let (pae, sig) = (format!("{name}.pae"), format!("{name}.sig"));
        passes(
            &space,
            "openssl",
            &["dgst", "-sha256", "-verify", "ec.pub", "-signature", &sig, &pae],
        );
    };
    space.ok(&["sign", ISO, "--key", "ec.pem"]);
    unpack(&space, &id).iter().for_each(|name| verify(name));
    fs::remove_file(space.path("acme.iso.intoto.jsonl")).unwrap();
    let program = ["--program", "openssl dgst -sha256 -sign ec.pem", "--public-key", "ec.pub"];
    space.ok(&[&["sign", ISO][..], &program].concat());
    unpack(&space, &id).iter().for_each(|name| verify(name));
    assert!(!space.path("acme.iso.minisig").exists(), "such a key writes no .minisig");
}

/// A program that signs with another key than the one that was named would make signatures that nobody can verify.
#[test]
fn a_program_that_signs_with_another_key_is_found_out() {
    if !has("openssl") {
        return;
    }
    let space = built();
    passes(
        &space,
        "openssl",
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec.pem"],
    );
    space.write("acme.pem", &space.ok(&["key", "show", "acme.key", "--pem"]));
    let program = ["--program", "openssl dgst -sha256 -sign ec.pem", "--public-key", "acme.pem"];
    let said = space.run(&[&["sign", ISO][..], &program].concat());
    assert!(
        said.starts_with("exit: 1") && said.contains("the public key does not verify"),
        "{said}"
    );
    assert!(!space.path("acme.iso.intoto.jsonl").exists());
    let failing = ["--program", "false", "--public-key", "acme.pem"];
    assert!(space.run(&[&["sign", ISO][..], &failing].concat()).contains("`false` failed"));
}

#[test]
fn gpgv_verifies_the_checksums() {
    if !has("gpg") || !has("gpgv") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    let space = built().env("GNUPGHOME", path);
    let gpg = |arguments: &[&str]| {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--quiet", "--homedir", path]).args(arguments);
        let output = gpg.current_dir(space.path("")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    gpg(&["--passphrase", "", "--quick-generate-key", "images@acme.example", "ed25519", "sign"]);
    gpg(&["--output", "acme.gpg", "--export", "images@acme.example"]);
    space.ok(&["sign", ISO, "--openpgp", "images@acme.example"]);
    let verify = ["--keyring", "./acme.gpg", "SHA256SUMS.gpg", "SHA256SUMS"];
    passes(&space, "gpgv", &verify);
    space.write("SHA256SUMS", &space.read("SHA256SUMS").replace("acme", "acmf"));
    fails(&space, "gpgv", &verify);
}

/// A bundle has the provenance's line with one signature, over which openssl says what it says of the line.
#[test]
fn a_bundle_is_the_line_of_the_provenance_in_another_form() {
    if !has("openssl") {
        return;
    }
    let space = built();
    let said = space.ok(&["sign", ISO, "--key", "acme.key", "--bundle"]);
    assert!(said.contains("acme.iso.sigstore.json"), "{said}");
    let text = space.read("acme.iso.sigstore.json");
    space.ok(&["sign", ISO, "--key", "acme.key", "--bundle"]);
    assert_eq!(space.read("acme.iso.sigstore.json"), text, "the same bytes again");
    let bundle: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    let material = bundle["verificationMaterial"].as_object().unwrap();
    assert_eq!(material.keys().collect::<Vec<_>>(), ["publicKey", "tlogEntries"]);
    assert!(lines(&space).contains(&bundle["dsseEnvelope"]), "{text}");
    assert_eq!(bundle["dsseEnvelope"]["signatures"].as_array().unwrap().len(), 1);
    space.write("acme.pem", &space.ok(&["key", "show", "acme.key", "--pem"]));
    let id = keyid(&space, "acme.pem");
    let der = ["pkey", "-pubin", "-in", "acme.pem", "-outform", "DER", "-out", "key.der"];
    passes(&space, "openssl", &der);
    passes(&space, "openssl", &["dgst", "-sha256", "-binary", "-out", "key.sum", "key.der"]);
    let hint = run(&space, "openssl", &["base64", "-A", "-in", "key.sum"]).stdout;
    assert_eq!(material["publicKey"]["hint"], String::from_utf8(hint).unwrap());
    // As its only line, it is verified by the same script as the others.
    space.write("acme.iso.intoto.jsonl", &format!("{}\n", bundle["dsseEnvelope"]));
    let verify = |pae: &str| {
        let rest = ["-inkey", "acme.pem", "-sigfile", "0.sig", "-in", pae];
        run(&space, "openssl", &[&["pkeyutl", "-verify", "-rawin", "-pubin"][..], &rest].concat())
    };
    assert_eq!(unpack(&space, &id), ["0"]);
    assert!(verify("0.pae").status.success());
    let payload = fs::read(space.path("0.pae")).unwrap();
    fs::write(space.path("0.pae"), [&payload[..payload.len() - 1], b"!"].concat()).unwrap();
    assert!(!verify("0.pae").status.success());
    space.ok(&["key", "generate", "other.key"]);
    let said = space.run(&["sign", ISO, "--key", "other.key", "--bundle"]);
    assert!(said.contains("acme.iso.sigstore.json is of another key and stays"), "{said}");
    assert_eq!(space.read("acme.iso.sigstore.json"), text);
}
