//! What an image is, on one page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::image::Image;
use crate::look::owners::Owners;
use crate::look::sizes::{self, Size};
use crate::squashfs::{Kind, Node, codec};

use super::page::{Page, Section, human};
use super::parts::{self, Part};

/// What may lie beside an image, by the ending of its name.
const BESIDE: [&str; 12] = [
    ".sha256",
    ".packages",
    ".lock",
    ".spdx.json",
    ".cdx.json",
    ".provenance.json",
    ".intoto.jsonl",
    ".sigstore.json",
    ".minisig",
    ".licences.json",
    ".sources.json",
    ".openvex.json",
];

/// How many packages are shown by size.
const LARGEST: usize = 10;

/// Returns the page of an image, or of one part of it.
#[must_use]
pub fn page(image: &Image, part: Option<Part>) -> Page {
    let sections = part.map_or_else(|| sections(image), |part| parts::sections(image, part));
    let unread = Section::plain("Not read", image.unread.clone());
    let title = format!("{}, {}", image.file_name(), human(image.medium.span.size()));
    Page { title, sections: sections.into_iter().chain([unread]).collect(), ..Page::default() }
}

/// Returns all of it, or one part, for machines.
#[must_use]
pub fn json(image: &Image, part: Option<Part>) -> Value {
    let mut all = json!({
        "schema": 1, "kind": "inspect", "unread": image.unread,
        "image": { "name": image.file_name(), "bytes": image.medium.span.size() },
    });
    let most = [Part::Packages, Part::Menu, Part::Units, Part::Users, Part::Boot];
    for part in part.map_or_else(|| most.to_vec(), |part| vec![part]) {
        let (name, value) = parts::json(image, part);
        all[name] = value;
    }
    if part.is_none() {
        add_rest(image, &mut all);
    }
    all
}

fn add_rest(image: &Image, all: &mut Value) {
    let owners = image.owners();
    let rights = rights(image).into_iter();
    all["volume"] = json!(image.medium.volume);
    all["system"] = json!(image.system);
    all["card"] = json!(card(image));
    all["root"] = root_json(image);
    all["rights"] = rights.map(|(path, what)| json!({"path": path, "rights": what})).collect();
    all["of-no-package"] =
        of_nobody(image, &owners).map(|node| format!("/{}", node.path)).collect();
    all["sizes"] = json!(sizes::sizes(&image.root, &owners).unwrap_or_default());
    all["beside"] = json!(beside(image));
}

/// Returns what the image says of itself in `/.isoplug/image.json`.
#[must_use]
pub fn card(image: &Image) -> Option<Value> {
    serde_json::from_str(&image.medium.text(".isoplug/image.json")?).ok()
}

fn sections(image: &Image) -> Vec<Section> {
    let owners = image.owners();
    let mut sections = vec![what_it_is(image), system(image)];
    sections.extend(parts::boot(image));
    sections.push(parts::menu(image));
    sections.push(layers(image));
    sections.push(largest(&sizes::sizes(&image.root, &owners).unwrap_or_default()));
    sections.push(users(image));
    let enabled =
        image.units.iter().filter(|unit| unit.state == "enabled").map(|unit| unit.name.clone());
    let mut enabled: Vec<String> = enabled.collect();
    enabled.dedup();
    let rights = rights(image).into_iter().map(|(path, what)| vec![what, path]).collect();
    sections
        .push(Section::facts("Units that start by themselves", &[("enabled", enabled.join(" "))]));
    sections.push(Section::table("Files that give rights", &[], rights));
    sections
}

fn what_it_is(image: &Image) -> Section {
    let volume = &image.medium.volume;
    let card = card(image).unwrap_or_default();
    let words = ["name", "version", "profile", "architecture"];
    let words = words.map(|name| card[name].as_str().unwrap_or_default());
    let facts = [
        ("is", words.join(" ").trim().to_owned()),
        ("volume id", volume.id.clone()),
        ("date", volume.modified.get(..12).unwrap_or_default().to_owned()),
        ("written by", [&volume.application[..], &volume.preparer].join(" ").trim().to_owned()),
        ("names", names(image)),
        ("beside it", beside(image).join(" ")),
    ];
    Section::facts("Image", &facts)
}

fn names(image: &Image) -> String {
    let volume = &image.medium.volume;
    let kinds = [
        ("Rock Ridge", volume.rock_ridge),
        ("Joliet", volume.joliet),
        ("isomd5sum", volume.media_check),
    ];
    kinds.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn beside(image: &Image) -> Vec<String> {
    let name = image.file_name();
    let is_there = |ending: &&&str| image.path.with_file_name(format!("{name}{ending}")).is_file();
    let mut found: Vec<String> =
        BESIDE.iter().filter(is_there).map(|ending| (*ending).to_owned()).collect();
    if image.path.with_file_name("SHA256SUMS").is_file() {
        found.push("SHA256SUMS".to_owned());
    }
    found
}

fn system(image: &Image) -> Section {
    let (system, owners) = (&image.system, image.owners());
    let files = image.root.nodes().filter(|node| matches!(node.kind, Kind::File(_))).count();
    let foreign = of_nobody(image, &owners).count();
    let installed: u64 = image.packages.iter().map(|package| package.installed_kib * 1024).sum();
    let packages = format!("{}, {} by their own word", image.packages.len(), human(installed));
    let files_told = format!("{files}, {foreign} of no package");
    let facts = [
        ("distribution", system.name.clone()),
        ("host name", system.hostname.clone()),
        ("starts", system.target.clone()),
        ("packages", if image.packages.is_empty() { String::new() } else { packages }),
        ("files", if files == 0 { String::new() } else { files_told }),
    ];
    Section::facts("System", &facts)
}

/// Returns the files that no package has and dpkg does not keep.
pub(super) fn of_nobody<'a>(
    image: &'a Image,
    owners: &'a Owners,
) -> impl Iterator<Item = &'a Node> {
    image.root.nodes().filter(|node| node.kind != Kind::Folder && owners.of(&node.path).is_none())
}

fn layers(image: &Image) -> Section {
    let rows = image.root.layers.iter().map(|(path, layer)| {
        let what =
            format!("{}, blocks of {}", codec::name(layer.codec), human(layer.block_size.into()));
        vec![format!("/{path}"), human(layer.size()), what]
    });
    Section::table("Root filesystem", &["squashfs", "size", "compression"], rows.collect())
}

fn root_json(image: &Image) -> Value {
    let layers = image.root.layers.iter().map(|(path, layer)| {
        json!({ "path": path, "bytes": layer.size(), "codec": codec::name(layer.codec),
            "block-size": layer.block_size, "inodes": layer.inodes })
    });
    json!({ "layers": layers.collect::<Vec<_>>(), "names": image.root.nodes().count() })
}

fn largest(sizes: &BTreeMap<String, Size>) -> Section {
    let mut sizes: Vec<_> = sizes.iter().collect();
    sizes.sort_by_key(|(name, size)| (std::cmp::Reverse(size.stored), (*name).clone()));
    let rows = sizes.iter().take(LARGEST).map(|(name, size)| {
        vec![human(size.stored), human(size.bytes), size.files.to_string(), (*name).clone()]
    });
    Section::table(
        "Largest on the medium",
        &["packed", "unpacked", "files", "package"],
        rows.collect(),
    )
}

fn users(image: &Image) -> Section {
    let users = image.users.iter().filter(|user| user.can_log_in());
    let rows = users.map(|user| {
        let sudo = if user.sudo == "no" { String::new() } else { format!("sudo: {}", user.sudo) };
        let keys =
            if user.ssh_keys == 0 { String::new() } else { format!("{} SSH keys", user.ssh_keys) };
        vec![user.name.clone(), format!("password: {}", user.password), sudo, keys]
    });
    Section::table("Who can log in", &[], rows.collect())
}

/// Returns files that run with rights other than the caller's.
fn rights(image: &Image) -> Vec<(String, String)> {
    let files = image.root.nodes().filter(|node| matches!(node.kind, Kind::File(_)));
    let found = files.filter_map(|node| {
        let set = match node.mode & 0o6000 {
            0 => "",
            0o4000 => "setuid",
            0o2000 => "setgid",
            _ => "setuid setgid",
        };
        let has_capability = image.root.xattrs(node).contains_key("security.capability");
        let what = if has_capability {
            format!("{set} capability").trim().to_owned()
        } else {
            set.to_owned()
        };
        (!what.is_empty()).then(|| (format!("/{}", node.path), what))
    });
    found.collect()
}
