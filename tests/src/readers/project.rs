//! What lies in a project: the manifest, the lock, and files that are looked through for secrets.

use isoplug_manifest::plugin::NoPlugins;
use isoplug_manifest::{Input, Lock, evaluate, profiles};

/// A manifest: each of its profiles is evaluated, and what it includes is the manifest itself.
pub(super) fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let names = profiles("isoplug.toml", text)
        .map_or_else(|_| vec!["p".to_owned()], |overview| overview.profiles);
    for profile in names.iter().take(3) {
        let input = Input {
            name: "isoplug.toml",
            text,
            profile,
            arch: "amd64",
            vars: &Default::default(),
            load: &mut |_| Ok(text.to_owned()),
            plugins: &mut NoPlugins,
        };
        if let Err(found) = evaluate(input) {
            assert!(!found.list.is_empty(), "a refusal without a reason");
        }
    }
}

/// A lock: what is read is read again from how it is written.
pub(super) fn lock(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(lock) = Lock::parse(text) else { return };
    let again = Lock::parse(&lock.to_toml()).expect("what was written is read");
    assert_eq!(again, lock);
}

/// A file that is looked through for secrets, under the names that rules are for.
pub(super) fn secrets(bytes: &[u8]) {
    for path in ["etc/shadow", "root/.netrc", "root/.npmrc", "root/.kube/config", "a.nmconnection"]
    {
        for found in isoplug_image::secrets::scan(path, bytes) {
            assert!(found.line.is_none_or(|line| line <= bytes.len() as u64 + 1), "{found:?}");
        }
    }
}
