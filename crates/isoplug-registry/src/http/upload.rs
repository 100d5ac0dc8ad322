//! Uploads one blob: asks for a place, then puts the whole blob there.
//!
//! OCI distribution specification, "Pushing blobs", "POST then PUT".

use super::super::error::Error;
use super::answer::{Outcome, answer};
use super::auth::percent;
use super::exchange::{Ask, Content};
use super::link;
use super::repository::Repository;
use isoplug_engine::Digest;

impl Repository {
    /// Stores a blob. After a broken connection it begins anew, with another place.
    pub(super) fn upload(&self, content: Content<'_>, digest: Digest) -> Result<(), Error> {
        let doing = format!("upload blob {digest}");
        let url = format!("{}/blobs/uploads/", self.base);
        self.exchange.repeat(&doing, &url, || {
            let post = Ask { doing: &doing, method: "POST", url: &url, ..Ask::default() };
            let post = Ask { body: Some(Content::Bytes(&[])), push: true, limit: 64 << 10, ..post };
            let begun = self.exchange.once(&post, &mut Vec::new())?;
            let no_place =
                || Outcome::Permanent(answer(&post, "it gives no place to put it".to_owned()));
            let location = begun.header("location").ok_or_else(no_place)?;
            let place = with_digest(&link::absolute(&url, location), digest);
            self.put(&doing, &place, content)
        })
    }

    fn put(&self, doing: &str, place: &str, content: Content<'_>) -> Result<(), Outcome> {
        let headers = [("Content-Type", "application/octet-stream")];
        let put = Ask { doing, method: "PUT", url: place, headers: &headers, ..Ask::default() };
        let put = Ask { body: Some(content), push: true, limit: 64 << 10, ..put };
        match self.exchange.once(&put, &mut Vec::new())?.status {
            201 | 204 => Ok(()),
            404 => Err(Outcome::transient("HTTP status 404: the upload was lost")),
            other => Err(Outcome::Permanent(answer(&put, format!("HTTP status {other}")))),
        }
    }
}

fn with_digest(place: &str, digest: Digest) -> String {
    let joint = if place.contains('?') { '&' } else { '?' };
    format!("{place}{joint}digest={}", percent(&digest.to_string()))
}
