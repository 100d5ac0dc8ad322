//! One call of a plugin, from the store to what came of it.

use std::sync::Arc;

use isoplug_engine::Digest;
use isoplug_manifest::plugin::SecretGrant;
use serde_json::Value as Json;
use wasmtime::component::{Instance, Resource, ResourceTable};
use wasmtime::{Store, Trap};

use crate::conversation::{Line, Outside, converse};
use crate::grant::Allowed;
use crate::guest::{self, Guest, ModuleInTheMaking, Verb};
use crate::kept::Kept;
use crate::limit::{Budget, Growth, HANDLES, TEXT};
use crate::link::{Linked, call};
use crate::question::{Question, sorted};
use crate::spool::Spool;
use crate::{
    Component, Content, Contribution, Error, Fault, Grants, InputEntry, LogLine, Module, Plugin,
    PluginDiagnostic, PluginSeverity, Runtime, Surroundings, Unseen, wasi,
};

/// What is called, with what.
pub(crate) struct Call<'a> {
    pub(crate) component: &'a Component,
    pub(crate) name: Arc<str>,
    pub(crate) identity: String,
    pub(crate) verb: Verb,
    pub(crate) options: String,
    pub(crate) grants: Grants,
    pub(crate) given: Vec<String>,
    allowed: Allowed,
    budget: Budget,
}

/// What came of a call.
pub(crate) struct Made {
    pub(crate) kept: Kept,
    pub(crate) asked: Vec<(Question, Digest)>,
    pub(crate) revealed: bool,
}

/// What an exported function returned.
#[derive(Default)]
struct Returned {
    text: String,
    modules: Vec<Module>,
    refusal: Option<String>,
}

impl Returned {
    fn text(text: String) -> wasmtime::Result<Self> {
        Ok(Self { text, ..Self::default() })
    }

    fn refusal(refusal: String) -> wasmtime::Result<Self> {
        Ok(Self { refusal: Some(refusal), ..Self::default() })
    }
}

/// The end of a call on the guest's thread.
struct Ended {
    returned: Result<Returned, String>,
    made: guest::Made,
    fuel: u64,
}

impl<'a> Call<'a> {
    /// Calls a plugin with its options and grants.
    pub(crate) fn new(plugin: &'a Plugin, verb: Verb, given: Vec<String>) -> Result<Self, Error> {
        Ok(Self {
            component: &plugin.component,
            name: plugin.name.as_str().into(),
            identity: plugin.identity(),
            verb,
            options: sorted(plugin.options.clone()).to_string(),
            grants: plugin.grants.clone(),
            given,
            allowed: Allowed::read(&plugin.name, &plugin.grants)?,
            budget: Budget::of(&plugin.name, &plugin.grants)?,
        })
    }

    /// Calls a component that nobody knows yet.
    pub(crate) fn describe(component: &'a Component) -> Self {
        Self {
            component,
            name: component.digest.to_string().into(),
            identity: String::new(),
            verb: Verb::Describe,
            options: String::new(),
            grants: Grants::default(),
            given: Vec::new(),
            allowed: Allowed::default(),
            budget: Budget::to_describe(),
        }
    }

    fn fault(&self, what: String, made: &guest::Made, fuel: u64) -> Error {
        let last = made.log.len().saturating_sub(5);
        Error::Fault(Box::new(Fault {
            plugin: self.name.to_string(),
            identity: self.identity.clone(),
            verb: self.verb.name(),
            what: made.without_secrets(what),
            fuel,
            log: made.log[last..].iter().map(|line| line.text.clone()).collect(),
        }))
    }
}

impl Runtime {
    /// Runs a plugin.
    pub(crate) fn run(&self, call: &Call<'_>, outside: &Outside<'_>) -> Result<Made, Error> {
        let linked = self.linked(call.component)?;
        let wake = || self.engine.increment_epoch();
        let ended =
            converse(outside, call.budget.time, wake, |line| self.guest(call, &linked, line));
        let ended = ended.map_err(|error| Error::Engine(error.to_string()))?;
        let Ended { returned, made, fuel } = ended.map_err(|e| Error::Engine(format!("{e:#}")))?;
        let returned = match returned {
            Ok(returned) => returned,
            Err(what) => return Err(call.fault(what, &made, fuel)),
        };
        let guest::Made { asked, revealed, .. } = &made;
        let (asked, revealed) = (asked.clone(), *revealed);
        Ok(Made { kept: kept(returned, made, fuel), asked, revealed })
    }

    /// Makes a guest that has not begun.
    pub(crate) fn seat(&self, call: &Call<'_>, line: Line) -> Guest {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Guest {
            name: Arc::clone(&call.name),
            verb: call.verb,
            id: call.identity.split(' ').next().unwrap_or_default().to_owned(),
            options: call.options.clone(),
            allowed: call.allowed.clone(),
            line,
            growth: Growth::new(call.budget.memory),
            table,
            spool: Spool::new(&self.contents),
            made: guest::Made::default(),
            random: 0,
            unfinished_line: Vec::new(),
        }
    }

    /// The guest's thread: starts it and calls its function.
    fn guest(&self, call: &Call<'_>, linked: &Linked, line: Line) -> wasmtime::Result<Ended> {
        let guest = self.seat(call, line);
        let mut store = self.store(guest, call.budget.fuel)?;
        let returned = linked
            .instantiate(&mut store)
            .and_then(|instance| export(call, &instance, &mut store))
            .map_err(|error| what(&error, call));
        let fuel = call.budget.fuel - store.get_fuel()?;
        wasi::end_line(store.data_mut());
        Ok(Ended { returned, made: std::mem::take(&mut store.data_mut().made), fuel })
    }
}

/// Calls the function of a verb.
fn export(
    wanted: &Call<'_>,
    instance: &Instance,
    store: &mut Store<Guest>,
) -> wasmtime::Result<Returned> {
    let function = wanted.verb.name();
    match wanted.verb {
        Verb::Describe => Returned::text(call(instance, store, "describe", function, ())?),
        Verb::Contribute | Verb::Furnish => {
            type Modules = Result<Vec<Resource<ModuleInTheMaking>>, String>;
            let modules: Modules = call(instance, store, "contributor", function, ())?;
            let take =
                |modules| Ok(Returned { modules: take(store, modules)?, ..Returned::default() });
            modules.map_or_else(Returned::refusal, take)
        }
        Verb::Plan => {
            let given = (wanted.given[0].as_str(), wanted.given[1].as_str());
            let plan: Result<String, String> = call(instance, store, "stage", function, given)?;
            plan.map_or_else(Returned::refusal, |plan| Returned::text(json(plan)?))
        }
        Verb::Check => {
            let done: Result<(), String> = call(instance, store, "check", function, ())?;
            done.map_or_else(Returned::refusal, |()| Ok(Returned::default()))
        }
    }
}

/// Takes the modules that a plugin returned; those that it dropped are gone.
fn take(
    store: &mut Store<Guest>,
    handles: Vec<Resource<ModuleInTheMaking>>,
) -> wasmtime::Result<Vec<Module>> {
    let mut modules: Vec<Module> = Vec::new();
    for handle in handles {
        let ModuleInTheMaking(module) = store.data_mut().table.delete(handle)?;
        if modules.iter().any(|before| before.name == module.name) {
            let name = module.name;
            return Err(wasmtime::Error::msg(format!("it returned two modules called `{name}`")));
        }
        modules.push(module);
    }
    Ok(modules)
}

fn json(plan: String) -> wasmtime::Result<String> {
    match serde_json::from_str::<Json>(&plan) {
        Ok(plan) => Ok(sorted(plan).to_string()),
        Err(error) => Err(wasmtime::Error::msg(format!("its plan is not JSON: {error}"))),
    }
}

/// Puts together what a plugin returned and what it said meanwhile.
fn kept(returned: Returned, mut made: guest::Made, fuel: u64) -> Kept {
    let Returned { text, mut modules, refusal } = returned;
    if let Some(mut message) = refusal {
        let end = (0..=TEXT.min(message.len())).rev().find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or(0));
        modules.clear();
        let message = made.without_secrets(message);
        made.diagnostics.push(PluginDiagnostic {
            severity: PluginSeverity::Error,
            code: "refused".to_owned(),
            message,
            at: Vec::new(),
            help: None,
        });
    }
    let contribution = Contribution { modules, diagnostics: made.diagnostics, fuel, log: made.log };
    Kept { text, contribution }
}

/// Says in a person's words why a guest ended early.
fn what(error: &wasmtime::Error, call: &Call<'_>) -> String {
    let (fuel, name) = (call.budget.fuel, &call.name);
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => format!(
            "it used up its {fuel} units of fuel; unless it loops without an end, \
             `limits.fuel` in [grants.{name}] gives it more"
        ),
        Some(Trap::StackOverflow) => "its stack overflowed: an endless recursion?".to_owned(),
        Some(Trap::UnreachableCodeReached) => {
            "it gave up (`unreachable`): a panic in most languages".to_owned()
        }
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}

/// Answers a plugin that describes itself: nothing but random numbers and a time, which differ from
/// run to run so that it shows if the plugin depends on them.
pub(crate) struct Nobody(pub(crate) u8);

impl Surroundings for Nobody {
    fn fact(&self, _: &str) -> Option<Json> {
        Some(Json::from(u64::from(self.0) * 1_000_000_007))
    }

    fn list_input(&self, _: &str) -> Result<Vec<InputEntry>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn open_input(&self, _: &str, _: &str) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn fetch(&self, _: &str, _: Digest) -> Result<Content, Unseen> {
        Err(Unseen::NotFound)
    }

    fn secret(&self, _: &SecretGrant) -> Result<Vec<u8>, Unseen> {
        Err(Unseen::NotFound)
    }

    fn seed(&self) -> Digest {
        Digest::of(&[self.0])
    }

    fn log(&self, _: &str, _: &LogLine) {}
}
