//! One repository of a registry: tags, manifests, blobs and referrers.
//!
//! OCI distribution specification 1.1: "Pull", "Push", "Content Discovery".

use std::collections::BTreeSet;
use std::path::Path;

use super::super::error::Error;
use super::super::oci::{
    Descriptor, INDEX, MANIFEST, MANIFEST_LIMIT, OciIndex, OciManifest, to_json,
};
use super::super::transport::{At, Fetched, Transport, check, check_digest, check_limit};
use super::answer::Answer;
use super::exchange::{Ask, Content, Exchange};
use super::link;
use isoplug_engine::Digest;

/// The most pages of a list that are read; more is a loop.
const PAGES: usize = 1000;
/// What an answer may be. Other tools push manifests of Docker's own type as well.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// A repository behind HTTP.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) exchange: Exchange,
    pub(super) place: String,
    /// `https://registry.example.com/v2/acme/hardening`
    pub(super) base: String,
}

impl Repository {
    fn get(&self, doing: &str, url: &str) -> Result<Answer, Error> {
        let headers = [("Accept", ACCEPT)];
        let limit = MANIFEST_LIMIT;
        self.exchange.ask(&Ask {
            doing,
            method: "GET",
            url,
            headers: &headers,
            limit,
            ..Ask::default()
        })
    }

    fn put_tag(&self, at: &str, media_type: &str, bytes: &[u8]) -> Result<Answer, Error> {
        let url = format!("{}/manifests/{at}", self.base);
        let doing = format!("publish {at}");
        let headers = [("Content-Type", media_type)];
        let ask =
            Ask { doing: &doing, method: "PUT", url: &url, headers: &headers, ..Ask::default() };
        let ask =
            Ask { body: Some(Content::Bytes(bytes)), push: true, limit: MANIFEST_LIMIT, ..ask };
        let answered = self.exchange.ask(&ask)?;
        match answered.status {
            404 => {
                Err(Error::Absent { place: self.place.clone(), what: "such repository".to_owned() })
            }
            _ => Ok(answered),
        }
    }

    /// "Referrers Tag Schema": a registry without the referrers API keeps the list under a tag.
    fn put_fallback(&self, subject: Digest, referrer: Descriptor) -> Result<(), Error> {
        let tag = fallback_tag(subject);
        for _ in 0..3 {
            let mut index = self.fallback(&tag)?;
            if index.manifests.iter().any(|known| known.digest == referrer.digest) {
                return Ok(());
            }
            index.manifests.push(referrer.clone());
            self.put_tag(&tag, INDEX, &to_json(&index))?;
        }
        let why = "someone else keeps changing it";
        Err(Error::document(&self.place, &format!("tag {tag}"), why))
    }

    fn fallback(&self, tag: &str) -> Result<OciIndex, Error> {
        match self.manifest(At::Tag(tag))? {
            Some(fetched) => OciIndex::read(&fetched.bytes, &self.place, &format!("tag {tag}")),
            None => Ok(OciIndex::default()),
        }
    }

    /// Reads pages until there is no next one.
    fn pages(
        &self,
        doing: &str,
        first: String,
        mut page: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let mut url = first;
        for _ in 0..PAGES {
            let answered = self.get(doing, &url)?;
            if answered.status == 404 {
                return Ok(false);
            }
            page(&answered.bytes)?;
            match answered.header("link").and_then(link::next) {
                Some(next) => url = link::absolute(&url, next),
                None => return Ok(true),
            }
        }
        Err(Error::document(&self.place, doing, format!("more than {PAGES} pages")))
    }
}

fn fallback_tag(subject: Digest) -> String {
    format!("sha256-{}", subject.hex())
}

impl Transport for Repository {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn tags(&self) -> Result<Vec<String>, Error> {
        #[derive(serde::Deserialize)]
        struct Page {
            /// Some registries say null for none.
            tags: Option<Vec<String>>,
        }
        let mut tags = BTreeSet::new();
        self.pages("fetch the tags", format!("{}/tags/list", self.base), |bytes| {
            let page: Page = serde_json::from_slice(bytes)
                .map_err(|why| Error::document(&self.place, "list of tags", why))?;
            tags.extend(page.tags.unwrap_or_default());
            Ok(())
        })?;
        Ok(tags.into_iter().collect())
    }

    fn manifest(&self, at: At<'_>) -> Result<Option<Fetched>, Error> {
        let name = match at {
            At::Tag(tag) => tag.to_owned(),
            At::Digest(digest) => digest.to_string(),
        };
        let answered =
            self.get(&format!("fetch {at}"), &format!("{}/manifests/{name}", self.base))?;
        if answered.status == 404 {
            return Ok(None);
        }
        let stated = answered.header("docker-content-digest").and_then(|text| text.parse().ok());
        let expected = if let At::Digest(digest) = at { Some(digest) } else { stated };
        if let Some(expected) = expected {
            check_digest(&self.place, &at.to_string(), expected, &answered.bytes)?;
        }
        let media_type = answered.header("content-type").unwrap_or(MANIFEST);
        let media_type = media_type.split(';').next().unwrap_or(media_type).trim().to_owned();
        Ok(Some(Fetched { digest: Digest::of(&answered.bytes), media_type, bytes: answered.bytes }))
    }

    fn blob(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        check_limit(&self.place, blob, limit)?;
        let url = format!("{}/blobs/{}", self.base, blob.digest);
        let doing = format!("fetch blob {}", blob.digest);
        let ask =
            Ask { doing: &doing, method: "GET", url: &url, limit: blob.size, ..Ask::default() };
        let answered = self.exchange.download(&ask)?;
        let what = format!("blob {}", blob.digest);
        match answered.status {
            404 => Err(Error::Absent { place: self.place.clone(), what }),
            _ => {
                check(&self.place, &what, blob, &answered.bytes)?;
                Ok(answered.bytes)
            }
        }
    }

    fn has_blob(&self, digest: Digest) -> Result<bool, Error> {
        let url = format!("{}/blobs/{digest}", self.base);
        let doing = format!("look for blob {digest}");
        let ask = Ask { doing: &doing, method: "HEAD", url: &url, limit: 0, ..Ask::default() };
        Ok(self.exchange.ask(&ask)?.status == 200)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<(), Error> {
        self.upload(Content::Bytes(bytes), Digest::of(bytes))
    }

    fn put_file(&self, file: &Path, blob: &Descriptor) -> Result<(), Error> {
        self.upload(Content::File(file, blob.size), blob.digest)
    }

    fn put_manifest(&self, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> Result<(), Error> {
        let digest = Digest::of(bytes);
        let at = tag.map_or_else(|| digest.to_string(), str::to_owned);
        let answered = self.put_tag(&at, media_type, bytes)?;
        let Ok(manifest) = OciManifest::read(bytes, &self.place, &at) else { return Ok(()) };
        match manifest.subject {
            Some(ref subject) if answered.header("oci-subject").is_none() => {
                let mut referrer = Descriptor::of(media_type, bytes);
                referrer.artifact_type = Some(manifest.kind().to_owned());
                referrer.annotations.clone_from(&manifest.annotations);
                self.put_fallback(subject.digest, referrer)
            }
            _ => Ok(()),
        }
    }

    fn referrers(&self, subject: Digest) -> Result<Vec<Descriptor>, Error> {
        let mut found = Vec::new();
        let url = format!("{}/referrers/{subject}", self.base);
        self.pages("fetch the referrers", url, |bytes| {
            found.extend(OciIndex::read(bytes, &self.place, "list of referrers")?.manifests);
            Ok(())
        })?;
        // A registry that learnt the API later still has what was pushed before under the tag.
        for referrer in self.fallback(&fallback_tag(subject))?.manifests {
            if found.iter().all(|known| known.digest != referrer.digest) {
                found.push(referrer);
            }
        }
        Ok(found)
    }
}
