//! Publishes a version of a plugin: checks that it is fit, stores it, signs it, lists it.
//!
//! Publishing the same bytes again completes what an earlier attempt left half done.

use std::collections::BTreeMap;

use isoplug_engine::Digest;
use semver::Version;

use super::compatible::breaks;
use super::error::Error;
use super::http::Registries;
use super::index::{index_reference, list};
use super::keys::SecretKey;
use super::oci::to_json;
use super::reference::Reference;
use super::release::{Description, Kind, Made, Release, make, tag_of_version};
use super::resolve::versions;
use super::signature::sign_release;
use super::statement::Statement;
use super::transport::{At, COMPONENT_LIMIT, Transport, must, put_artifact};

/// What to publish.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// Where; its tag, if it has one, must be the version.
    pub reference: &'a Reference,
    /// What it is.
    pub kind: Kind,
    /// The component, or the archive of a module.
    pub component: &'a [u8],
    /// What its `describe` returns.
    pub describe: &'a str,
    /// The time to write into it, in seconds since 1970.
    pub epoch: u64,
    /// The key to sign with; unsigned without.
    pub key: Option<&'a SecretKey>,
    /// Whether to add it to the index beside it.
    pub list: bool,
}

/// What was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Where, with version and digest.
    pub reference: Reference,
    /// The release.
    pub release: Release,
    /// What was signed.
    pub statement: Option<Statement>,
    /// Where it is listed.
    pub index: Option<Reference>,
    /// Whether the same version with the same bytes was there before.
    pub was_there: bool,
}

/// Publishes a plugin.
///
/// # Errors
///
/// [`Error::Unfit`] with everything that is wrong with it; else as the registry answers.
pub fn publish(registries: &Registries, what: &Publication<'_>) -> Result<Published, Error> {
    let (description, made) = prepare(what)?;
    let name = what.reference.name().ok_or_else(|| nameless(what.reference))?;
    let to = registries.open_origin(what.reference)?;
    let versions = versions(to.as_ref())?;
    let previous = previous(to.as_ref(), &versions, &description.version)?;
    check_options(&description, previous.as_ref())?;
    let known = versions.get(&description.version);
    let tag = known.cloned().unwrap_or_else(|| tag_of_version(&description.version));
    if known.is_none() {
        put_artifact(to.as_ref(), Some(&tag), &made.manifest, &[&made.config, what.component])?;
    }
    let release = released(to.as_ref(), &tag, &description, &made)?;
    let previous = previous.map(|previous| previous.manifest);
    let sign = |key| sign_release(to.as_ref(), &name, &release, previous, key);
    let statement = what.key.map(sign).transpose()?;
    let index = add_to_index(registries, what, &name, &release)?;
    let digest = Some(release.manifest);
    let reference = Reference { digest, ..what.reference.tagged(&tag) };
    Ok(Published { reference, release, statement, index, was_there: known.is_some() })
}

/// Returns what is there now: it was there before, or someone else may have published the same version meanwhile.
fn released(
    to: &dyn Transport,
    tag: &str,
    description: &Description,
    made: &Made,
) -> Result<Release, Error> {
    let there = must(to, At::Tag(tag))?;
    check_same(description, there.digest, Digest::of(&to_json(&made.manifest)))?;
    Release::read(&there, &to.place(), At::Tag(tag))
}

/// Returns the newest version before this one.
fn previous(
    to: &dyn Transport,
    versions: &BTreeMap<Version, String>,
    version: &Version,
) -> Result<Option<Release>, Error> {
    let earlier = versions.range(..version).next_back();
    earlier.map(|(_, tag)| Release::fetch(to, At::Tag(tag))).transpose()
}

fn add_to_index(
    registries: &Registries,
    what: &Publication<'_>,
    name: &str,
    release: &Release,
) -> Result<Option<Reference>, Error> {
    let Some(index) = index_reference(what.reference).filter(|_| what.list) else {
        return Ok(None);
    };
    list(registries.open_origin(&index)?.as_ref(), name, release, what.key)?;
    Ok(Some(index))
}

fn nameless(reference: &Reference) -> Error {
    let why = "say under which name to publish, as in oci-layout:/folder#ghcr.io/acme/hardening";
    Error::Reference { text: reference.to_string(), why: why.to_owned() }
}

/// Checks what can be checked without a registry.
fn prepare(what: &Publication<'_>) -> Result<(Description, Made), Error> {
    let unfit = |name: &str, why: String| Error::Unfit { name: name.to_owned(), why };
    let description = Description::read(what.describe)
        .map_err(|why| unfit("the plugin", format!("what describe returns is wrong: {why}")))?;
    let name = format!("{} {}", description.id, description.version);
    let wrong = mistakes(what, &description);
    if !wrong.is_empty() {
        return Err(unfit(&name, wrong.join("; ")));
    }
    let made = make(what.kind, what.component, &description, what.epoch)
        .map_err(|why| unfit(&name, why))?;
    Ok((description, made))
}

fn mistakes(what: &Publication<'_>, description: &Description) -> Vec<String> {
    let Description { id, licence, summary, version, .. } = description;
    let is_line = !summary.trim().is_empty() && !summary.contains('\n');
    let stated = [
        ("id", !id.trim().is_empty()),
        ("licence", !licence.trim().is_empty()),
        ("summary of one line", is_line),
    ];
    let unstated = stated.iter().filter(|(_, is_stated)| !is_stated);
    let mut wrong: Vec<String> =
        unstated.map(|(field, _)| format!("describe states no {field}")).collect();
    if let Some(tag) = &what.reference.tag
        && super::release::version_of_tag(tag).as_ref() != Some(version)
    {
        wrong.push(format!("the tag is {tag}, but describe says version {version}"));
    }
    if what.reference.digest.is_some() {
        wrong.push("a digest cannot be chosen".to_owned());
    }
    wrong.extend(too_large(what.component));
    wrong
}

fn too_large(component: &[u8]) -> Option<String> {
    let size = component.len();
    (size as u64 > COMPONENT_LIMIT)
        .then(|| format!("the component has {size} bytes, at most {COMPONENT_LIMIT} are accepted"))
}

fn check_same(description: &Description, there: Digest, ours: Digest) -> Result<(), Error> {
    match there == ours {
        true => Ok(()),
        false => Err(Error::Unfit {
            name: format!("{} {}", description.id, description.version),
            why: format!(
                "this version is published already with other contents ({there}): raise the version"
            ),
        }),
    }
}

/// A manifest that is right for one version is right for the next, unless the first number that
/// is not 0 was raised.
fn check_options(description: &Description, previous: Option<&Release>) -> Result<(), Error> {
    let Some(before) = previous.and_then(|release| release.description.as_ref()) else {
        return Ok(());
    };
    if !is_compatible(&before.version, &description.version) {
        return Ok(());
    }
    let found = breaks(&before.options, &description.options);
    let list: Vec<String> = found.iter().map(ToString::to_string).collect();
    match list.is_empty() {
        true => Ok(()),
        false => Err(Error::Unfit {
            name: format!("{} {}", description.id, description.version),
            why: format!(
                "manifests that are right for {} would be wrong: {}; raise the {} version",
                before.version,
                list.join("; "),
                if before.version.major == 0 { "minor" } else { "major" }
            ),
        }),
    }
}

fn is_compatible(before: &Version, after: &Version) -> bool {
    semver::VersionReq::parse(&format!("^{before}"))
        .is_ok_and(|requirement| requirement.matches(after))
}
