//! Plugins, keys and policies to test with.

use std::time::Duration;

use isoplug_fetch::Patience;
use isoplug_manifest::plugin::{Trust, TrustLevel};
use isoplug_registry::{
    Error, Kind, Policy, PublicKey, Publication, Published, Reference, Registries, SecretKey,
    generate, publish,
};
use serde_json::{Value, json};

/// A publisher.
pub(crate) struct Publisher {
    pub(crate) secret: SecretKey,
    pub(crate) secret_text: String,
    pub(crate) public: PublicKey,
}

pub(crate) fn publisher() -> Publisher {
    let (secret_text, public) = generate(None).unwrap();
    let secret = SecretKey::read("key", &secret_text, None).unwrap();
    Publisher { secret, secret_text, public }
}

/// Returns a component whose bytes differ by the salt.
pub(crate) fn component(salt: &str) -> Vec<u8> {
    let text = format!(
        r#"(component ${salt} (import "isoplug:plugin/context@0.1.0" (instance))
            (instance $i) (export "isoplug:plugin/describe@0.1.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

/// Returns a larger component.
pub(crate) fn large(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes = component("large");
    // A custom section: its id, its size as LEB128, its name, and anything.
    let body: Vec<u8> =
        [1, b'x'].into_iter().chain(std::iter::repeat_with(&mut byte).take(size)).collect();
    bytes.push(0);
    let mut left = body.len();
    while left > 127 {
        bytes.push((left & 127) as u8 | 128);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes.extend(body);
    bytes
}

pub(crate) fn describe(version: &str, properties: Value) -> String {
    json!({
        "id": "acme.hardening", "version": version, "summary": "Strict settings", "licence": "MIT",
        "homepage": "https://example.org/", "options":
            {"type": "object", "additionalProperties": false, "properties": properties},
        "requests": {"files": ["root:/etc/sysctl.d/**"]}, "examples": [],
    })
    .to_string()
}

pub(crate) fn level() -> Value {
    json!({"level": {"enum": ["low", "high"], "default": "low"}})
}

/// Returns registries that are asked again at once.
pub(crate) fn registries() -> Registries {
    let pause = Duration::from_millis(1);
    let patience = Patience { attempts: 3, first_pause: pause, longest_pause: pause };
    Registries { patience, ..Registries::default() }
}

pub(crate) fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// Publishes a version.
pub(crate) fn put(
    registries: &Registries,
    at: &Reference,
    version: &str,
    options: Value,
    key: Option<&SecretKey>,
) -> Result<Published, Error> {
    let salt = format!("v{}", version.replace(['.', '+', '-'], "_"));
    let (component, describe) = (component(&salt), describe(version, options));
    let publication = Publication {
        reference: at,
        kind: Kind::Plugin,
        component: &component,
        describe: &describe,
        epoch: 1_763_820_000,
        key,
        list: true,
    };
    publish(registries, &publication)
}

/// Returns a policy that knows one publisher.
pub(crate) fn policy(name: &str, keys: &[&PublicKey]) -> Policy {
    let keys = keys.iter().map(ToString::to_string).collect();
    let trust = Trust { publishers: [(name.to_owned(), keys)].into(), ..Trust::default() };
    Policy::new(&trust).unwrap()
}

/// Returns a policy that wants nothing.
pub(crate) fn anything() -> Policy {
    Policy::new(&Trust { default: TrustLevel::Any, ..Trust::default() }).unwrap()
}
