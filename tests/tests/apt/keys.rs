//! Keys that gpg made: those that are too weak, too old, or kept in a form that is not for others.

use std::process::Output;

use super::*;

/// A home of gpg, whose keys have no passphrase.
pub(super) struct Gpg(tempfile::TempDir);

impl Gpg {
    /// Makes one, unless there is no gpg.
    pub(super) fn new() -> Option<Self> {
        let gpg = Self(tempfile::tempdir().unwrap());
        gpg.output(&["--version"]).map(|_| gpg)
    }

    fn output(&self, arguments: &[&str]) -> Option<Output> {
        let fixed =
            ["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.0.path()).args(fixed).args(arguments).output().ok()
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.output(arguments).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Makes a key at this time; more options may come first.
    fn make(&self, options: &[&str], algorithm: &str, lasts: &str) {
        let more = ["--quick-generate-key", "Test <t@x>", algorithm, "sign", lasts];
        self.run(&[options, &["--faked-system-time", "20260101T000000"], &more].concat());
    }

    fn export(&self) -> Vec<u8> {
        self.run(&["--armor", "--export"])
    }

    fn sign(&self, path: &Path, options: &[&str]) -> Vec<u8> {
        let path = path.display().to_string();
        let sign = ["--faked-system-time", "20261121T020000", "-u", "t@x"];
        let end = ["--clearsign", "-o", "-", &path];
        self.run(&[&sign[..], options, &end[..]].concat())
    }

    /// Signs an archive with the key, and returns a source that believes it.
    fn world(&self, options: &[&str]) -> (World, AptSource) {
        let (world, source) = World::laid_out(&Layout::suite("stable").signed(Signed::Not));
        let signed = self.sign(&world.archive.path("dists/stable/Release"), options);
        world.archive.write("dists/stable/InRelease", &signed).unwrap();
        let keys = Keyring::parse(&self.export()).unwrap();
        (world, AptSource { keys, ..source })
    }
}

/// Reads the source, with and without the user's word for its key.
fn with_and_without(gpg: &Gpg) -> (String, Result<usize, String>) {
    let (world, source) = gpg.world(&[]);
    let error = text(&world.refresh_error(&source));
    let fingerprints = source.keys.fingerprints();
    let allowed = AptSource { keys: source.keys.allowing(&fingerprints).unwrap(), ..source };
    let read = allowed.refresh(None, &world.access());
    let error = fingerprints.iter().fold(error, |error, one| error.replace(one, "KEY"));
    (error, read.map(|read| read.indices.len()).map_err(|error| text(&error)))
}

#[test]
fn short_rsa_keys_are_refused_unless_they_are_named() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "rsa1024", "never");
    let (error, allowed) = with_and_without(&gpg);
    insta::assert_snapshot!(error, @"suite stable of test: its Release file is not trusted: the key KEY is too weak: it is an RSA key of 1024 bits");
    assert_eq!(allowed, Ok(1));
}

#[test]
fn rsa_keys_of_2048_bits_count_until_2030() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "rsa2048", "never");
    let (world, source) = gpg.world(&[]);
    assert!(source.refresh(None, &world.access()).is_ok());
    let later = Access { now: 1_900_000_000, ..world.access() };
    let error = text(&source.refresh(None, &later).unwrap_err());
    assert!(error.ends_with("it is an RSA key of 2048 bits, which counted until 2030"), "{error}");
}

#[test]
fn dsa_keys_are_refused_unless_they_are_named() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "dsa2048", "never");
    let (error, allowed) = with_and_without(&gpg);
    assert!(error.ends_with("the key KEY is too weak: it is a DSA key"), "{error}");
    assert_eq!(allowed, Ok(1));
}

#[test]
fn what_only_sha1_binds_is_refused_unless_it_is_named() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&["--cert-digest-algo", "SHA1"], "rsa3072", "never");
    let (error, allowed) = with_and_without(&gpg);
    insta::assert_snapshot!(error, @"suite stable of test: its Release file is not trusted: the key KEY is too weak: only SHA-1 binds it to its owner");
    assert_eq!(allowed, Ok(1));
}

/// Forging such a signature is cheap whatever the key is, so nothing allows it.
#[test]
fn a_sha1_signature_never_counts() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "rsa3072", "never");
    let (world, source) = gpg.world(&["--digest-algo", "SHA1"]);
    let fingerprints = source.keys.fingerprints();
    let allowed = AptSource { keys: source.keys.allowing(&fingerprints).unwrap(), ..source };
    let error = text(&world.refresh_error(&allowed));
    assert!(error.ends_with("does not count: its hash algorithm is too weak"), "{error}");
}

#[test]
fn a_key_must_be_good_now_for_what_is_fetched_and_not_for_what_is_locked() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "ed25519", "20261201T000000");
    let (world, source) = gpg.world(&[]);
    let locked = source.refresh(None, &world.access()).unwrap().locked;
    let late = Access { now: NOW + 30 * 86_400, ..world.access() };
    let error = text(&source.refresh(Some(&locked), &late).unwrap_err());
    assert!(error.ends_with("expired on 2026-12-01"), "{error}");
    assert!(source.recall(&locked, &late).unwrap().is_some());
    // Who does not mind the age of a Release does not mind that of its key.
    let patient = AptSource { valid_until: ValidUntil::Ignored, ..source };
    assert!(patient.refresh(Some(&locked), &late).is_ok());
}

#[test]
fn one_key_of_several_can_be_named() {
    let (world, source) = World::laid_out(&Layout::suite("stable"));
    let own = world.archive.key.fingerprint();
    let stranger = Key::generate().unwrap();
    let both = [world.archive.key.public().unwrap(), stranger.public().unwrap()].concat();
    let only = |one: &str| {
        let keys = Keyring::parse(both.as_bytes()).unwrap().only(&[one.to_owned()]).unwrap();
        AptSource { keys, ..source.clone() }
    };
    assert!(only(&own).refresh(None, &world.access()).is_ok());
    let error = stable(&text(&world.refresh_error(&only(&stranger.fingerprint()))), &world);
    insta::assert_snapshot!(error, @"suite stable of test: its Release file is not trusted: it is signed by KEY, which is not among the `fingerprints` of the source");
}

#[test]
fn what_gpg_keeps_its_keys_in_is_told_by_name() {
    let Some(gpg) = Gpg::new() else { return skipped("no gpg") };
    gpg.make(&[], "ed25519", "never");
    let keybox = fs::read(gpg.0.path().join("pubring.kbx")).unwrap();
    assert_eq!(Keyring::parse(&keybox).unwrap_err(), keyring::Error::Keybox);
    let private = gpg.run(&["--armor", "--export-secret-keys"]);
    assert_eq!(Keyring::parse(&private).unwrap_err(), keyring::Error::Private);
    // What the hint says to do works.
    let binary = gpg.run(&["--export"]);
    assert_eq!(Keyring::parse(&binary).unwrap().fingerprints().len(), 1);
}
