//! Calls a plugin in a case: always anew, never from what is kept.

use isoplug_engine::Digest;
use isoplug_plugin::{
    Component, Contribution, Description, Error, Grants, Plugin, Question, Rootfs, Runtime, Trial,
    Tried, Verb,
};
use serde_json::{Value as Json, json};

use crate::case::Scene;
use crate::show;

/// What came of a call.
pub(crate) struct Called {
    /// The answer as `expected.json` has it, or the errors as `expect-error.txt` has them.
    pub(crate) shown: Result<Json, String>,
    pub(crate) contribution: Contribution,
    pub(crate) asked: Vec<(Question, Digest)>,
}

/// A component that is looked at.
pub(crate) struct Subject<'a> {
    runtime: &'a Runtime,
    pub(crate) component: Component,
    pub(crate) description: Description,
}

impl<'a> Subject<'a> {
    /// Reads a component, and what it says of itself.
    pub(crate) fn read(runtime: &'a Runtime, bytes: &[u8]) -> Result<Self, Error> {
        let component = runtime.component(bytes)?;
        let description = runtime.describe(&component)?;
        Ok(Self { runtime, component, description })
    }

    /// Calls it.
    pub(crate) fn call(&self, scene: &Scene) -> Result<Called, Error> {
        self.call_with(scene, scene.grants.clone())
    }

    /// Calls it with a little less than its limits, which must change nothing.
    pub(crate) fn call_shorter(&self, scene: &Scene) -> Result<Called, Error> {
        let mut grants = scene.grants.clone();
        grants.limits.memory.get_or_insert_with(|| "200MiB".to_owned());
        grants.limits.fuel.get_or_insert_with(|| "9G".to_owned());
        self.call_with(scene, grants)
    }

    fn call_with(&self, scene: &Scene, grants: Grants) -> Result<Called, Error> {
        let plugin = Plugin {
            name: self.description.id.clone(),
            component: self.component.clone(),
            description: self.description.clone(),
            options: scene.options.clone(),
            grants,
        };
        let (verb, stage) = (scene.verb, scene.stage.clone());
        let trial = Trial { plugin: &plugin, verb, stage, around: scene, rootfs: rootfs(scene) };
        match self.runtime.attempt(trial) {
            Ok(tried) => Ok(called(verb, tried)),
            // A fault is an answer too: a case may expect it.
            Err(Error::Fault(fault)) => Ok(Called {
                shown: Err(format!("fault: {}\n", fault.what)),
                contribution: Contribution { fuel: fault.fuel, ..Contribution::default() },
                asked: Vec::new(),
            }),
            Err(error) => Err(error),
        }
    }
}

fn rootfs(scene: &Scene) -> Option<&dyn Rootfs> {
    matches!(scene.verb, Verb::Furnish | Verb::Check).then_some(scene)
}

fn called(verb: Verb, tried: Tried) -> Called {
    let Tried { plan, contribution, asked } = tried;
    if contribution.failed() {
        let shown = Err(show::errors(&contribution.diagnostics));
        return Called { shown, contribution, asked };
    }
    let mut shown = match verb {
        Verb::Plan => json!({ "plan": serde_json::from_str::<Json>(&plan).unwrap_or_default() }),
        Verb::Check | Verb::Describe => json!({}),
        Verb::Contribute | Verb::Furnish => {
            json!({ "modules": show::modules(&contribution.modules) })
        }
    };
    if !contribution.diagnostics.is_empty() {
        shown["diagnostics"] = show::diagnostics(&contribution.diagnostics);
    }
    Called { shown: Ok(shown), contribution, asked }
}
