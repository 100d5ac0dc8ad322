//! A registry that leads elsewhere, or has no end.

use isoplug_registry::{At, Credentials, Registries, Release, versions};

use crate::made::{level, put, reference, registries};
use crate::mini::{Act, Mini};

/// Attempt 58: the next page of a list is another registry's.
#[test]
fn credentials_do_not_follow_a_link_to_another_host() {
    let (mini, other) = (Mini::start(), Mini::start());
    let mut credentials = Credentials::default();
    let text = format!(r#"{{"auths": {{"{}": {{"auth": "dTpw"}}}}}}"#, mini.host);
    credentials.add_file("config.json", &text).unwrap();
    let known = Registries { credentials, ..registries() };
    mini.state().wants_token = true;
    let at = reference(&format!("{}/x", mini.host));
    put(&known, &at, "1.0.0", level(), None).unwrap();
    other.state().tags = mini.state().tags.clone();
    mini.state().next = Some(format!("http://{}/v2/x/tags/list", other.host));
    versions(known.open(&at).unwrap().as_ref()).unwrap();
    let log = other.state().log.clone();
    assert_eq!(log, ["GET /v2/x/tags/list"], "without Authorization");
    // It is not asked for a name and password there either.
    other.state().wants_token = true;
    assert!(versions(known.open(&at).unwrap().as_ref()).is_err());
    assert!(other.state().log.iter().all(|line| !line.contains("authorization")));
}

/// Attempt 59: pages and documents without an end.
#[test]
fn what_has_no_end_is_given_up() {
    let mini = Mini::start();
    let at = reference(&format!("{}/x", mini.host));
    put(&registries(), &at, "1.0.0", level(), None).unwrap();
    let open = || registries().open(&at).unwrap();
    mini.fail("GET /v2/x/manifests/1", 1, Act::Body("x".repeat(5 << 20).leak()));
    let error = Release::fetch(open().as_ref(), At::Tag("1.0.0")).unwrap_err().to_string();
    assert!(error.ends_with("it sent more than 4194304 bytes"), "{error}");
    mini.state().next = Some(format!("http://{}/v2/x/tags/list", mini.host));
    let error = versions(open().as_ref()).unwrap_err().to_string();
    assert!(error.contains("more than 1000 pages"), "{error}");
}
