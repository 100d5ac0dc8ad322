//! Makes the layers of a resolved set as a build does: fetch, base, packages.

use std::fs::File;
use std::path::Path;
use std::slice;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use isoplug_engine::{Artifact, Digest, Graph, Keep, Options, Store, run};
use isoplug_fetch::{Authorities, Downloader, Patience, Unwatched};
use isoplug_formats::tree::Tree;
use isoplug_formats::tree::pack::Packs;
use isoplug_image::stages::base::Base;
use isoplug_image::stages::fetch::{Fetch, Places};
use isoplug_image::stages::layer::Round;
use isoplug_image::stages::packages::Packages;
use isoplug_manifest::lock::{LockedImage, LockedPackage};
use isoplug_manifest::manifest;
use isoplug_packages::apt::AptSource;
use isoplug_packages::mirrors::MirrorList;
use isoplug_packages::{Access, Allow, Index, Mirrors};

/// A store, and the archive from which it is filled.
pub struct Layers {
    /// The store.
    pub store: Store,
    /// What the archive has, verified.
    pub indices: Vec<Index>,
    mirrors: MirrorList,
    epoch: u32,
}

/// A system: its tree and the bytes of its files.
pub struct Made {
    /// The entries.
    pub tree: Tree,
    /// What they hold.
    pub packs: Packs,
}

impl Layers {
    /// Opens a store and reads trixie with its updates, besides other sources, which may have packages of i386.
    pub fn new(store: &Path, others: Vec<AptSource>) -> Result<Self> {
        let store = Store::open(store)?;
        let debian = debian()?;
        let authorities = Authorities::default();
        let access = Access {
            downloader: &Downloader::new(4, Patience::default(), &authorities)?,
            cache: store.cache_dir("indices")?,
            now: now(),
            offline: false,
            architecture: "amd64".to_owned(),
            foreign: Vec::new(),
            others: Vec::new(),
            allow: Allow::default(),
            watch: &Unwatched,
        };
        let first = refreshed(slice::from_ref(&debian), &access)?;
        let both = Access { foreign: vec![OTHER.to_owned()], ..access };
        let more = refreshed(&others, &both)?;
        let (indices, epoch) = ([first.0, more.0].concat(), first.1.max(more.1));
        let mirrors = [debian].iter().chain(&others).flat_map(AptSource::mirror_list).collect();
        Ok(Self { store, indices, mirrors, epoch: u32::try_from(epoch)? })
    }

    /// Returns the time of all files of the layers, in seconds since 1970.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Loads the packages of all groups.
    ///
    /// # Errors
    /// Those of the stage.
    pub fn fetch(&self, locked: &LockedImage) -> Result<()> {
        let mut graph = Graph::new();
        let fetch = |(index, packages): (usize, &Vec<LockedPackage>)| {
            let (group, packages) = (index.to_string(), packages.clone());
            graph.add(Fetch { group, packages, places: self.places() }).debs.id()
        };
        let wanted: Vec<_> = locked.groups.iter().enumerate().map(fetch).collect();
        run(&graph, &wanted, &self.store, &Options::default())?;
        Ok(())
    }

    /// Makes the layers of all groups and returns the last.
    ///
    /// # Errors
    /// Those of the stages; [`isoplug_engine::Error`] is among the causes.
    pub fn make(&self, locked: &LockedImage) -> Result<Made> {
        let (mut graph, epoch, arch) = (Graph::new(), self.epoch, "amd64".to_owned());
        let mut layer = None;
        for (index, packages) in locked.groups.iter().enumerate() {
            let foreign = others_of(packages);
            let (group, packages, places) = (index.to_string(), packages.clone(), self.places());
            let debs = graph.add(Fetch { group, packages, places }).debs;
            let (arch, answers, round) = (arch.clone(), Vec::new(), Round::First);
            layer = Some(match layer {
                None => graph.add(Base { debs, answers, arch, epoch, round }).tree,
                Some(parent) => {
                    let over = over(parent, debs, index, arch, epoch);
                    graph.add(Packages { foreign, ..over }).tree
                }
            });
        }
        self.read(layer.context("a group")?, &graph)
    }

    fn read(&self, layer: Artifact<isoplug_engine::Tree>, graph: &Graph) -> Result<Made> {
        let made = run(graph, &[layer.id()], &self.store, &Options::default())?;
        let output = made.output(layer).context("the layer was made")?;
        let tree = Tree::from_bytes(&std::fs::read(self.store.blob_path(&output.digest))?)?;
        let open = |id: &[u8; 32]| File::open(self.store.blob_path(&Digest::from_bytes(*id)));
        let packs = Packs::open(&tree, open)?;
        Ok(Made { tree, packs })
    }

    fn places(&self) -> Places {
        Places { mirrors: self.mirrors.clone(), ..Places::default() }
    }

    /// Removes what was not used for longest, until the store is small again.
    pub fn collect(&self) -> Result<()> {
        let keep = Keep { bytes: Some(12_000_000_000), ..Keep::default() };
        self.store.gc(keep)?;
        Ok(())
    }
}

/// What came of something, and how long it took.
pub struct Timed<T> {
    /// What came.
    pub value: T,
    /// How long it took.
    pub time: Duration,
}

/// Does something and measures how long it takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> Timed<T> {
    let begin = Instant::now();
    let value = work();
    Timed { value, time: begin.elapsed() }
}

#[expect(clippy::disallowed_methods, reason = "validity of signatures is about now")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

/// Returns what the sources have, and the newest date among them.
fn refreshed(sources: &[AptSource], access: &Access<'_>) -> Result<(Vec<Index>, u64)> {
    let (mut indices, mut epoch) = (Vec::new(), 0);
    for source in sources {
        let snapshot = source.refresh(None, access)?;
        let dates = snapshot.locked.releases.iter().map(|release| release.date);
        epoch = dates.fold(epoch, u64::max);
        indices.extend(snapshot.indices);
    }
    Ok((indices, epoch))
}

#[expect(clippy::disallowed_methods, reason = "the mirror that a person names")]
fn debian() -> Result<AptSource> {
    let mirrors = Mirrors::new(std::env::var("ISOPLUG_MIRROR").ok()).with_host_configuration();
    Ok(AptSource::new("debian", &manifest::Source::default(), None, &mirrors)?)
}

/// The other architecture that packages may be of.
const OTHER: &str = "i386";

/// Returns the other architectures of packages.
fn others_of(packages: &[LockedPackage]) -> Vec<String> {
    let has = packages.iter().any(|package| &*package.architecture == OTHER);
    has.then(|| OTHER.to_owned()).into_iter().collect()
}

/// Returns the stage that installs a group over a layer.
fn over(
    parent: Artifact<isoplug_engine::Tree>,
    debs: Artifact<isoplug_engine::Blob>,
    index: usize,
    arch: String,
    epoch: u32,
) -> Packages {
    let (answers, foreign) = (Vec::new(), Vec::new());
    let (drivers_apart, round) = (false, Round::First);
    Packages { parent, debs, index, answers, foreign, drivers_apart, arch, epoch, round }
}
