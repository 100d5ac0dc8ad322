//! One subject of an image in full: packages, files, menu, units, users, how it boots.

use serde_json::{Value, json};

use crate::bytes::hex;
use crate::image::Image;
use crate::iso::boot::Boot;
use crate::look::owners::Owners;
use crate::squashfs::{Kind, Node};

use super::page::{Section, human};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The packages that are installed.
    Packages,
    /// All files of the root filesystem.
    Files,
    /// The entries of boot menus.
    Menu,
    /// The units that start by themselves.
    Units,
    /// The users.
    Users,
    /// How it boots.
    Boot,
}

/// Returns the sections of one part.
#[must_use]
pub fn sections(image: &Image, part: Part) -> Vec<Section> {
    match part {
        Part::Packages => vec![packages(image)],
        Part::Files => vec![files(image)],
        Part::Menu => vec![menu_in_full(image)],
        Part::Units => vec![units(image)],
        Part::Users => vec![users(image)],
        Part::Boot => boot(image),
    }
}

/// Returns one part for machines.
#[must_use]
pub fn json(image: &Image, part: Part) -> (&'static str, Value) {
    match part {
        Part::Packages => ("packages", json!(image.packages)),
        Part::Files => ("files", files_json(image)),
        Part::Menu => ("menu", json!(image.menu)),
        Part::Units => ("units", json!(image.units)),
        Part::Users => ("users", json!(image.users)),
        Part::Boot => ("boot", boot_json(image)),
    }
}

fn packages(image: &Image) -> Section {
    let rows = image.packages.iter().map(|it| {
        let size = human(it.installed_kib * 1024);
        vec![it.name.clone(), it.architecture.clone(), size, it.section.clone(), it.version.clone()]
    });
    Section::table("Packages", &["name", "arch", "size", "section", "version"], rows.collect())
}

/// Returns how `ls` writes what a name stands for and its permissions.
#[must_use]
pub fn mode(node: &Node) -> String {
    let kind = match node.kind {
        Kind::Folder => 'd',
        Kind::File(_) => '-',
        Kind::Link(_) => 'l',
        Kind::Block(_) => 'b',
        Kind::Character(_) => 'c',
        Kind::Pipe => 'p',
        Kind::Socket => 's',
    };
    format!("{kind}{:04o}", node.mode)
}

fn files(image: &Image) -> Section {
    let owners = image.owners();
    let rows = image.root.nodes().map(|node| {
        let size = if let Kind::File(size) = node.kind { size } else { 0 };
        let mut path = format!("/{}", node.path);
        if let Kind::Link(target) = &node.kind {
            path += &format!(" -> {}", String::from_utf8_lossy(target));
        }
        for (name, _) in image.root.xattrs(node) {
            path += &format!(" [{name}]");
        }
        let ids = format!("{}:{}", node.uid, node.gid);
        vec![
            mode(node),
            ids,
            size.to_string(),
            owners.of(&node.path).unwrap_or("-").to_owned(),
            path,
        ]
    });
    Section::table("Files", &["mode", "owner", "bytes", "package", "path"], rows.collect())
}

fn files_json(image: &Image) -> Value {
    let owners = image.owners();
    image.root.nodes().map(|node| file_json(image, &owners, node)).collect()
}

fn file_json(image: &Image, owners: &Owners, node: &Node) -> Value {
    let xattrs = image.root.xattrs(node).into_iter();
    let xattrs: serde_json::Map<String, Value> =
        xattrs.map(|(name, value)| (name, hex(&value).into())).collect();
    let (kind, size, target) = match &node.kind {
        Kind::Folder => ("folder", None, None),
        Kind::File(size) => ("file", Some(size), None),
        Kind::Link(target) => ("link", None, Some(String::from_utf8_lossy(target))),
        Kind::Block(_) => ("block device", None, None),
        Kind::Character(_) => ("character device", None, None),
        Kind::Pipe => ("pipe", None, None),
        Kind::Socket => ("socket", None, None),
    };
    json!({
        "path": format!("/{}", node.path), "kind": kind, "mode": format!("{:04o}", node.mode),
        "uid": node.uid, "gid": node.gid, "mtime": node.mtime, "bytes": size, "target": target,
        "links": node.links, "xattrs": xattrs, "package": owners.of(&node.path),
    })
}

pub(super) fn menu(image: &Image) -> Section {
    let rows = image.menu.iter().map(|entry| {
        let line = [&entry.kernel, " ", &entry.parameters.join(" ")].concat();
        vec![entry.title.clone(), line.trim().to_owned()]
    });
    Section::table("Menu", &["entry", "kernel and its parameters"], rows.collect())
}

/// A line of a boot loader stays one line: whoever looks at it in full searches it, or copies it.
fn menu_in_full(image: &Image) -> Section {
    let mut lines = Vec::new();
    for entry in &image.menu {
        let kernel = [&entry.kernel, " ", &entry.parameters.join(" ")].concat();
        lines.push(format!("{} ({})", entry.title, entry.file));
        lines.push(format!("    {}", kernel.trim()));
        lines.extend(entry.initrds.iter().map(|path| format!("    initrd {path}")));
    }
    Section::plain("Menu", lines)
}

fn units(image: &Image) -> Section {
    let rows =
        image.units.iter().map(|unit| vec![unit.name.clone(), unit.state.into(), unit.by.clone()]);
    Section::table("Units", &["unit", "state", "started by"], rows.collect())
}

fn users(image: &Image) -> Section {
    let rows = image.users.iter().map(|user| {
        let (uid, keys) = (user.uid.to_string(), user.ssh_keys.to_string());
        let groups = user.groups.join(",");
        vec![
            user.name.clone(),
            uid,
            user.password.into(),
            user.sudo.into(),
            keys,
            user.shell.clone(),
            groups,
        ]
    });
    let head = ["user", "uid", "password", "sudo", "ssh keys", "shell", "groups"];
    Section::table("Users", &head, rows.collect())
}

pub(super) fn boot(image: &Image) -> Vec<Section> {
    let esp = image.esp.iter().flat_map(|(_, files)| files);
    let esp = esp.map(|file| vec![human(file.bytes), format!("/{}", file.path)]);
    let loaded = image.loaded.iter().map(|it| {
        vec![it.role.to_owned(), human(it.bytes), format!("/{}", it.path), it.what.clone()]
    });
    let of_loaded = ["what", "size", "file", "version, compression"];
    vec![
        Section::table("Boots by", &["what", "for", "size", "where"], tables(&image.medium.boot)),
        Section::table("EFI System Partition", &["size", "file"], esp.collect()),
        Section::table("Kernels and initrds", &of_loaded, loaded.collect()),
    ]
}

fn tables(boot: &Boot) -> Vec<Vec<String>> {
    let code = ["MBR", "code for a BIOS", "440 B", ""].map(str::to_owned).to_vec();
    let code = Some(code).filter(|_| boot.mbr_code);
    let images = boot.images.iter().map(|it| {
        let place = || format!("at byte {}", it.at);
        let file = it.file.as_ref().map_or_else(place, |file| format!("/{file}"));
        vec!["El Torito".to_owned(), it.platform.clone(), human(it.bytes), file]
    });
    let partitions = boot.partitions.iter().map(|it| {
        let both = format!("{} ({})", it.name, it.kind);
        let name = if it.name.is_empty() { it.kind.clone() } else { both };
        vec![it.table.to_uppercase(), "partition".to_owned(), human(it.bytes), name]
    });
    code.into_iter().chain(images).chain(partitions).collect()
}

pub(super) fn boot_json(image: &Image) -> Value {
    let esp = image.esp.as_ref().map(|(_, files)| files);
    json!({ "tables": image.medium.boot, "esp": esp, "loaded": image.loaded })
}
