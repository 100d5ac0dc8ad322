//! Calls a plugin in a case: always anew, never from what is kept.

use isoplug_engine::Digest;
use isoplug_plugin::{
    Component, Contribution, Description, Error, Plugin, Question, Rootfs, Runtime, Trial, Tried,
    Verb,
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

/// Calls a plugin. `shorter` takes a little off its limits, which must change nothing.
pub(crate) fn call(
    runtime: &Runtime,
    component: &Component,
    description: &Description,
    scene: &Scene,
    shorter: bool,
) -> Result<Called, Error> {
    let mut grants = scene.grants.clone();
    if shorter {
        grants.limits.memory.get_or_insert_with(|| "200MiB".to_owned());
        grants.limits.fuel.get_or_insert_with(|| "9G".to_owned());
    }
    let plugin = Plugin {
        name: description.id.clone(),
        component: component.clone(),
        description: description.clone(),
        options: scene.options.clone(),
        grants,
    };
    let (verb, stage) = (scene.verb, scene.stage.clone());
    let trial = Trial { plugin: &plugin, verb, stage, around: scene, rootfs: rootfs(scene) };
    match runtime.attempt(trial) {
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
