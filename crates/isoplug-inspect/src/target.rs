//! The systems that a medium installs: the squashfs of each, by the plan that lies in the live system.

use std::io;

use serde::Deserialize;

use crate::bad;
use crate::image::Image;
use crate::iso::Medium;
use crate::look::packages::{self, Package};
use crate::root::Root;
use crate::squashfs::Squashfs;

/// Where the live system has the plan.
const PLAN: &str = "usr/lib/isoplug/install/plan.json";

/// What the live system is called, as bills of materials call it.
const LIVE: &str = "live";

/// A system that the medium installs.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its root filesystem.
    pub root: Root,
    /// Its packages.
    pub packages: Vec<Package>,
}

/// One of the systems of an image.
#[derive(Debug, Clone, Copy)]
pub struct System<'a> {
    /// `live` or the name of a target; empty where an image has only one system.
    pub name: &'a str,
    /// Its root filesystem.
    pub root: &'a Root,
    /// Its packages.
    pub packages: &'a [Package],
}

impl System<'_> {
    /// Says of which system something is, if there are several.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        if self.name.is_empty() { text.to_owned() } else { format!("{}: {text}", self.name) }
    }
}

/// Returns all systems of an image, the live one first.
#[must_use]
pub fn systems(image: &Image) -> Vec<System<'_>> {
    let name = if image.targets.is_empty() { "" } else { LIVE };
    let live = System { name, root: &image.root, packages: &image.packages };
    let mut all = vec![live];
    for Target { name, root, packages } in &image.targets {
        all.push(System { name, root, packages });
    }
    all
}

/// What of a plan is read: which files a target is laid out from, in their order.
#[derive(Deserialize)]
struct Plan {
    targets: Vec<Planned>,
}

#[derive(Deserialize)]
struct Planned {
    name: String,
    squashfs: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    path: String,
}

/// Reads the systems that a medium installs; none if the live system has no plan.
///
/// # Errors
///
/// When the plan is damaged, or names what is not on the medium or cannot be read.
pub(crate) fn read(medium: &Medium, live: &Root) -> io::Result<Vec<Target>> {
    let Some(text) = live.text(PLAN) else { return Ok(Vec::new()) };
    let plan: Plan =
        serde_json::from_str(&text).map_err(|error| bad(format!("/{PLAN}: {error}")))?;
    plan.targets.into_iter().map(|planned| target(medium, planned)).collect()
}

fn target(medium: &Medium, Planned { name, squashfs }: Planned) -> io::Result<Target> {
    let layer = |Part { path }: Part| {
        let entry = medium.find(&path).filter(|entry| !entry.folder);
        let entry = entry.ok_or_else(|| bad(format!("/{path} of {name} is not on the medium")))?;
        let opened = Squashfs::open(medium.part(entry));
        Ok((path.clone(), opened.map_err(|error| bad(format!("/{path}: {error}")))?))
    };
    let layers = squashfs.into_iter().map(layer).collect::<io::Result<Vec<_>>>()?;
    let root = Root::new(layers)?;
    let packages = packages::read(&root);
    Ok(Target { name, root, packages })
}
