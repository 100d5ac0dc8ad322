//! A registry that is busy, breaks off, lies, or wants to know who asks.

use isoplug_registry::{
    At, Cache, Credentials, Error, Kind, Publication, Published, Reference, Registries, Release,
    Transport, publish, versions,
};

use crate::made::{component, describe, large, level, put, reference, registries};
use crate::mini::{Act, Mini};
use crate::suite;

#[test]
fn a_registry_without_the_referrers_api() {
    suite::run(&Mini::start().host);
}

#[test]
fn a_registry_with_the_referrers_api_and_pages_of_one() {
    let mini = Mini::start();
    mini.state().has_referrers = true;
    mini.state().page = 1;
    suite::run(&mini.host);
    assert!(mini.count("GET /v2/acme/hardening/tags/list?last=1.0.0") > 0);
    let tags = mini.state().tags.keys().cloned().collect::<Vec<_>>();
    assert!(tags.iter().all(|tag| !tag.contains(":sha256-")), "{tags:?}");
}

/// A registry with one release, and a way to it.
struct One {
    mini: Mini,
    at: Reference,
    published: Published,
}

fn one() -> One {
    let mini = Mini::start();
    let at = reference(&format!("{}/x", mini.host));
    let published = put(&registries(), &at, "1.0.0", level(), None).unwrap();
    mini.state().log.clear();
    One { mini, at, published }
}

impl One {
    fn open(&self) -> Box<dyn Transport> {
        registries().open(&self.at).unwrap()
    }

    fn component(&self) -> Result<Vec<u8>, Error> {
        self.open().blob(&self.published.release.component, 1 << 20)
    }

    /// Returns a message without the port.
    fn shown(&self, error: &Error) -> String {
        error.to_string().replace(&self.mini.host, "[HOST]")
    }
}

#[test]
fn a_busy_registry_is_asked_again() {
    let one = one();
    for act in [Act::Status(500), Act::Busy, Act::Drop, Act::Status(503), Act::Truncate] {
        one.mini.fail("GET /v2/x/tags", 2, act.clone());
        assert_eq!(versions(one.open().as_ref()).unwrap().len(), 1);
        one.mini.fail("GET /v2/x/manifests", 1, act);
        Release::fetch(one.open().as_ref(), At::Tag("1.0.0")).unwrap();
    }
    assert_eq!(one.mini.count("GET /v2/x/tags"), 15);
}

#[test]
fn patience_ends() {
    let one = one();
    one.mini.fail("GET /v2/x/tags", 3, Act::Status(502));
    let error = versions(one.open().as_ref()).unwrap_err();
    insta::assert_snapshot!(one.shown(&error), @"failed to fetch the tags: http://[HOST]/v2/x/tags/list: HTTP status 502: UNKNOWN: not now");
    insta::assert_snapshot!(error.help().unwrap(), @"check the name and the network; a mirror made by `isoplug plugin mirror` works without one");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = registries().open(&reference(&format!("{free}/x"))).unwrap();
    assert!(matches!(nobody.tags(), Err(Error::Unreachable { .. })));
}

#[test]
fn an_upload_that_breaks_begins_anew() {
    for act in [Act::Status(500), Act::Drop, Act::Busy, Act::Status(404)] {
        let mini = Mini::start();
        mini.fail("PUT /v2/x/blobs/uploads/1", 1, act.clone());
        if !matches!(act, Act::Status(404)) {
            mini.fail("POST /v2/x/blobs/uploads/", 1, act.clone());
            mini.fail("PUT /v2/x/manifests/1", 2, act);
        }
        put(&registries(), &reference(&format!("{}/x", mini.host)), "1.0.0", level(), None)
            .unwrap();
    }
}

#[test]
fn a_download_goes_on_where_it_broke() {
    let mini = Mini::start();
    let at = reference(&format!("{}/x", mini.host));
    let (component, describe) = (large(300_000), describe("1.0.0", level()));
    let publication = Publication {
        reference: &at,
        kind: Kind::Plugin,
        component: &component,
        describe: &describe,
        epoch: 0,
        key: None,
        list: false,
    };
    let published = publish(&registries(), &publication).unwrap();
    mini.fail("GET /v2/x/blobs/", 1, Act::Status(500));
    mini.fail("GET /v2/x/blobs/", 1, Act::Truncate);
    let from = registries().open(&at).unwrap();
    assert_eq!(from.blob(&published.release.component, 1 << 20).unwrap(), component);
    let ranges = mini.state().log.iter().filter(|line| line.contains(" range=bytes=")).count();
    assert_eq!(ranges, 1);
}

#[test]
fn other_bytes_are_refused() {
    let one = one();
    one.mini.fail("GET /v2/x/blobs/", 1, Act::Damage);
    let error = one.component().unwrap_err();
    assert!(matches!(&error, Error::WrongDigest { expected, .. }
        if *expected == one.published.release.component.digest));
    one.mini.fail("GET /v2/x/blobs/", 1, Act::Body("short"));
    let error = one.component().unwrap_err();
    assert!(matches!(error, Error::WrongSize { found: 5, .. }), "{error}");
    one.mini.fail("GET /v2/x/manifests/", 1, Act::Damage);
    let digest = one.published.release.manifest;
    assert!(matches!(one.open().manifest(At::Digest(digest)), Err(Error::WrongDigest { .. })));
    one.mini.fail("GET /v2/x/manifests/", 1, Act::Damage);
    assert!(matches!(one.open().manifest(At::Tag("1.0.0")), Err(Error::WrongDigest { .. })));
    // Nothing of it stays in the cache.
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    one.mini.fail("GET /v2/x/blobs/", 1, Act::Damage);
    assert!(cache.fetch(one.open().as_ref(), &one.published.release).is_err());
    assert_eq!(cache.component(one.published.release.component.digest).unwrap(), None);
    cache.fetch(one.open().as_ref(), &one.published.release).unwrap();
}

#[test]
fn what_is_too_large_is_not_read() {
    let one = one();
    let mut blob = one.published.release.component.clone();
    let error = one.open().blob(&blob, 10).unwrap_err();
    assert!(error.to_string().contains("expected at most 10"), "{error}");
    assert_eq!(one.mini.count("GET /v2/x/blobs/"), 0);
    // It claims to be small, and is not.
    blob.size = 10;
    let error = one.open().blob(&blob, 10).unwrap_err();
    assert!(error.to_string().ends_with("it sent more than 10 bytes"), "{error}");
}

#[test]
fn answers_that_are_no_answers() {
    let one = one();
    for text in ["", "null", "[]", "{\"tags\": 1}", "<html>", "{\"tags\": [\"1.0.0\""] {
        one.mini.fail("GET /v2/x/tags", 1, Act::Body(text));
        assert!(matches!(versions(one.open().as_ref()), Err(Error::Document { .. })), "{text}");
        one.mini.fail("GET /v2/x/manifests/1", 1, Act::Body(text));
        let release = Release::fetch(one.open().as_ref(), At::Tag("1.0.0"));
        assert!(matches!(release, Err(Error::Document { .. })), "{text}");
    }
    one.mini.fail("GET /v2/x/tags", 1, Act::Body("{\"tags\": null}"));
    assert!(versions(one.open().as_ref()).unwrap().is_empty());
    one.mini.fail("PUT /v2/x/manifests", 3, Act::Status(302));
    assert!(put(&registries(), &one.at, "1.0.1", level(), None).is_err());
    one.mini.fail("GET /v2/x/tags", 1, Act::Status(400));
    let error = versions(one.open().as_ref()).unwrap_err();
    insta::assert_snapshot!(one.shown(&error), @"failed to fetch the tags: http://[HOST]/v2/x/tags/list: HTTP status 400: UNKNOWN: not now");
}

fn with(auth: &str, mini: &Mini) -> Registries {
    let mut credentials = Credentials::default();
    let text = format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, mini.host);
    credentials.add_file("config.json", &text).unwrap();
    Registries { credentials, ..registries() }
}

/// Returns why a release may not be put there.
fn denied(registries: &Registries, at: &Reference, host: &str) -> String {
    let error = put(registries, at, "1.1.0", level(), None).unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
    assert!(error.help().unwrap().contains("docker login"));
    let text = error.to_string().replace(host, "[HOST]");
    match text.find("sha256:") {
        Some(at) => text.replace(&text[at..at + 71], "[DIGEST]"),
        None => text,
    }
}

#[test]
fn a_token_is_asked_for_when_it_is_wanted() {
    let mini = Mini::start();
    mini.state().wants_token = true;
    let at = reference(&format!("{}/acme/x", mini.host));
    let right = with("dTpw", &mini);
    put(&right, &at, "1.0.0", level(), None).unwrap();
    // One token to look, one to push; the index is another repository.
    let scope = "service=mini&scope=repository%3Aacme%2Fx%3Apull";
    assert_eq!(mini.count(&format!("GET /token?{scope} authorization=Basic dTpw")), 1);
    assert_eq!(mini.count(&format!("GET /token?{scope}%2Cpush authorization=Basic dTpw")), 1);
    // Anyone may read.
    assert_eq!(versions(registries().open(&at).unwrap().as_ref()).unwrap().len(), 1);
    let denied = |registries: &Registries| denied(registries, &at, &mini.host);
    insta::assert_snapshot!(denied(&registries()), @"may not upload blob [DIGEST]: http://[HOST]/v2/acme/x/blobs/uploads/: http://[HOST]/token gives no token: HTTP status 401: UNAUTHORIZED: wrong name or password, and no credentials are known for [HOST]");
    insta::assert_snapshot!(denied(&with("dTp4", &mini)), @"may not fetch the tags: http://[HOST]/v2/acme/x/tags/list: http://[HOST]/token gives no token: HTTP status 401: UNAUTHORIZED: wrong name or password");
}

#[test]
fn credentials_stay_with_the_registry() {
    let (mini, storage) = (Mini::start(), Mini::start());
    let at = reference(&format!("{}/acme/x", mini.host));
    mini.state().wants_token = true;
    let registries = with("dTpw", &mini);
    let published = put(&registries, &at, "1.0.0", level(), None).unwrap();
    storage.state().blobs = mini.state().blobs.clone();
    mini.state().storage = Some(storage.host.clone());
    let from = registries.open(&at).unwrap();
    from.blob(&published.release.component, 1 << 20).unwrap();
    let log = storage.state().log.clone();
    assert_eq!(log.len(), 1);
    assert!(!log[0].contains("authorization"), "{log:?}");
}

#[test]
fn a_plugin_of_other_tools_cannot_be_locked_but_read() {
    let one = one();
    let config = br#"{"architecture":"wasm","os":"wasip2","layerDigests":[],"component":null}"#;
    let component = component("theirs");
    let to = registries().open_origin(&one.at).unwrap();
    to.put_blob(config).unwrap();
    to.put_blob(&component).unwrap();
    let descriptor = |kind: &str, bytes: &[u8]| {
        serde_json::to_value(isoplug_registry::Descriptor::of(kind, bytes)).unwrap()
    };
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.wasm.config.v0+json", config),
        "layers": [descriptor("application/wasm", &component)],
    });
    let bytes = manifest.to_string().into_bytes();
    to.put_manifest(Some("3.0.0"), "application/vnd.oci.image.manifest.v1+json", &bytes).unwrap();
    let release = Release::fetch(one.open().as_ref(), At::Tag("3.0.0")).unwrap();
    assert_eq!(release.version.unwrap().to_string(), "3.0.0");
    assert_eq!(release.description, None);
    assert_eq!(one.open().blob(&release.component, 1 << 20).unwrap(), component);
}

#[test]
fn tls_is_not_left_out_unasked() {
    let one = one();
    let at = reference(&format!("https://{}/x", one.mini.host));
    let error = registries().open(&at).unwrap().tags().unwrap_err();
    assert!(error.to_string().contains("https://"), "{error}");
    assert_eq!(one.mini.count("GET"), 0);
}
