//! What is signed of one image: the ISO itself, and the envelopes with its provenance and its bills.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use isoplug_bill::dsse::{self, Envelope};
use isoplug_bill::{provenance, sigstore};
use isoplug_engine::Digest;
use isoplug_registry::{PublicKey, SecretKey, signer};
use serde_json::Value as Json;

use super::{Signer, Signers, put, text, unreadable, with};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// What is attested of an image: how the file's name ends, and the type of the predicate.
const ATTESTED: [(&str, &str); 3] = [
    (".provenance.json", provenance::PREDICATE),
    (".spdx.json", "https://spdx.dev/Document/v2.3"),
    (".cdx.json", "https://cyclonedx.org/bom"),
];

/// A finished image.
pub(super) struct Image {
    /// The ISO.
    pub(super) iso: PathBuf,
    /// Its file name.
    pub(super) name: String,
    /// Its SHA-256.
    pub(super) sha256: Digest,
}

impl Image {
    /// Hashes an ISO, and compares it with the checksum beside it, if there is one.
    pub(super) fn open(iso: &Path) -> Result<Self, Failure> {
        let hashed = File::open(iso).and_then(|file| Digest::of_file(&file));
        let sha256 = hashed.map_err(|error| unreadable(iso, &error))?;
        let name = iso.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = with(iso, ".sha256");
        let said = fs::read_to_string(&beside).ok();
        let said = said.as_deref().and_then(|line| line.split(' ').next());
        if said.is_some_and(|said| said != sha256.hex()) {
            let message = format!("{} is not what {} says", iso.display(), beside.display());
            return Err(
                Failure::new(Exit::NotAsSaid, message).hint("build the image again, then sign it")
            );
        }
        Ok(Self { iso: iso.to_owned(), name, sha256 })
    }

    fn comment(&self) -> Result<String, Failure> {
        let predicate: Json =
            serde_json::from_str(&text(&with(&self.iso, ".provenance.json"))?).unwrap_or_default();
        let epoch = &predicate["buildDefinition"]["internalParameters"]["epoch"];
        Ok(format!("{} sha256:{} epoch {epoch}", self.name, self.sha256.hex()))
    }
}

/// Writes `NAME.iso.minisig`. Such a file has room for one key: that of another who signed the same ISO stays.
pub(super) fn minisign(
    image: &Image,
    signers: &Signers,
    session: &Session,
) -> Result<Option<PathBuf>, Failure> {
    let Some(key) = signers.minisign().next() else { return Ok(None) };
    let target = with(&image.iso, ".minisig");
    let old = fs::read_to_string(&target).unwrap_or_default();
    if old.contains(&image.sha256.hex()) && is_of_another(&old, key)? {
        session.note(&format!("{}.minisig is of another key and stays", image.name));
        return Ok(None);
    }
    let iso = File::open(&image.iso).map_err(|error| unreadable(&image.iso, &error))?;
    let signature = key.sign_read(iso, &image.comment()?)?;
    put(&target, signature.as_bytes()).map(Some)
}

/// Tells whether a `.minisig` is of another key.
pub(super) fn is_of_another(minisig: &str, key: &SecretKey) -> Result<bool, Failure> {
    let own: PublicKey = key.public()?;
    Ok(signer(minisig).is_some_and(|signer| signer != own.id()))
}

/// Writes `NAME.iso.intoto.jsonl`: a line for each thing that is attested, with the signatures of all who signed it.
pub(super) fn envelopes(image: &Image, signers: &Signers) -> Result<Option<PathBuf>, Failure> {
    if signers.0.is_empty() {
        return Ok(None);
    }
    let target = with(&image.iso, ".intoto.jsonl");
    let mut lines = fs::read_to_string(&target).unwrap_or_default();
    for attested in ATTESTED {
        let payload = statement(image, attested)?;
        let mut envelope = Envelope::new(&payload);
        for signer in &signers.0 {
            let (id, signature) = signer.sign(&dsse::pae(&payload))?;
            envelope.add(&id, &signature);
        }
        lines = dsse::with_line(&lines, &envelope);
    }
    put(&target, lines.as_bytes()).map(Some)
}

/// Writes `NAME.iso.sigstore.json`: the line of the provenance with the first key's signature, as it stands in the
/// envelopes. A bundle has room for one key: that of another who signed the same provenance stays.
pub(super) fn bundle(
    image: &Image,
    signers: &Signers,
    session: &Session,
) -> Result<Option<PathBuf>, Failure> {
    let Some(key) = signers.0.first().map(Signer::public) else { return Ok(None) };
    let (payload, target) = (statement(image, ATTESTED[0])?, with(&image.iso, ".sigstore.json"));
    let old = fs::read_to_string(&target).ok().and_then(|old| sigstore::envelope(&old));
    if old.is_some_and(|old| is_of_other_key(&old, &payload, &key.id())) {
        session.note(&format!("{}.sigstore.json is of another key and stays", image.name));
        return Ok(None);
    }
    let lines = text(&with(&image.iso, ".intoto.jsonl"))?;
    let mut lines = lines.lines().filter_map(Envelope::read);
    let line = lines.find(|line| line.payload().as_ref() == Some(&payload));
    let made = line.as_ref().and_then(|line| {
        let signature = line.signatures().into_iter().find(|(keyid, _)| *keyid == key.id())?;
        Some(sigstore::bundle(&payload, (&key.id(), key.sha256()), &signature.1))
    });
    made.map(|made| put(&target, made.as_bytes())).transpose()
}

fn is_of_other_key(old: &Envelope, payload: &[u8], id: &str) -> bool {
    let is_own = old.signatures().iter().any(|(keyid, _)| *keyid == id);
    old.payload().is_some_and(|old| old == payload) && !is_own
}

/// Returns the statement about an image that is signed for one file beside it.
fn statement(image: &Image, (suffix, predicate_type): (&str, &str)) -> Result<Vec<u8>, Failure> {
    let file = with(&image.iso, suffix);
    dsse::statement(&subjects(image)?, predicate_type, &text(&file)?)
        .map_err(|error| unreadable(&file, &error))
}

/// Returns what statements are about: the ISO, and what its provenance says was made with it. A bill beside the ISO that
/// is not that of the provenance would be signed by mistake.
fn subjects(image: &Image) -> Result<Vec<(String, String)>, Failure> {
    let file = with(&image.iso, ".provenance.json");
    let predicate: Json =
        serde_json::from_str(&text(&file)?).map_err(|error| unreadable(&file, &error))?;
    let mut subjects = vec![(image.name.clone(), image.sha256.hex())];
    for made in predicate["runDetails"]["byproducts"].as_array().into_iter().flatten() {
        let field = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        subjects.push((field(&made["name"]), field(&made["digest"]["sha256"])));
    }
    for (name, sha256) in &subjects[1..] {
        let beside = image.iso.with_file_name(name);
        let is_beside = !name.contains('/') && beside.is_file();
        if is_beside && Digest::of(text(&beside)?.as_bytes()).hex() != *sha256 {
            let message = format!("{} is not what {} says", beside.display(), file.display());
            return Err(
                Failure::new(Exit::Papers, message).hint("build the image again, then sign it")
            );
        }
    }
    Ok(subjects)
}
