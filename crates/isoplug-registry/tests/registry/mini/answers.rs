//! What the registry answers, by the OCI distribution specification.

use super::*;

pub(super) fn busy() -> Response {
    let busy = errors(429, "TOOMANYREQUESTS", "slow down");
    ok(429, vec![("Retry-After", "0".to_owned())], busy.body)
}

pub(super) fn errors(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"errors": [{"code": code, "message": message}]}).to_string().into_bytes();
    ok(status, Vec::new(), body)
}

pub(super) fn ok(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Response {
    Response { status, headers, body }
}

impl State {
    /// Logs a request and returns what is to go wrong with it.
    pub(super) fn note(&mut self, request: &Request) -> Option<Act> {
        let line = format!("{} {}", request.method, request.target);
        let shown = ["authorization", "range"].map(|name| {
            request.headers.get(name).map(|value| format!(" {name}={value}")).unwrap_or_default()
        });
        self.log.push(format!("{line}{}", shown.concat()));
        let applies = |fault: &&mut Fault| fault.times > 0 && line.starts_with(fault.request);
        let fault = self.faults.iter_mut().find(applies)?;
        fault.times -= 1;
        Some(fault.act.clone())
    }

    pub(super) fn answer(&mut self, request: &Request, host: &str) -> Response {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        if path == "/token" {
            return token(request, query);
        }
        if let Some(response) = self.challenge(request, path, host) {
            return response;
        }
        let Some(path) = path.strip_prefix("/v2/") else { return errors(404, "X", "no API") };
        for kind in ["/blobs/uploads/", "/blobs/", "/manifests/", "/tags/", "/referrers/"] {
            if let Some((repository, name)) = path.split_once(kind) {
                return match kind {
                    "/blobs/uploads/" => self.upload(request, repository, name, query),
                    "/blobs/" => self.blob(request, repository, name),
                    "/manifests/" => self.manifest(request, repository, name),
                    "/tags/" => self.list(repository, query),
                    _ => self.referrers(repository, name),
                };
            }
        }
        errors(404, "X", "no such thing")
    }

    fn challenge(&self, request: &Request, path: &str, host: &str) -> Option<Response> {
        let actions =
            if matches!(request.method.as_str(), "GET" | "HEAD") { "pull" } else { "pull,push" };
        let given = request.headers.get("authorization").map(String::as_str);
        let enough =
            given == Some("Bearer pull,push") || given == Some(&format!("Bearer {actions}"));
        if !self.wants_token || enough {
            return None;
        }
        let repository =
            path.strip_prefix("/v2/")?.split("/blobs").next()?.split("/manifests").next()?;
        let repository = repository.split("/tags").next()?.split("/referrers").next()?;
        let mut response = errors(401, "UNAUTHORIZED", "authentication required");
        let challenge = format!(
            r#"Bearer realm="http://{host}/token",service="mini",scope="repository:{repository}:{actions}""#
        );
        response.headers.push(("WWW-Authenticate", challenge));
        Some(response)
    }

    fn upload(&mut self, request: &Request, repository: &str, name: &str, query: &str) -> Response {
        if request.method == "POST" {
            let place = format!("/v2/{repository}/blobs/uploads/1?state=x");
            return ok(202, vec![("Location", place)], Vec::new());
        }
        let digest = query.split("digest=").nth(1).unwrap_or("").replace("%3A", ":");
        if name != "1" || digest != Digest::of(&request.body).to_string() {
            return errors(400, "DIGEST_INVALID", "other bytes");
        }
        self.blobs.insert(digest, request.body.clone());
        ok(201, Vec::new(), Vec::new())
    }

    fn blob(&self, request: &Request, repository: &str, name: &str) -> Response {
        let Some(bytes) = self.blobs.get(name) else {
            return errors(404, "BLOB_UNKNOWN", "no blob");
        };
        if let (Some(storage), "GET") = (&self.storage, request.method.as_str()) {
            let place = format!("http://{storage}/v2/{repository}/blobs/{name}");
            return ok(307, vec![("Location", place)], Vec::new());
        }
        let range = request.headers.get("range").and_then(|text| text.strip_prefix("bytes="));
        match range.and_then(|text| text.trim_end_matches('-').parse::<usize>().ok()) {
            Some(start) => {
                let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
                ok(206, vec![("Content-Range", range)], bytes[start..].to_vec())
            }
            None => ok(200, Vec::new(), bytes.clone()),
        }
    }

    fn manifest(&mut self, request: &Request, repository: &str, name: &str) -> Response {
        if request.method == "PUT" {
            return self.put_manifest(request, repository, name);
        }
        let digest = match name.starts_with("sha256:") {
            true => Some(name.to_owned()),
            false => self.tags.get(&format!("{repository}:{name}")).cloned(),
        };
        let found = digest.and_then(|digest| {
            let (media_type, bytes) = self.manifests.get(&format!("{repository}@{digest}"))?;
            let headers =
                vec![("Content-Type", media_type.clone()), ("Docker-Content-Digest", digest)];
            Some(ok(200, headers, bytes.clone()))
        });
        found.unwrap_or_else(|| errors(404, "MANIFEST_UNKNOWN", "no manifest"))
    }

    fn put_manifest(&mut self, request: &Request, repository: &str, name: &str) -> Response {
        let digest = Digest::of(&request.body).to_string();
        let media_type = request.headers.get("content-type").cloned().unwrap_or_default();
        let manifest: Option<OciManifest> = serde_json::from_slice(&request.body).ok();
        for blob in manifest.iter().flat_map(|one| one.layers.iter().chain([&one.config])) {
            if !self.blobs.contains_key(&blob.digest.to_string()) {
                return errors(404, "MANIFEST_BLOB_UNKNOWN", "no blob");
            }
        }
        self.manifests.insert(format!("{repository}@{digest}"), (media_type, request.body.clone()));
        if !name.starts_with("sha256:") {
            self.tags.insert(format!("{repository}:{name}"), digest);
        }
        let subject = manifest.and_then(|one| one.subject).filter(|_| self.has_referrers);
        let headers = subject.map(|of| ("OCI-Subject", of.digest.to_string()));
        ok(201, headers.into_iter().collect(), Vec::new())
    }

    fn list(&self, repository: &str, query: &str) -> Response {
        let prefix = format!("{repository}:");
        let last = query.split("last=").nth(1).unwrap_or("");
        let tags = self.tags.keys().filter_map(|key| key.strip_prefix(&prefix));
        let tags: Vec<&str> = tags.filter(|tag| *tag > last).collect();
        if tags.is_empty() && last.is_empty() {
            return errors(404, "NAME_UNKNOWN", "no repository");
        }
        let size = if self.page == 0 { tags.len() } else { self.page.min(tags.len()) };
        let mut headers = Vec::new();
        if size < tags.len() {
            let next =
                format!("</v2/{repository}/tags/list?last={}>; rel=\"next\"", tags[size - 1]);
            headers.push(("Link", next));
        }
        if let Some(next) = &self.next {
            headers.push(("Link", format!("<{next}>; rel=\"next\"")));
        }
        ok(200, headers, json!({"name": repository, "tags": tags[..size]}).to_string().into_bytes())
    }

    fn referrers(&self, repository: &str, name: &str) -> Response {
        if !self.has_referrers {
            return errors(404, "X", "404 page not found");
        }
        let prefix = format!("{repository}@");
        let mut found = Vec::new();
        for (key, (media_type, bytes)) in &self.manifests {
            let Some(digest) = key.strip_prefix(&prefix) else { continue };
            let Ok(manifest) = serde_json::from_slice::<OciManifest>(bytes) else { continue };
            if manifest.subject.is_some_and(|of| of.digest.to_string() == name) {
                found.push(json!({"mediaType": media_type, "digest": digest, "size": bytes.len(),
                    "artifactType": manifest.artifact_type}));
            }
        }
        ok(
            200,
            Vec::new(),
            json!({"schemaVersion": 2, "manifests": found}).to_string().into_bytes(),
        )
    }
}

fn token(request: &Request, query: &str) -> Response {
    let push = query.contains("push");
    // u:p
    let may_push = request.headers.get("authorization").is_some_and(|value| value == "Basic dTpw");
    let is_wrong = request.headers.contains_key("authorization") && !may_push;
    if is_wrong || (push && !may_push) {
        return errors(401, "UNAUTHORIZED", "wrong name or password");
    }
    let token = if push { "pull,push" } else { "pull" };
    ok(200, Vec::new(), json!({"token": token}).to_string().into_bytes())
}
