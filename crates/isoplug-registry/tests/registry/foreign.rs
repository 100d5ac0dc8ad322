//! Other tools on what is published here, and the other way round: `minisign` and `skopeo`.

use std::fs;
use std::path::Path;
use std::process::Command;

use isoplug_engine::Digest;
use isoplug_registry::{At, Claim, PublicKey, Reference, Release, SecretKey, judge, signatures};

use crate::debian;
use crate::made::{level, policy, publisher, put, reference, registries};
use isoplug_skip::has;

/// Runs a program; returns whether it succeeded and what it said.
fn run(program: &str, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).current_dir(folder).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Writes what was signed of a release, and its signature, where minisign looks for them.
fn write_signature(at: &Reference, folder: &Path) {
    let from = registries().open(at).unwrap();
    let release = Release::fetch(from.as_ref(), At::Tag("1.0.0")).unwrap();
    let signature = signatures(from.as_ref(), release.manifest).unwrap().remove(0);
    fs::write(folder.join("s"), &signature.statement).unwrap();
    fs::write(folder.join("s.minisig"), &signature.text).unwrap();
}

#[test]
fn minisign_verifies_what_is_signed_here() {
    if !has("minisign") {
        return;
    }
    let space = tempfile::tempdir().unwrap();
    let at = reference(&format!("oci-layout:{}#r.example/x", space.path().join("l").display()));
    let acme = publisher();
    put(&registries(), &at, "1.0.0", level(), Some(&acme.secret)).unwrap();
    write_signature(&at, space.path());
    fs::write(space.path().join("acme.pub"), acme.public.to_file()).unwrap();
    let verify = ["-V", "-m", "s", "-p", "acme.pub"];
    let (verified, text) = run("minisign", space.path(), &verify);
    let comment = "Trusted comment: acme.hardening 1.0.0 of r.example/x";
    assert!(verified && text.contains(comment), "{text}");
    let key = acme.public.to_string();
    assert!(run("minisign", space.path(), &["-V", "-m", "s", "-P", &key]).0);
    fs::write(space.path().join("s"), b"other").unwrap();
    assert!(!run("minisign", space.path(), &verify).0);
}

#[test]
fn minisign_signs_with_keys_of_ours() {
    if !has("minisign") {
        return;
    }
    let space = tempfile::tempdir().unwrap();
    let acme = publisher();
    fs::write(space.path().join("acme.key"), &acme.secret_text).unwrap();
    fs::write(space.path().join("words"), b"words").unwrap();
    let (signed, text) = run("minisign", space.path(), &["-S", "-s", "acme.key", "-m", "words"]);
    assert!(signed, "{text}");
    let text = fs::read_to_string(space.path().join("words.minisig")).unwrap();
    assert!(acme.public.verifies(b"words", &text));
}

#[test]
fn keys_of_minisign_sign_here() {
    if !has("minisign") {
        return;
    }
    let space = tempfile::tempdir().unwrap();
    let (made, text) = run("minisign", space.path(), &["-G", "-W", "-p", "m.pub", "-s", "m.key"]);
    assert!(made, "{text}");
    let public: PublicKey =
        fs::read_to_string(space.path().join("m.pub")).unwrap().parse().unwrap();
    let text = fs::read_to_string(space.path().join("m.key")).unwrap();
    let secret = SecretKey::read("m.key", &text, None).unwrap();
    assert_eq!(secret.public().unwrap(), public);
    let signature = secret.sign(b"words", "comment").unwrap();
    fs::write(space.path().join("words"), b"words").unwrap();
    fs::write(space.path().join("words.minisig"), signature).unwrap();
    assert!(run("minisign", space.path(), &["-V", "-m", "words", "-p", "m.pub"]).0);
}

fn copy(folder: &Path, arguments: &[&str]) {
    let (copied, text) =
        run("skopeo", folder, &[&["copy", "--insecure-policy"], arguments].concat());
    assert!(copied, "{text}");
}

/// From our folder into a registry, and from the registry into a folder that is read here.
#[test]
fn skopeo_copies_a_release_both_ways() {
    if !has("skopeo") {
        return;
    }
    let Some(debian) = debian::start() else { return };
    let space = tempfile::tempdir().unwrap();
    let ours = format!("oci-layout:{}/ours#r.example/x", space.path().display());
    let published = put(&registries(), &reference(&ours), "1.0.0", level(), None).unwrap();
    let host = &debian.host;
    let to = format!("docker://{host}/acme/x:1.0.0");
    copy(space.path(), &["--dest-tls-verify=false", "oci:ours:r.example/x:1.0.0", &to]);
    same(&reference(&format!("{host}/acme/x")), &published.release);

    put(&registries(), &reference(&format!("{host}/acme/y")), "1.0.0", level(), None).unwrap();
    let from = format!("docker://{host}/acme/y:1.0.0");
    copy(space.path(), &["--src-tls-verify=false", &from, "oci:theirs:1.0.0"]);
    let theirs = reference(&format!("oci-layout:{}/theirs", space.path().display()));
    same(&theirs, &published.release);
    goes_on_serving(space.path(), &published.release);
}

fn same(at: &Reference, release: &Release) {
    let from = registries().open(at).unwrap();
    assert_eq!(from.tags().unwrap(), ["1.0.0"]);
    let found = Release::fetch(from.as_ref(), At::Tag("1.0.0")).unwrap();
    assert_eq!(&found, release);
    from.blob(&found.component, 1 << 20).unwrap();
}

/// What another tool put into a folder is still there for it after we added to it.
fn goes_on_serving(folder: &Path, release: &Release) {
    let named = reference(&format!("oci-layout:{}/theirs#r.example/z", folder.display()));
    put(&registries(), &named, "1.0.0", level(), None).unwrap();
    let (seen, text) = run("skopeo", folder, &["inspect", "--raw", "oci:theirs:1.0.0"]);
    assert!(seen, "{text}");
    assert_eq!(Digest::of(text.as_bytes()), release.manifest);
}

const WITHOUT_TLS: [&str; 2] = ["--src-tls-verify=false", "--dest-tls-verify=false"];

/// Signatures go along when a whole repository is copied by tag, as mirroring tools do.
#[test]
fn signatures_survive_a_copy_of_all_tags() {
    if !has("skopeo") {
        return;
    }
    let Some(debian) = debian::start() else { return };
    let host = &debian.host;
    let at = reference(&format!("{host}/acme/x"));
    let acme = publisher();
    let published = put(&registries(), &at, "1.0.0", level(), Some(&acme.secret)).unwrap();
    let space = tempfile::tempdir().unwrap();
    let fallback = format!("sha256-{}", published.release.manifest.hex());
    for tag in ["1.0.0", &fallback] {
        let from = format!("docker://{host}/acme/x:{tag}");
        let to = format!("docker://{host}/copy/x:{tag}");
        copy(space.path(), &[&["--all"], &WITHOUT_TLS[..], &[&from, &to]].concat());
    }
    let copied = registries().open(&reference(&format!("{host}/copy/x"))).unwrap();
    let release = Release::fetch(copied.as_ref(), At::Tag("1.0.0")).unwrap();
    let signatures = signatures(copied.as_ref(), release.manifest).unwrap();
    let claim = Claim::of(&at, &release, &signatures);
    assert_eq!(judge(&[policy("acme", &[&acme.public])], &claim).unwrap().to_string(), "acme");
}
