//! `isoplug publish`: puts a finished image into an OCI registry, with all that lies beside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use isoplug_engine::Digest;
use isoplug_registry::{ImageFile, ImagePublication, Place, Reference, publish_image};
use serde_json::Value as Json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::settings::Settings;
use crate::session::Session;

/// Publish a finished ISO in an OCI registry
///
/// The ISO with its lock, checksum and package list becomes one artifact; bills of materials, provenance, licences, the list
/// of source packages and signatures, as far as they lie beside it, become its referrers. `oras pull` gets the files again.
/// A tag is never published twice with another image. Prints the reference with its digest.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug publish out/stick.iso oci://registry.example.com/images/stick:2026.11\n  \
    isoplug publish out/stick.iso oci-layout:/media/usb#images.example/stick:1")]
pub(crate) struct Args {
    /// The ISO; what is published with it lies beside it
    iso: PathBuf,
    /// The repository and the tag
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

const ISO: &str = "application/x-iso9660-image";

/// What belongs to an ISO: how the file's name ends, and its media type.
const FILES: [(&str, &str); 3] =
    [("lock", "application/toml"), ("packages", "text/plain"), ("sha256", "text/plain")];

/// What tells of an ISO.
const PAPERS: [(&str, &str); 9] = [
    ("spdx.json", "application/spdx+json"),
    ("cdx.json", "application/vnd.cyclonedx+json"),
    ("provenance.json", "application/vnd.isoplug.provenance.v1+json"),
    ("licences.json", "application/vnd.isoplug.licences.v1+json"),
    ("sources.json", "application/vnd.isoplug.sources.v1+json"),
    ("openvex.json", "application/vnd.openvex+json"),
    ("intoto.jsonl", "application/vnd.in-toto.bundle"),
    ("sigstore.json", "application/vnd.dev.sigstore.bundle.v0.3+json"),
    ("minisig", "application/vnd.isoplug.minisign"),
];

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let reference: Reference = args.reference.parse()?;
    if let (Some(why), Place::Registry { .. }) = (session.offline(), &reference.place) {
        let message = format!("cannot publish to {}: {why}", args.reference);
        return Err(Failure::new(Exit::Manifest, message)
            .hint("a folder takes images, too: oci-layout:/folder#NAME:TAG"));
    }
    check(&args.iso)?;
    let iso = ImageFile { path: args.iso.clone(), media_type: ISO.to_owned() };
    let mut files = vec![iso];
    files.extend(beside(&args.iso, &FILES));
    let annotations = annotations(&args.iso);
    let papers = beside(&args.iso, &PAPERS);
    let registries = Settings::read(session)?.registries(session)?;
    let what = ImagePublication { reference: &reference, files, papers, annotations };
    let published = publish_image(&registries, &what)?;
    if published.was_there {
        session.note("the same was published before");
    }
    session.out(&published.reference.to_string());
    Ok(Exit::Done)
}

/// Compares the ISO with the checksum beside it: what changed since it was built is not published by mistake.
fn check(iso: &Path) -> Result<(), Failure> {
    let unreadable = |error: &std::io::Error| {
        Failure::new(Exit::Manifest, format!("cannot read {}", iso.display())).because(error)
    };
    let found = File::open(iso).and_then(|file| Digest::of_file(&file));
    let found = found.map_err(|error| unreadable(&error))?;
    let sum = with(iso, "sha256");
    let said = fs::read_to_string(&sum).unwrap_or_default();
    let said = said.split(' ').next().unwrap_or_default();
    if !said.is_empty() && said != found.hex() {
        let message = format!("{} is not what {} says", iso.display(), sum.display());
        return Err(Failure::new(Exit::NotAsSaid, message).hint("build the image again"));
    }
    Ok(())
}

fn beside(iso: &Path, kinds: &[(&str, &str)]) -> Vec<ImageFile> {
    let file = |(suffix, media_type): &(&str, &str)| ImageFile {
        path: with(iso, suffix),
        media_type: (*media_type).to_owned(),
    };
    kinds.iter().map(file).filter(|file| file.path.is_file()).collect()
}

fn with(iso: &Path, suffix: &str) -> PathBuf {
    let name = iso.file_name().unwrap_or_default().to_string_lossy();
    iso.with_file_name(format!("{name}.{suffix}"))
}

/// Returns remarks that every client shows: name, version and time of the image, as its bill has them.
fn annotations(iso: &Path) -> BTreeMap<String, String> {
    let bill = fs::read(with(iso, "cdx.json")).unwrap_or_default();
    let bill: Json = serde_json::from_slice(&bill).unwrap_or_default();
    let (metadata, component) = (&bill["metadata"], &bill["metadata"]["component"]);
    let known = [
        ("title", &component["name"]),
        ("version", &component["version"]),
        ("created", &metadata["timestamp"]),
    ];
    let named = known.into_iter().filter_map(|(name, value)| {
        let value = value.as_str().filter(|value| !value.is_empty())?;
        Some((format!("org.opencontainers.image.{name}"), value.to_owned()))
    });
    named.collect()
}
