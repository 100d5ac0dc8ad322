//! An instance that stays, to measure what a single call costs.

use wasmtime::component::TypedFunc;
use wasmtime::{Result, Store};

use crate::conversation::Line;
use crate::guest::Guest;
use crate::run::Call;
use crate::{API, Component, Error, Runtime};

/// A plugin that describes itself again and again.
#[doc(hidden)]
pub struct Warm {
    store: Store<Guest>,
    describe: TypedFunc<(), (String,)>,
}

impl Runtime {
    /// Starts a plugin, for benches. A build starts each call afresh.
    #[doc(hidden)]
    pub fn warm(&self, component: &Component) -> Result<Warm, Error> {
        let failed = |error: wasmtime::Error| Error::Engine(format!("{error:#}"));
        let linked = self.linked(component)?;
        let call = Call::describe(component);
        let guest = self.seat(&call, Line::to_nobody());
        let start = || {
            let mut store = self.store(guest, u64::MAX)?;
            let instance = linked.instantiate(&mut store)?;
            let name = format!("isoplug:plugin/describe@{API}");
            let place = instance.get_export_index(&mut store, None, &name);
            let place =
                place.and_then(|at| instance.get_export_index(&mut store, Some(&at), "describe"));
            let place = place.ok_or_else(|| wasmtime::Error::msg("no `describe`"))?;
            let describe = instance.get_typed_func(&mut store, place)?;
            Ok(Warm { store, describe })
        };
        start().map_err(failed)
    }
}

impl Warm {
    /// Calls it once.
    pub fn describe(&mut self) -> Result<usize> {
        let (text,) = self.describe.call(&mut self.store, ())?;
        Ok(text.len())
    }
}
