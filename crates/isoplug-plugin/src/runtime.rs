//! Runs plugins: checks, compiles, calls, and keeps what they made.
//!
//! A call is a pure function of the component, its options and grants, and what it asked. So it is
//! made once, and then only when one of these has changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use isoplug_engine::{Digest, Hasher, mark_used};
use wasmtime::component::Linker;
use wasmtime::{Engine, Store};

use crate::compiled::{Compiler, private_folder, write};
use crate::conversation::Outside;
use crate::description::require;
use crate::guest::{Guest, Verb};
use crate::kept::{Kept, Results};
use crate::link::{self, Linked};
use crate::question::sorted;
use crate::run::{Call, Made, Nobody};
use crate::{
    API, Component, Contribution, Description, Error, Plan, Plugin, Report, Rootfs, Surroundings,
    World,
};

/// Raise when the host would answer a plugin otherwise than before.
const VERSION: u32 = 1;

/// Runs plugins, and keeps what it compiled and what they made.
pub struct Runtime {
    pub(crate) engine: Engine,
    pub(crate) contents: PathBuf,
    linker: Linker<Guest>,
    compiler: Compiler,
    results: Results,
    descriptions: PathBuf,
}

impl Runtime {
    /// Makes a runtime that keeps its caches in a folder of its own.
    ///
    /// # Errors
    ///
    /// When the folder for compiled components cannot be used.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        private_folder(folder)?;
        let (contents, descriptions) = (folder.join("contents"), folder.join("descriptions"));
        private_folder(&contents)?;
        private_folder(&descriptions)?;
        let engine = link::engine()?;
        Ok(Self {
            contents,
            linker: link::linker(&engine)?,
            compiler: Compiler::new(&engine, &folder.join("cwasm"))?,
            results: Results::new(&folder.join("results"))?,
            descriptions,
            engine,
        })
    }

    /// Checks a component's imports and contract. Nothing is compiled before it first runs.
    ///
    /// # Errors
    ///
    /// When the bytes are no component of a plugin.
    pub fn component(&self, bytes: &[u8]) -> Result<Component, Error> {
        Component::read(bytes)
    }

    /// Asks a component what it is: twice, since a plugin that does not say the same each time is
    /// refused. Kept by its digest.
    ///
    /// # Errors
    ///
    /// When the plugin traps, or says of itself what cannot be.
    pub fn describe(&self, component: &Component) -> Result<Description, Error> {
        let path = self.descriptions.join(format!("{VERSION}-{}.json", component.digest.hex()));
        let kept = std::fs::read_to_string(&path).ok();
        if let Some(description) =
            kept.and_then(|text| Description::read(&text, component.world).ok())
        {
            mark_used(&path);
            return Ok(description);
        }
        let call = Call::describe(component);
        let [first, second] = [1, 2].map(|run| {
            let nobody = Nobody(run);
            self.run(&call, &Outside { around: &nobody, rootfs: None })
        });
        let (first, second) = (first?.kept.text, second?.kept.text);
        if first != second {
            return Err(Error::Description("it says something else each time".to_owned()));
        }
        let description = Description::read(&first, component.world)?;
        write(&path, description.json.as_bytes())?;
        Ok(description)
    }

    /// Lets a plugin contribute while the manifest is evaluated.
    ///
    /// # Errors
    ///
    /// When the plugin traps, fails, reaches a limit, or answers what cannot be.
    pub fn contribute(
        &self,
        plugin: &Plugin,
        around: &dyn Surroundings,
    ) -> Result<Contribution, Error> {
        require(plugin, World::Contributor)?;
        let call = Call::new(plugin, Verb::Contribute, Vec::new())?;
        Ok(self.answer(&call, &Outside { around, rootfs: None })?.contribution)
    }

    /// Lets a plugin add files with the packages in.
    ///
    /// # Errors
    ///
    /// When the plugin traps, fails, reaches a limit, or asks for what is not granted.
    pub fn furnish(
        &self,
        plugin: &Plugin,
        around: &dyn Surroundings,
        rootfs: &dyn Rootfs,
    ) -> Result<Contribution, Error> {
        require(plugin, World::Contributor)?;
        let call = Call::new(plugin, Verb::Furnish, Vec::new())?;
        Ok(self.answer(&call, &Outside { around, rootfs: Some(rootfs) })?.contribution)
    }

    /// Lets a plugin plan a stage, from that stage's settled inputs as JSON.
    ///
    /// # Errors
    ///
    /// When the plugin traps, fails, reaches a limit, or answers what cannot be.
    pub fn plan(
        &self,
        plugin: &Plugin,
        around: &dyn Surroundings,
        stage: &str,
        inputs: &str,
    ) -> Result<Plan, Error> {
        require(plugin, World::Stage)?;
        let given = vec![stage.to_owned(), inputs.to_owned()];
        let call = Call::new(plugin, Verb::Plan, given)?;
        let Kept { text, contribution } = self.answer(&call, &Outside { around, rootfs: None })?;
        let Contribution { modules: _, diagnostics, fuel, log } = contribution;
        Ok(Plan { json: text, diagnostics, fuel, log })
    }

    /// Lets a plugin check a finished image.
    ///
    /// # Errors
    ///
    /// When the plugin traps, fails, reaches a limit, or answers what cannot be.
    pub fn check(
        &self,
        plugin: &Plugin,
        around: &dyn Surroundings,
        rootfs: &dyn Rootfs,
    ) -> Result<Report, Error> {
        require(plugin, World::Check)?;
        let call = Call::new(plugin, Verb::Check, Vec::new())?;
        let kept = self.answer(&call, &Outside { around, rootfs: Some(rootfs) })?;
        let Contribution { modules: _, diagnostics, fuel, log } = kept.contribution;
        Ok(Report { diagnostics, fuel, log })
    }

    /// Returns a kept result, or runs the plugin.
    fn answer(&self, call: &Call<'_>, outside: &Outside<'_>) -> Result<Kept, Error> {
        let key = key(call);
        if let Some(kept) = self.results.find(key, outside) {
            for line in &kept.contribution.log {
                outside.around.log(&call.name, line);
            }
            return Ok(kept);
        }
        let Made { kept, asked, revealed } = self.run(call, outside)?;
        if !revealed {
            self.results.keep(key, asked, kept.clone())?;
        }
        Ok(kept)
    }

    /// Returns a component that can be started.
    pub(crate) fn linked(&self, component: &Component) -> Result<Linked, Error> {
        if let Some(linked) = component.linked.get() {
            return Ok(linked.clone());
        }
        let linked = link::link(&self.linker, &self.compiler.load(component)?, &component.api)?;
        Ok(component.linked.get_or_init(|| linked).clone())
    }

    /// Makes a store for one call.
    pub(crate) fn store(&self, guest: Guest, fuel: u64) -> wasmtime::Result<Store<Guest>> {
        let late = guest.line.late();
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.growth);
        store.set_fuel(fuel)?;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if late.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(wasmtime::Error::msg(
                    "it ran longer than `limits.time` in its grants allows",
                ));
            }
            Ok(wasmtime::UpdateDeadline::Continue(1))
        });
        Ok(store)
    }
}

/// Returns what finds the results of a call, but for what it asks.
fn key(call: &Call<'_>) -> Digest {
    let mut hasher = Hasher::new();
    let grants = serde_json::to_value(&call.grants).unwrap_or_default();
    let decides = [
        format!("isoplug {VERSION} API {API}"),
        call.component.digest.to_string(),
        call.name.to_string(),
        call.verb.name().to_owned(),
        call.options.clone(),
        sorted(grants).to_string(),
    ];
    for part in decides.iter().chain(&call.given) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finish()
}

/// A runtime is shared by all threads that contribute.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Runtime>();
    shared::<Arc<Plugin>>();
};
