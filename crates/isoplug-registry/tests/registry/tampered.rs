//! Folders that were damaged or made by somebody with bad intentions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_registry::{
    Cache, Claim, Error, Layout, Pin, Policy, Transport, judge, resolve, signatures, verify,
};
use proptest::prelude::*;
use semver::VersionReq;

use crate::made::{Publisher, anything, level, policy, publisher, put, reference, registries};

struct Folder {
    folder: tempfile::TempDir,
    pin: Pin,
    acme: Publisher,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = reference(&format!("oci-layout:{}#r.example/x", folder.path().display()));
        let acme = publisher();
        put(&registries(), &at, "1.0.0", level(), Some(&acme.secret)).unwrap();
        let from = registries().open(&at).unwrap();
        let any = VersionReq::STAR;
        let resolved = resolve(from.as_ref(), &at, &any, &BTreeSet::new(), None).unwrap();
        let signatures = signatures(from.as_ref(), resolved.release.manifest).unwrap();
        let policies = [policy("acme", &[&acme.public])];
        let verdict = judge(&policies, &Claim::of(&at, &resolved.release, &signatures)).unwrap();
        let pin = resolved.lock("x", &at, &any, Digest::of(b""), &verdict).unwrap();
        Self { folder, pin, acme }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn blob(&self, digest: Digest) -> PathBuf {
        self.path().join("blobs/sha256").join(digest.hex())
    }

    fn policies(&self) -> [Policy; 1] {
        [policy("acme", &[&self.acme.public])]
    }

    fn verify(&self, policies: &[Policy]) -> Result<String, String> {
        let layout = Layout::open(self.path(), None).map_err(|error| error.to_string())?;
        let mut rows = verify(&layout, std::slice::from_ref(&self.pin), policies);
        let verdict = rows.remove(0).verdict;
        let shown =
            |error: Error| error.to_string().replace(&self.path().display().to_string(), "/f");
        verdict.map(|verdict| verdict.to_string()).map_err(shown)
    }
}

#[test]
fn a_damaged_component_is_found_and_fetched_again() {
    let good = Folder::new();
    let cache_folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(cache_folder.path()).unwrap();
    let from = Layout::open(good.path(), None).unwrap();
    let path = cache.fetch_locked(&from, &good.pin).unwrap();
    fs::write(&path, b"other bytes").unwrap();
    assert_eq!(cache.component(good.pin.component).unwrap(), None);
    let rows = verify(cache.layout(), std::slice::from_ref(&good.pin), &good.policies());
    assert!(matches!(rows[0].verdict, Err(Error::WrongSize { .. })));
    cache.fetch_locked(&from, &good.pin).unwrap();
    let rows = verify(cache.layout(), std::slice::from_ref(&good.pin), &good.policies());
    assert!(rows[0].verdict.is_ok());
}

#[test]
fn verify_tells_what_is_wrong() {
    let folder = Folder::new();
    assert_eq!(folder.verify(&folder.policies()).as_deref(), Ok("acme"));
    let unknown = folder.verify(&[policy("acme", &[&publisher().public])]).unwrap_err();
    assert!(unknown.starts_with("r.example/x 1.0.0 is signed with an unknown key"), "{unknown}");
    // The policy would take it, but the lock says who signed.
    let renamed = folder.verify(&[policy("other", &[&folder.acme.public])]).unwrap_err();
    insta::assert_snapshot!(renamed, @"the signature of x 1.0.0 in oci-layout:/f cannot be used: the lock says that acme published it, and it is other");
    fs::remove_file(folder.blob(folder.pin.component)).unwrap();
    let gone = folder.verify(&folder.policies()).unwrap_err();
    assert!(gone.starts_with("oci-layout:/f has no blob sha256:"), "{gone}");
    fs::remove_file(folder.blob(folder.pin.manifest)).unwrap();
    let gone = folder.verify(&folder.policies()).unwrap_err();
    assert!(gone.starts_with("oci-layout:/f has no manifest sha256:"), "{gone}");
}

#[test]
fn a_lock_of_something_else_is_refused() {
    let mut folder = Folder::new();
    folder.pin.component = Digest::of(b"other");
    let wrong = folder.verify(&folder.policies()).unwrap_err();
    assert!(wrong.contains("sent other bytes than the locked component"), "{wrong}");
    let cache_folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(cache_folder.path()).unwrap();
    let from = Layout::open(folder.path(), None).unwrap();
    assert!(cache.fetch_locked(&from, &folder.pin).is_err());
    let mut folder = Folder::new();
    folder.pin.describe = Digest::of(b"other");
    let wrong = folder.verify(&folder.policies()).unwrap_err();
    assert!(wrong.contains("sent other bytes than the locked description"), "{wrong}");
}

#[test]
fn what_is_no_layout_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.json"), "{\"schemaVersion\": 2}").unwrap();
    assert!(Layout::open(folder.path(), None).is_err());
    fs::write(folder.path().join("oci-layout"), "{\"imageLayoutVersion\": \"2.0.0\"}").unwrap();
    assert!(Layout::open(folder.path(), None).is_err());
    fs::write(folder.path().join("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}").unwrap();
    assert!(Layout::open(folder.path(), None).unwrap().tags().unwrap().is_empty());
}

#[test]
fn one_of_several_must_be_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["r.example/a", "r.example/b"] {
        let at = reference(&format!("oci-layout:{}#{name}", folder.path().display()));
        put(&registries(), &at, "1.0.0", level(), None).unwrap();
    }
    let layout = Layout::open(folder.path(), None).unwrap();
    let error =
        layout.tags().unwrap_err().to_string().replace(&folder.path().display().to_string(), "/f");
    insta::assert_snapshot!(error, @"index.json in oci-layout:/f cannot be used: say which, as oci-layout:/f#r.example/a: it has r.example/a, r.example/b, r.example/isoplug-index");
    let one = Layout::open(folder.path(), Some("r.example/b")).unwrap();
    assert_eq!(one.tags().unwrap(), ["1.0.0"]);
    assert!(Layout::open(folder.path(), Some("r.example/c")).unwrap().tags().unwrap().is_empty());
}

#[test]
fn several_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let at =
                reference(&format!("oci-layout:{}#r.example/p{number}", folder.path().display()));
            scope.spawn(move || put(&registries(), &at, "1.0.0", level(), None).unwrap());
        }
    });
    let layout = Layout::open(folder.path(), None).unwrap();
    // Eight plugins, and the index beside them that lists each.
    assert_eq!(layout.names().unwrap().len(), 9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_damage_is_taken_for_good(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        change in prop_oneof![Just(None), any::<u8>().prop_map(Some)],
    ) {
        let folder = Folder::new();
        let blobs: Vec<PathBuf> = [folder.pin.component, folder.pin.manifest].into_iter()
            .map(|digest| folder.blob(digest))
            .chain(["index.json", "oci-layout"].map(|name| folder.path().join(name)))
            .collect();
        let path = which.get(&blobs);
        let mut bytes = fs::read(path).unwrap();
        let before = bytes.clone();
        let at = at.index(bytes.len());
        match change {
            Some(byte) => bytes[at] = byte,
            None => bytes.truncate(at),
        }
        fs::write(path, &bytes).unwrap();
        let verified = folder.verify(&[anything()]);
        if bytes != before && which.index(blobs.len()) < 2 {
            prop_assert!(verified.is_err(), "{:?}", verified);
        }
        if let Ok(layout) = Layout::open(folder.path(), None) {
            let _ = layout.tags();
            let _ = layout.referrers(folder.pin.manifest);
        }
    }
}
