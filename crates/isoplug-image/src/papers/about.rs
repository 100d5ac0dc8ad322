//! What is known of an image from its manifest and its lock, for what lies beside it.
//!
//! Nothing here depends on where a folder lies or when something was made.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_engine::Digest;
use isoplug_manifest::System;
use isoplug_manifest::lock::{Lock, LockedImage, LockedPackage};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// What is known of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version; empty if it has none.
    pub version: String,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Its profile.
    pub profile: String,
    /// Its architecture, in Debian's words.
    pub arch: String,
    /// The variables of the manifest that are not what they are by default.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variant: BTreeMap<String, String>,
    /// The files that the manifest was read from, without their folders, each with the SHA-256 of its text.
    pub manifest: Vec<(String, String)>,
    /// The Release files that its packages were chosen from.
    pub releases: Vec<Release>,
    /// The SHA-256 of the list of its packages.
    pub packages: String,
    /// The version of isoplug, and the commit that it was made of.
    pub tool: (String, String),
}

/// A Release file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Release {
    /// The archive.
    pub archive: String,
    /// The suite.
    pub suite: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// The fingerprints of the keys that signed it.
    pub signers: Vec<String>,
}

impl About {
    /// Takes what is known of a profile.
    #[must_use]
    pub fn of(system: &System, lock: &Lock, locked: &LockedImage) -> Self {
        Self {
            name: system.image.name.clone(),
            version: system.image.version.clone().unwrap_or_default(),
            publisher: system.image.publisher.clone(),
            profile: system.profile.clone(),
            arch: system.arch.clone(),
            variant: system.variant.clone(),
            manifest: manifest(system),
            releases: releases(lock, locked),
            packages: packages(locked),
            tool: tool(),
        }
    }
}

/// Returns the Release files of the archives that packages are of, sorted.
fn releases(lock: &Lock, locked: &LockedImage) -> Vec<Release> {
    let used = |name: &String| locked.packages().any(|package| package.source == *name);
    let all = lock.sources.values().flat_map(|source| &source.releases);
    let all = all.filter(|release| used(&release.archive)).map(|release| Release {
        archive: release.archive.clone(),
        suite: release.suite.clone(),
        sha256: release.sha256.clone(),
        signers: release.signers.clone(),
    });
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

impl About {
    /// Returns what the medium itself says of the image. Neither the program nor the whole lock is in it: both would
    /// change the bytes of images whose content did not change.
    #[must_use]
    pub fn card(&self, epoch: u64) -> String {
        let Self { name, version, profile, arch, packages, .. } = self;
        let version = if version.is_empty() { Json::Null } else { version.as_str().into() };
        let card = json!({
            "schema": 1,
            "name": name,
            "version": version,
            "profile": profile,
            "architecture": arch,
            "epoch": epoch,
            "packages": { "sha256": packages },
        });
        format!("{card:#}\n")
    }
}

/// Returns isoplug's version and the commit that it was made of, if whoever compiled it said so.
#[must_use]
pub fn tool() -> (String, String) {
    let commit = option_env!("ISOPLUG_COMMIT").unwrap_or_default();
    (env!("CARGO_PKG_VERSION").to_owned(), commit.to_owned())
}

/// Built-in profiles are the program's own, and no files.
fn manifest(system: &System) -> Vec<(String, String)> {
    let files = system.texts.all().filter(|text| text.name.ends_with(".toml"));
    let named = files.map(|text| {
        let name = text.name.rsplit('/').next().unwrap_or(&text.name).to_owned();
        (name, Digest::of(text.content.as_bytes()).hex())
    });
    let mut all: Vec<_> = named.collect();
    all.sort();
    all.dedup();
    all
}

/// What was asked for is not in it: another wish that gives the same packages makes no other image.
fn packages(locked: &LockedImage) -> String {
    let line = |kind: &str, package: &LockedPackage| {
        let LockedPackage { name, version, architecture, sha256, .. } = package;
        format!("{kind} {name} {version} {architecture} {sha256}\n")
    };
    let mut text = String::new();
    for (index, group) in locked.groups.iter().enumerate() {
        text.extend(group.iter().map(|package| line(&index.to_string(), package)));
    }
    text.extend(locked.boot.iter().map(|package| line("boot", package)));
    text.extend(locked.drivers.iter().map(|package| line("drivers", package)));
    text.extend(locked.offline.iter().map(|package| line("offline", package)));
    Digest::of(text.as_bytes()).hex()
}
