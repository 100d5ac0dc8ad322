//! Links a compiled component with the contract's interfaces, and calls its exports.

use semver::Version;
use wasmtime::component::{
    Component as Compiled, ComponentNamedList, HasSelf, Instance, InstancePre, Lift, Linker, Lower,
};
use wasmtime::{Config, Engine, Error as Trap, OptLevel, Result, Store};

use crate::contract::Imports;
use crate::guest::Guest;
use crate::{API, Error, wasi};

/// A component that can be started.
pub(crate) type Linked = InstancePre<Guest>;

/// Makes the engine: everything that could differ between two runs or machines is off.
pub(crate) fn engine() -> Result<Engine, Error> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(1 << 20);
    Engine::new(&config).map_err(|error| Error::Engine(format!("{error:#}")))
}

/// Makes a linker with the contract's interfaces.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Guest>, Error> {
    let mut linker = Linker::new(engine);
    Imports::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)
        .map_err(|error| Error::Engine(format!("{error:#}")))?;
    Ok(linker)
}

/// Links a component that was built against a contract.
pub(crate) fn link(
    linker: &Linker<Guest>,
    component: &Compiled,
    needs: &Version,
) -> Result<Linked, Error> {
    let misfit = |error: Trap| {
        let reason = format!("{error:#}");
        Error::Link { needs: needs.clone(), has: API, reason }
    };
    let mut linker = linker.clone();
    wasi::define(&mut linker, component.engine(), &component.component_type()).map_err(misfit)?;
    linker.instantiate_pre(&component.clone()).map_err(misfit)
}

/// Calls a function that a plugin exports.
pub(crate) fn call<Given, Answer>(
    instance: &Instance,
    store: &mut Store<Guest>,
    interface: &str,
    function: &str,
    given: Given,
) -> Result<Answer>
where
    Given: ComponentNamedList + Lower,
    (Answer,): ComponentNamedList + Lift,
{
    let name = format!("isoplug:plugin/{interface}@{API}");
    let missing = || Trap::msg(format!("it does not export `{interface}.{function}` of API {API}"));
    let place = instance.get_export_index(&mut *store, None, &name).ok_or_else(missing)?;
    let place =
        instance.get_export_index(&mut *store, Some(&place), function).ok_or_else(missing)?;
    let function = instance.get_typed_func::<Given, (Answer,)>(&mut *store, place)?;
    let (answer,) = function.call(&mut *store, given)?;
    Ok(answer)
}
