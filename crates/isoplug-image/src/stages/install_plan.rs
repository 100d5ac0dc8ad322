//! Adds the plan of what a medium installs to the live system's own part: with the kernels, the files that each target
//! is made of, and their digests, by which an installer sees a damaged medium before it touches a disk.
//!
//! The own part of the live system is not installed, so that the plan, which is in it, need not know it.

use std::collections::BTreeSet;

use isoplug_engine::{Artifact, Blob, Context, Digest, Key, Slots, Stage, Tree};
use isoplug_formats::tree::pack::PackWriter;
use isoplug_formats::tree::{Entry, Kind};
use isoplug_install_plan::{InstallPlan, Kernel, Layout, PLAN, Squashfs, Target};

use crate::bootable::{Part, Parts};
use crate::stored;

/// Inputs.
pub struct WithPlan {
    /// The live system's own part.
    pub live: Artifact<Tree>,
    /// The plan without files.
    pub plan: InstallPlan,
    /// The version of each target's kernel, as text.
    pub kernels: Vec<Artifact<Blob>>,
    /// What the systems of the medium are made of.
    pub parts: Parts,
    /// The time of the file, in seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The part with the plan.
    pub tree: Artifact<Tree>,
}

impl Stage for WithPlan {
    const NAME: &'static str = "install-plan";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("tree") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { live, plan, kernels, parts, epoch } = self;
        key.artifact("live", *live);
        key.value("plan", plan);
        for kernel in kernels {
            key.artifact("kernel", *kernel);
        }
        parts.key(key);
        for part in &parts.parts {
            key.artifact("tree", part.tree);
        }
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let plan = self.whole(cx)?;
        let faults: Vec<String> = plan.faults().iter().map(ToString::to_string).collect();
        if !faults.is_empty() {
            return Err(Error::Faults(faults));
        }
        plan.targets.iter().try_for_each(has_room)?;
        let text =
            serde_json::to_string_pretty(&plan).map_err(|error| Error::Json(error.to_string()))?;
        self.write(out, format!("{text}\n").as_bytes(), cx)
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An installer would refuse it.
    #[error("the plan of what is installed is wrong:{}", .0.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    Faults(Vec<String>),
    /// A target does not fit.
    #[error(
        "the target `{target}` takes {needs}, and the layout `{layout}` gives the root file system no more than \
         {least} on the smallest disk: raise `root.min` of the layout"
    )]
    Room {
        /// The target.
        target: String,
        /// What it takes, with room to run.
        needs: isoplug_install_plan::Size,
        /// The layout.
        layout: String,
        /// What it gives.
        least: isoplug_install_plan::Size,
    },
    /// It cannot be written down.
    #[error("the plan cannot be written: {0}")]
    Json(String),
    /// The store.
    #[error(transparent)]
    Stored(#[from] stored::Error),
}

impl From<isoplug_engine::Error> for Error {
    fn from(error: isoplug_engine::Error) -> Self {
        Self::Stored(error.into())
    }
}

impl WithPlan {
    /// Returns the plan with what the built medium tells.
    fn whole(&self, cx: &Context) -> Result<InstallPlan, Error> {
        let mut plan = self.plan.clone();
        let there = self.parts.there(cx)?;
        for (index, target) in plan.targets.iter_mut().enumerate() {
            let version = stored::text(self.kernels[index], cx)?;
            let (image, initrd) =
                (format!("boot/vmlinuz-{version}"), format!("boot/initrd.img-{version}"));
            target.kernel = Kernel { version, image, initrd };
            // The target's own part comes last: all its folders are in it as they are to be.
            let mut own: Vec<&&Part> =
                there.iter().filter(|part| part.members.contains(&(index + 1))).collect();
            own.sort_by_key(|part| (part.members.len() == 1, &part.path));
            let squashfs = own.into_iter().map(|part| squashfs(part, cx));
            target.squashfs = squashfs.collect::<Result<_, _>>()?;
        }
        Ok(plan)
    }

    /// Writes the part with the plan in it.
    fn write(&self, out: &Outputs, text: &[u8], cx: &Context) -> Result<(), Error> {
        let blob = cx.create()?;
        let unwritten = || stored::Error::write(blob.path());
        let mut pack = PackWriter::new(blob.file().try_clone().map_err(unwritten())?);
        let pending = pack.append(text).map_err(unwritten())?;
        let (_, id, finished) = pack.finish().map_err(unwritten())?;
        let mut tree = stored::tree(self.live, cx)?;
        let file = Entry::new(Kind::File(finished.content(pending)), 0o644, self.epoch);
        tree.insert(PLAN.trim_start_matches('/').as_bytes(), file);
        let mut packs: BTreeSet<Digest> = stored::refers(self.live, cx)?.into_iter().collect();
        packs.insert(cx.put(blob, Some(Digest::from_bytes(id)))?);
        Ok(stored::write_tree(out.tree, &tree, packs, cx)?)
    }
}

fn squashfs(part: &Part, cx: &Context) -> Result<Squashfs, Error> {
    let path = cx.path(part.squashfs)?;
    let found = path.metadata().map_err(stored::Error::read(&path))?;
    let tree = stored::tree(part.tree, cx)?;
    Ok(Squashfs {
        path: part.path.clone(),
        sha256: cx.digest(part.squashfs)?.hex(),
        bytes: found.len(),
        unpacked: tree.contents().map(|content| content.size).sum(),
    })
}

/// Fails if a target does not fit where it is installed, or would have no room to run there.
fn has_room(target: &Target) -> Result<(), Error> {
    let unpacked = target.unpacked();
    let needs = unpacked + unpacked / 8 + (64 << 20);
    for Layout { name, plain, encrypted, .. } in &target.layouts {
        for partitioning in plain.iter().chain(encrypted) {
            let root = partitioning.partitions.iter().find(|one| one.mount.as_deref() == Some("/"));
            let text = root.and_then(|root| partitioning.definitions.get(&root.definition));
            let least = text.and_then(|text| least(text)).unwrap_or(u64::MAX);
            if least < needs {
                let (target, layout) = (target.name.clone(), name.clone());
                let [needs, least] = [needs, least].map(isoplug_install_plan::Size);
                return Err(Error::Room { target, needs, layout, least });
            }
        }
    }
    Ok(())
}

/// Returns the least size of a partition, as its definition has it.
fn least(definition: &str) -> Option<u64> {
    definition.lines().find_map(|line| line.strip_prefix("SizeMinBytes=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use isoplug_install_plan::{Encryption, Firmware, Partition, Partitioning};

    #[expect(clippy::too_many_lines, reason = "a table")]
    fn target(unpacked: u64, least: u64) -> Target {
        let sha256 = "0".repeat(64);
        let file = Squashfs { path: "install/a.squashfs".into(), sha256, bytes: 1, unpacked };
        let definition = "40-root.conf".to_owned();
        let text = format!("[Partition]\nType=root-x86-64\nSizeMinBytes={least}\nWeight=1000\n");
        let definitions = BTreeMap::from([(definition.clone(), text)]);
        let (mount, format) = (Some("/".to_owned()), "ext4".to_owned());
        let root = Partition { definition, mount, format, options: String::new(), luks: None };
        let plain = Partitioning { min_size: least, definitions, partitions: vec![root] };
        let (plain, encrypted, encryption) = (Some(plain), None, Encryption::None);
        let layout = Layout { name: "whole-disk".into(), encryption, plain, encrypted };
        Target {
            name: "a".into(),
            title: "a".into(),
            architecture: "amd64".into(),
            squashfs: vec![file],
            kernel: Kernel { version: "1".into(), image: "boot/v".into(), initrd: "boot/i".into() },
            kernel_parameters: Vec::new(),
            firmware: Firmware::Hybrid,
            hostname: "a".into(),
            layouts: vec![layout],
            weights: BTreeMap::new(),
        }
    }

    #[test]
    fn a_target_has_room_to_run() {
        assert!(has_room(&target(1 << 30, 2 << 30)).is_ok());
        let error = has_room(&target(1 << 30, 1 << 30)).unwrap_err().to_string();
        assert!(error.contains("`a` takes 1.2 GiB, and the layout `whole-disk` gives"), "{error}");
    }
}
