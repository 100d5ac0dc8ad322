//! Policies: who signed what, and what is made of it.

use isoplug_manifest::plugin::{Allow, Trust};

use super::super::keys::{PublicKey, SecretKey, generate};
use super::super::oci::Descriptor;
use super::super::release::{Description, Release};
use super::super::statement::TYPE;
use super::*;

struct Key {
    secret: SecretKey,
    public: PublicKey,
}

fn key() -> Key {
    let (text, public) = generate(None).unwrap();
    Key { secret: SecretKey::read("key", &text, None).unwrap(), public }
}

fn release() -> Release {
    let text = r#"{"id": "acme.x", "version": "1.2.0"}"#;
    Release {
        version: Some(Version::new(1, 2, 0)),
        manifest: Digest::of(b"manifest"),
        component: Descriptor::of("application/wasm", b"component"),
        description: Some(Description::read(text).unwrap()),
        api: None,
    }
}

fn statement() -> Statement {
    Statement {
        kind: TYPE.to_owned(),
        name: "acme.x".to_owned(),
        reference: "ghcr.io/acme/x".to_owned(),
        version: Version::new(1, 2, 0),
        component: Digest::of(b"component"),
        manifest: Digest::of(b"manifest"),
        describe: release().description.unwrap().digest(),
        previous: None,
    }
}

fn signed(statement: &Statement, key: &Key) -> Signature {
    let bytes = statement.bytes();
    Signature { text: key.secret.sign(&bytes, "").unwrap(), statement: bytes }
}

fn trust(publishers: &[(&str, &[&Key])]) -> Trust {
    let texts = |keys: &[&Key]| keys.iter().map(|key| key.public.to_string()).collect();
    let publishers = publishers.iter().map(|(name, keys)| ((*name).to_owned(), texts(keys)));
    Trust { publishers: publishers.collect(), ..Trust::default() }
}

fn rule(reference: &str, publisher: &str, threshold: u32) -> Allow {
    let (reference, publisher) = (reference.to_owned(), publisher.to_owned());
    Allow { reference, publisher, threshold }
}

fn judged(trusts: &[Trust], reference: &str, signatures: &[Signature]) -> Result<String, String> {
    let policies: Vec<Policy> = trusts.iter().map(|trust| Policy::new(trust).unwrap()).collect();
    let release = release();
    let reference = reference.parse().unwrap();
    let verdict = judge(&policies, &Claim::of(&reference, &release, signatures));
    verdict.map(|verdict| verdict.to_string()).map_err(|refusal| refusal.to_string())
}

const HERE: &str = "ghcr.io/acme/x";

#[test]
fn a_known_publisher_is_enough() {
    let (old, new, stranger) = (key(), key(), key());
    let trust = [trust(&[("acme", &[&old, &new])])];
    let by = |key: &Key| judged(&trust, HERE, &[signed(&statement(), key)]);
    assert_eq!(by(&old).as_deref(), Ok("acme"));
    assert_eq!(by(&new).as_deref(), Ok("acme"));
    let unknown = by(&stranger).unwrap_err().replace(&stranger.public.id().to_string(), "[KEY]");
    insta::assert_snapshot!(unknown, @"ghcr.io/acme/x 1.2.0 is signed with an unknown key: [KEY]");
    insta::assert_snapshot!(judged(&trust, HERE, &[]).unwrap_err(), @"ghcr.io/acme/x 1.2.0 is not signed");
    insta::assert_snapshot!(judged(&[], HERE, &[]).unwrap_err(), @"ghcr.io/acme/x 1.2.0 is not signed");
}

#[test]
fn a_signature_of_something_else_is_none() {
    let acme = key();
    let trust = [trust(&[("acme", &[&acme])])];
    let good = statement();
    let others = [
        Statement { name: "acme.y".to_owned(), ..good.clone() },
        Statement { reference: "ghcr.io/acme/y".to_owned(), ..good.clone() },
        Statement { version: Version::new(1, 3, 0), ..good.clone() },
        Statement { component: Digest::of(b""), ..good.clone() },
        Statement { manifest: Digest::of(b""), ..good.clone() },
        Statement { describe: Digest::of(b""), ..good.clone() },
    ];
    for other in others {
        let refused = judged(&trust, HERE, &[signed(&other, &acme)]).unwrap_err();
        assert!(refused.contains("comes with signatures of something else"), "{refused}");
    }
    // A right signature beside wrong ones counts, and so does none of the damaged.
    let mut damaged = signed(&good, &acme);
    damaged.statement.push(b' ');
    assert!(judged(&trust, HERE, std::slice::from_ref(&damaged)).is_err());
    assert_eq!(judged(&trust, HERE, &[damaged, signed(&good, &acme)]).as_deref(), Ok("acme"));
}

#[test]
fn rules_bind() {
    let (one, two, corp) = (key(), key(), key());
    let mut acme = trust(&[("acme", &[&one, &two]), ("corp", &[&corp])]);
    acme.allow = vec![rule("ghcr.io/acme/*", "acme", 2)];
    let trusts = [acme.clone()];
    let by = |keys: &[&Key]| {
        let signatures: Vec<_> = keys.iter().map(|key| signed(&statement(), key)).collect();
        judged(&trusts, HERE, &signatures)
    };
    assert_eq!(by(&[&one, &two]).as_deref(), Ok("acme"));
    insta::assert_snapshot!(by(&[&one]).unwrap_err(), @r#"ghcr.io/acme/x 1.2.0 has 1 of 2 signatures of acme that "ghcr.io/acme/*" wants"#);
    assert!(by(&[&one, &one]).is_err() && by(&[&one, &corp]).is_err() && by(&[&corp]).is_err());
    // Even where anything goes.
    let any = [Trust { default: TrustLevel::Any, ..acme }];
    assert!(judged(&any, HERE, &[]).is_err());
    assert_eq!(judged(&any, "ghcr.io/other/x", &[]).as_deref(), Ok("unsigned"));
    assert_eq!(judged(&any, "ghcr.io/acme/sub/x", &[]).as_deref(), Ok("unsigned"));
}

#[test]
fn a_publisher_with_rules_is_believed_only_there() {
    let (acme, free) = (key(), key());
    let mut trust = trust(&[("acme", &[&acme]), ("free", &[&free])]);
    trust.allow = vec![rule("ghcr.io/other/*", "acme", 1)];
    let trust = [trust];
    let by = |key: &Key| judged(&trust, HERE, &[signed(&statement(), key)]);
    insta::assert_snapshot!(by(&acme).unwrap_err(), @"ghcr.io/acme/x 1.2.0 is signed by acme, who may not publish there");
    assert_eq!(by(&free).as_deref(), Ok("free"));
}

#[test]
fn a_folder_that_does_not_say_its_name_is_judged_by_what_was_signed() {
    let acme = key();
    let mut trust = trust(&[("acme", &[&acme])]);
    trust.allow = vec![rule("ghcr.io/acme/*", "acme", 1)];
    let signature = signed(&statement(), &acme);
    assert_eq!(judged(&[trust.clone()], "oci-layout:/usb", &[signature]).as_deref(), Ok("acme"));
    let elsewhere = Statement { reference: "evil.example/x".to_owned(), ..statement() };
    let refused = judged(&[trust], "oci-layout:/usb", &[signed(&elsewhere, &acme)]).unwrap_err();
    insta::assert_snapshot!(refused, @"acme.x 1.2.0 is signed by acme, who may not publish there");
}

#[test]
fn denied_and_locked() {
    let acme = key();
    let mut denied = trust(&[("acme", &[&acme])]);
    denied.deny = vec![Digest::of(b"component").to_string()];
    let refused = judged(&[denied], HERE, &[signed(&statement(), &acme)]).unwrap_err();
    insta::assert_snapshot!(refused, @"ghcr.io/acme/x 1.2.0 is denied by the policy: sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa");
    let locked = Trust { default: TrustLevel::Locked, ..Trust::default() };
    let policies = [Policy::new(&locked).unwrap()];
    let release = release();
    let reference = HERE.parse().unwrap();
    let claim = Claim::of(&reference, &release, &[]);
    insta::assert_snapshot!(judge(&policies, &claim).unwrap_err(), @"ghcr.io/acme/x 1.2.0 is neither signed by a publisher nor in the lock");
    let claim = Claim { is_locked: true, ..claim };
    assert_eq!(judge(&policies, &claim).unwrap().to_string(), "unsigned");
}

#[test]
fn every_policy_must_agree() {
    let (user, corp) = (key(), key());
    let trusts = [trust(&[("friend", &[&user])]), trust(&[("corp", &[&corp])])];
    let by = |keys: &[&Key]| {
        let signatures: Vec<_> = keys.iter().map(|key| signed(&statement(), key)).collect();
        judged(&trusts, HERE, &signatures)
    };
    assert_eq!(by(&[&user, &corp]).as_deref(), Ok("corp+friend"));
    assert!(by(&[&user]).is_err() && by(&[&corp]).is_err());
}

#[test]
fn policies_that_cannot_be_meant() {
    let acme = key();
    let wrong = |change: &dyn Fn(&mut Trust)| {
        let mut trust = trust(&[("acme", &[&acme])]);
        change(&mut trust);
        Policy::new(&trust).unwrap_err()
    };
    insta::assert_snapshot!(wrong(&|trust| trust.allow = vec![rule("a/**b", "acme", 1)]), @r#""a/**b" is not a valid pattern: Pattern syntax error near position 4: recursive wildcards must form a single path component"#);
    insta::assert_snapshot!(wrong(&|trust| trust.allow = vec![rule("a/*", "corp", 1)]), @r#"the publisher corp of "a/*" has no key"#);
    insta::assert_snapshot!(wrong(&|trust| trust.allow = vec![rule("a/*", "acme", 2)]), @r#""a/*" wants 2 keys of acme, who has 1"#);
    insta::assert_snapshot!(wrong(&|trust| trust.allow = vec![rule("a/*", "acme", 0)]), @r#"the threshold of "a/*" is 0, expected 1 or more"#);
    insta::assert_snapshot!(wrong(&|trust| trust.deny = vec!["x".to_owned()]), @"trust.deny: `x` is not a digest; one reads sha256:<64 hex digits>");
    let key = |trust: &mut Trust| {
        trust.publishers.insert("acme".to_owned(), vec!["RWQ".to_owned()]);
    };
    insta::assert_snapshot!(wrong(&key), @r#"the public key "RWQ" cannot be used: base64 conversion failed - was an actual public key given?"#);
}
