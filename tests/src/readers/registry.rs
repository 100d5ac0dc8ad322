//! What registries of plugins serve.

use std::collections::BTreeSet;
use std::str::FromStr;

use isoplug_engine::Digest;
use isoplug_registry::{
    At, Description, Descriptor, Error, Fetched, PublicKey, Reference, Release, Statement,
    Transport, read_index, resolve, signatures, versions,
};

/// A registry that answers every question with the same bytes.
pub(super) fn oci(bytes: &[u8]) {
    let registry = Echo(bytes);
    _ = read_index(&registry, &[]);
    _ = versions(&registry);
    _ = signatures(&registry, Digest::of(bytes));
    _ = Release::fetch(&registry, At::Tag("1.0.0"));
    _ = Statement::read(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    _ = Description::read(text);
    _ = PublicKey::from_str(text);
    let any = "*".parse().expect("any version");
    if let Ok(reference) = Reference::from_str(text) {
        _ = resolve(&registry, &reference, &any, &BTreeSet::new(), None);
        let again = Reference::from_str(&reference.to_string()).expect("what was printed is read");
        assert_eq!(again, reference);
    }
}

struct Echo<'a>(&'a [u8]);

impl Transport for Echo<'_> {
    fn place(&self) -> String {
        "registry.example.com/x".to_owned()
    }

    fn tags(&self) -> Result<Vec<String>, Error> {
        let text = String::from_utf8_lossy(self.0);
        Ok(text.split_whitespace().map(str::to_owned).take(16).collect())
    }

    fn manifest(&self, _at: At<'_>) -> Result<Option<Fetched>, Error> {
        let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
        Ok(Some(Fetched { digest: Digest::of(self.0), media_type, bytes: self.0.to_vec() }))
    }

    fn blob(&self, _blob: &Descriptor, _limit: u64) -> Result<Vec<u8>, Error> {
        Ok(self.0.to_vec())
    }

    fn has_blob(&self, _digest: Digest) -> Result<bool, Error> {
        Ok(true)
    }

    fn put_blob(&self, _bytes: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn put_manifest(&self, _tag: Option<&str>, _kind: &str, _bytes: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn referrers(&self, _subject: Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(vec![Descriptor {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            digest: Digest::of(self.0),
            size: self.0.len() as u64,
            artifact_type: Some("application/vnd.isoplug.signature.v1".to_owned()),
            annotations: None,
        }])
    }
}
