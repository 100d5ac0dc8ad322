//! Calls a plugin in a case: always anew, never from what is kept.

use isoplug_engine::Digest;
use serde_json::{Value as Json, json};

use super::case::Laid;
use super::show;
use crate::conversation::Outside;
use crate::guest::Verb;
use crate::kept::Kept;
use crate::question::Question;
use crate::run::{Call, Made};
use crate::{Component, Contribution, Description, Error, Plugin, Runtime};

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
    laid: &Laid,
    shorter: bool,
) -> Result<Called, Error> {
    let mut grants = laid.grants.clone();
    if shorter {
        grants.limits.memory.get_or_insert_with(|| "200MiB".to_owned());
        grants.limits.fuel.get_or_insert_with(|| "9G".to_owned());
    }
    let plugin = Plugin {
        name: description.id.clone(),
        component: component.clone(),
        description: description.clone(),
        options: laid.options.clone(),
        grants,
    };
    let call = Call::new(&plugin, laid.verb, laid.given.clone())?;
    let outside = Outside { around: laid, rootfs: rootfs(laid) };
    match runtime.run(&call, &outside) {
        Ok(Made { kept, asked, .. }) => Ok(called(laid.verb, kept, asked)),
        // A fault is an answer too: a case may expect it.
        Err(Error::Fault(fault)) => Ok(Called {
            shown: Err(format!("fault: {}\n", fault.what)),
            contribution: Contribution { fuel: fault.fuel, ..Contribution::default() },
            asked: Vec::new(),
        }),
        Err(error) => Err(error),
    }
}

fn rootfs(laid: &Laid) -> Option<&dyn crate::Rootfs> {
    matches!(laid.verb, Verb::Furnish | Verb::Check).then_some(laid)
}

fn called(verb: Verb, kept: Kept, asked: Vec<(Question, Digest)>) -> Called {
    let Kept { text, contribution } = kept;
    if contribution.failed() {
        let shown = Err(show::errors(&contribution.diagnostics));
        return Called { shown, contribution, asked };
    }
    let mut shown = match verb {
        Verb::Plan => json!({ "plan": serde_json::from_str::<Json>(&text).unwrap_or_default() }),
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
