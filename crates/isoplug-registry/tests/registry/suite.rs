//! What must hold in any registry or folder.

use std::collections::BTreeSet;
use std::path::Path;

use isoplug_engine::Digest;
use isoplug_registry::{
    At, Cache, Claim, Error, Pin, Policy, Reference, Registries, Release, Standing, Transport,
    index_reference, judge, mirror, read_index, resolve, search, sign_release, signatures, verify,
    versions, yank,
};
use semver::{Version, VersionReq};
use serde_json::json;

use crate::made::{Publisher, level, policy, publisher, put, reference, registries};

/// Runs everything at a place, such as `127.0.0.1:5000` or `oci-layout:/folder#r.example`, where
/// nothing is yet.
pub(crate) fn run(place: &str) {
    let at = reference(&format!("{place}/acme/hardening"));
    let registries = registries();
    let acme = publisher();
    publishes(&registries, &at, &acme);
    refuses_what_is_unfit(&registries, &at, &acme);
    resolves(&registries, &at);
    let pin = locks(&registries, &at, &acme);
    lists(&registries, &at, &acme);
    caches_and_mirrors(&registries, &at, &pin, &acme);
    signs_again(&registries, &at, &pin, &acme);
    sees_a_moved_tag(&registries, &at, &pin);
}

fn requirement(text: &str) -> VersionReq {
    VersionReq::parse(text).unwrap()
}

fn publishes(registries: &Registries, at: &Reference, acme: &Publisher) {
    let absent =
        resolve(open(registries, at).as_ref(), at, &requirement("*"), &BTreeSet::new(), None);
    assert!(matches!(absent.unwrap_err(), Error::NoVersion { .. }));
    let first = put(registries, at, "1.0.0", level(), Some(&acme.secret)).unwrap();
    assert!(!first.was_there);
    assert_eq!(first.statement.as_ref().unwrap().previous, None);
    let second =
        put(registries, &at.tagged("1.1.0"), "1.1.0", level(), Some(&acme.secret)).unwrap();
    assert_eq!(second.statement.unwrap().previous, Some(first.release.manifest));
    // Publishing the same again changes nothing, so that a broken attempt can be completed.
    let again = put(registries, at, "1.0.0", level(), Some(&acme.secret)).unwrap();
    assert!(again.was_there);
    assert_eq!(again.release, first.release);
    let signed = signatures(open(registries, at).as_ref(), first.release.manifest).unwrap();
    assert_eq!(signed.len(), 1);
    let shown = again.reference.to_string();
    assert!(
        shown.ends_with(&format!("/acme/hardening:1.0.0@{}", first.release.manifest)),
        "{shown}"
    );
}

fn refuses_what_is_unfit(registries: &Registries, at: &Reference, acme: &Publisher) {
    let refused = |version, options| match put(registries, at, version, options, Some(&acme.secret))
    {
        Err(Error::Unfit { name, why }) => format!("{name}: {why}"),
        other => panic!("{other:?}"),
    };
    let other = refused("1.1.0", json!({"level": {"enum": ["low", "high"]}}));
    assert!(other.contains("this version is published already with other contents"), "{other}");
    let narrower = refused("1.2.0", json!({"level": {"enum": ["high"]}}));
    let expected = "acme.hardening 1.2.0: manifests that are right for 1.1.0 would be wrong: level: \
         \"low\" is not accepted any more; raise the major version";
    assert_eq!(narrower, expected);
    put(registries, at, "2.0.0", json!({}), Some(&acme.secret)).unwrap();
}

fn open(registries: &Registries, at: &Reference) -> Box<dyn Transport> {
    registries.open(at).unwrap()
}

fn resolves(registries: &Registries, at: &Reference) {
    let from = open(registries, at);
    let found: Vec<String> =
        versions(from.as_ref()).unwrap().keys().map(Version::to_string).collect();
    assert_eq!(found, ["1.0.0", "1.1.0", "2.0.0"]);
    let newest = |text: &str, yanked: &[&str]| {
        let yanked = yanked.iter().map(|text| text.parse().unwrap()).collect();
        let resolved = resolve(from.as_ref(), at, &requirement(text), &yanked, None);
        resolved.map(|resolved| resolved.version.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(newest("^1", &[]).unwrap(), "1.1.0");
    assert_eq!(newest("*", &[]).unwrap(), "2.0.0");
    assert_eq!(newest("^1", &["1.1.0"]).unwrap(), "1.0.0");
    let none = newest("^3", &["1.0.0"]).unwrap_err();
    assert!(
        none.ends_with("has no version that meets \"^3\": it has 2.0.0, 1.1.0, 1.0.0 (yanked)"),
        "{none}"
    );
    resolves_what_is_named(registries, at);
}

fn resolves_what_is_named(registries: &Registries, at: &Reference) {
    let from = open(registries, at);
    let tagged =
        resolve(from.as_ref(), &at.tagged("1.0.0"), &requirement("^1"), &BTreeSet::new(), None);
    let release = tagged.unwrap().release;
    let description = release.description.unwrap();
    assert_eq!((description.id.as_str(), description.licence.as_str()), ("acme.hardening", "MIT"));
    assert_eq!(release.api.as_deref(), Some("isoplug:plugin@0.1"));
    let exact = Reference { digest: Some(release.manifest), ..at.clone() };
    let exact = resolve(from.as_ref(), &exact, &requirement("*"), &BTreeSet::new(), None).unwrap();
    assert_eq!(exact.version, Version::new(1, 0, 0));
    assert!(matches!(Release::fetch(from.as_ref(), At::Tag("9.9.9")), Err(Error::Absent { .. })));
}

fn locks(registries: &Registries, at: &Reference, acme: &Publisher) -> Pin {
    let from = open(registries, at);
    let requirement = requirement("^1");
    let resolved = resolve(from.as_ref(), at, &requirement, &BTreeSet::new(), None).unwrap();
    assert_eq!(resolved.standing, Standing::New);
    let signatures = signatures(from.as_ref(), resolved.release.manifest).unwrap();
    let claim = Claim::of(at, &resolved.release, &signatures);
    let verdict = judge(&[policy("acme", &[&acme.public])], &claim).unwrap();
    let stranger = judge(&[policy("acme", &[&publisher().public])], &claim).unwrap_err();
    let unknown = format!("signed with an unknown key: {}", acme.public.id());
    assert!(stranger.to_string().ends_with(&unknown));
    let pin =
        resolved.lock("hardening", at, &requirement, Digest::of(b"grants"), &verdict).unwrap();
    assert_eq!((pin.publisher.as_str(), pin.version.to_string()), ("acme", "1.1.0".to_owned()));
    let again = resolve(from.as_ref(), at, &requirement, &BTreeSet::new(), Some(&pin)).unwrap();
    assert_eq!(again.standing, Standing::Same);
    let other =
        resolve(from.as_ref(), at, &VersionReq::STAR, &BTreeSet::new(), Some(&pin)).unwrap();
    assert_eq!(other.standing, Standing::Other { locked: Version::new(1, 1, 0) });
    pin
}

fn lists(registries: &Registries, at: &Reference, acme: &Publisher) {
    let index = registries.open_origin(&index_reference(at).unwrap()).unwrap();
    let policies = [policy("acme", &[&acme.public])];
    let (list, signer) = read_index(index.as_ref(), &policies).unwrap().unwrap();
    assert_eq!((list.serial, signer.as_deref()), (3, Some("acme")));
    let entry = &list.plugins[0];
    assert_eq!((entry.latest.to_string(), entry.versions.len()), ("2.0.0".to_owned(), 3));
    assert_eq!(entry.requests, json!({"files": ["root:/etc/sysctl.d/**"]}));
    let name = at.name().unwrap();
    yank(index.as_ref(), &name, &Version::new(2, 0, 0), Some("too strict"), Some(&acme.secret))
        .unwrap();
    let (list, _) = read_index(index.as_ref(), &policies).unwrap().unwrap();
    assert_eq!(list.yanked(&name), [Version::new(2, 0, 0)].into());
    assert_eq!(list.plugins[0].latest, Version::new(1, 1, 0));
    assert!(yank(index.as_ref(), &name, &Version::new(7, 0, 0), None, None).is_err());
    let indices = [index];
    let found = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        search(&indices, &words, &policies).unwrap()
    };
    assert_eq!(found(&["STRICT", "harden"])[0].signed_by.as_deref(), Some("acme"));
    assert!(found(&["strict", "desktop"]).is_empty());
}

fn caches_and_mirrors(registries: &Registries, at: &Reference, pin: &Pin, acme: &Publisher) {
    let space = tempfile::tempdir().unwrap();
    let policies = [policy("acme", &[&acme.public])];
    let cache = Cache::open(&space.path().join("cache")).unwrap();
    assert_eq!(cache.locked(pin).unwrap(), None);
    let path = cache.fetch_locked(open(registries, at).as_ref(), pin).unwrap();
    assert_eq!(cache.locked(pin).unwrap().as_ref(), Some(&path));
    assert_eq!(Digest::of(&std::fs::read(&path).unwrap()), pin.component);
    let rows = verify(cache.layout(), std::slice::from_ref(pin), &policies);
    assert_eq!(rows[0].verdict.as_ref().unwrap().to_string(), "acme");

    let folder = space.path().join("usb");
    let served = mirror(registries, std::slice::from_ref(pin), &folder).unwrap();
    assert_eq!(served[0].name(), at.name());
    serves_alone(registries, at, pin, &folder, &policies);
}

/// Nothing but the mirror is there.
fn serves_alone(
    registries: &Registries,
    at: &Reference,
    pin: &Pin,
    folder: &Path,
    policies: &[Policy],
) {
    let name = at.name().unwrap();
    let text = format!("oci-layout:{}#{name}", folder.display());
    let from = open(registries, &reference(&text));
    let resolved =
        resolve(from.as_ref(), at, &requirement("^1"), &BTreeSet::new(), Some(pin)).unwrap();
    assert_eq!(resolved.standing, Standing::Same);
    let rows = verify(from.as_ref(), std::slice::from_ref(pin), policies);
    assert_eq!(rows[0].verdict.as_ref().unwrap().to_string(), "acme");
    let index = index_reference(&reference(&text)).unwrap();
    let (list, signer) = read_index(open(registries, &index).as_ref(), policies).unwrap().unwrap();
    assert_eq!((list.plugins.len(), signer.as_deref()), (1, Some("acme")));
}

fn signs_again(registries: &Registries, at: &Reference, pin: &Pin, acme: &Publisher) {
    let from = open(registries, at);
    let release = Release::fetch(from.as_ref(), At::Digest(pin.manifest)).unwrap();
    let other = publisher();
    sign_release(from.as_ref(), &at.name().unwrap(), &release, None, &other.secret).unwrap();
    let signatures = signatures(from.as_ref(), pin.manifest).unwrap();
    assert_eq!(signatures.len(), 2);
    let claim = Claim::of(at, &release, &signatures);
    let both = policy("acme", &[&acme.public, &other.public]);
    assert_eq!(judge(&[both], &claim).unwrap().publishers["acme"].len(), 2);
}

fn sees_a_moved_tag(registries: &Registries, at: &Reference, pin: &Pin) {
    let to = registries.open_origin(at).unwrap();
    let other = to.manifest(At::Tag("1.0.0")).unwrap().unwrap();
    // A signed release under another tag is of another version, and is refused as such.
    to.put_manifest(Some("1.1.0"), &other.media_type, &other.bytes).unwrap();
    let moved = resolve(to.as_ref(), at, &requirement("^1.1"), &BTreeSet::new(), Some(pin));
    let moved = moved.unwrap_err().to_string();
    assert!(moved.contains("tag 1.1.0") && moved.contains("it is version 1.0.0"), "{moved}");
    // The same version with other contents is seen by its digest.
    let text =
        String::from_utf8(to.manifest(At::Digest(pin.manifest)).unwrap().unwrap().bytes).unwrap();
    let changed = text.replace("2025-11-22", "2025-11-23");
    to.put_manifest(Some("1.1.0"), &other.media_type, changed.as_bytes()).unwrap();
    let moved =
        resolve(to.as_ref(), at, &requirement("^1.1"), &BTreeSet::new(), Some(pin)).unwrap();
    let now = Digest::of(changed.as_bytes());
    let expected = Standing::Moved { locked: Version::new(1, 1, 0), was: pin.manifest, now };
    assert_eq!(moved.standing, expected);
    let error = moved.unmoved(at).unwrap_err().to_string();
    assert!(error.ends_with(&format!("moved: locked {}, now {now}", pin.manifest)), "{error}");
    // What is locked is still there, by its digest.
    let newer = resolve(to.as_ref(), at, &requirement("^2"), &BTreeSet::new(), Some(pin)).unwrap();
    assert_eq!(newer.standing, expected);
    Release::fetch(to.as_ref(), At::Digest(pin.manifest)).unwrap();
}
