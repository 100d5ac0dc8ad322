//! Lets plugins decide what a stage is given: how the squashfs is packed, what the boot menu offers.
//!
//! A plan has the words of what it replaces, and only those that it changes. Knows no component.

use std::sync::Arc;

use isoplug_manifest::Severity;
use isoplug_manifest::options::Squashfs;
use isoplug_manifest::plugin::Report;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::Error;
use crate::grub::{self, Menu};
use crate::plugins::Planner;

/// What plugins decided of a stage, and what they have to say.
pub(super) struct Planned<T> {
    pub(super) inputs: T,
    pub(super) reports: Vec<Report>,
}

/// Returns how the squashfs is packed.
pub(super) fn squashfs(
    planners: &[Arc<dyn Planner>],
    image: &Json,
    options: &Squashfs,
) -> Result<Planned<Squashfs>, Error> {
    let planned = planned("squashfs", planners, image, options.clone())?;
    let Squashfs { level, block_size, .. } = &planned.inputs;
    let levels = planned.inputs.compresses().levels();
    let level_is_good =
        level.is_none_or(|level| levels.is_none_or(|levels| levels.contains(&level)));
    let is_block = |size: u64| size.is_power_of_two() && (4096..=1 << 20).contains(&size);
    let block_is_good = block_size.is_none() || planned.inputs.block_bytes().is_some_and(is_block);
    match block_is_good && level_is_good {
        true => Ok(planned),
        false => Err(Error::Plan {
            stage: "squashfs",
            plugin: names(planners, "squashfs"),
            reason:
                "`level` is one of the compression's, `block-size` a power of two from 4KiB to 1MiB"
                    .to_owned(),
        }),
    }
}

/// Returns what the boot menu offers.
pub(super) fn menu(
    planners: &[Arc<dyn Planner>],
    image: &Json,
    menu: Menu,
) -> Result<Planned<Menu>, Error> {
    let planned = planned("menu", planners, image, menu)?;
    let bad = |reason| Error::Plan { stage: "menu", plugin: names(planners, "menu"), reason };
    grub::check(&planned.inputs).map_err(bad)?;
    Ok(planned)
}

/// Lets the plugin that plans a stage change its inputs; two plugins cannot both plan it.
fn planned<T: Serialize + DeserializeOwned>(
    stage: &'static str,
    planners: &[Arc<dyn Planner>],
    image: &Json,
    inputs: T,
) -> Result<Planned<T>, Error> {
    let mut planning = planners.iter().filter(|planner| planner.plans(stage));
    let Some(planner) = planning.next() else {
        return Ok(Planned { inputs, reports: Vec::new() });
    };
    let plugin = names(planners, stage);
    let bad = |reason: String| Error::Plan { stage, plugin: plugin.clone(), reason };
    if planning.next().is_some() {
        return Err(bad("only one plugin can plan a stage".to_owned()));
    }
    let all = serde_json::to_value(&inputs).map_err(|error| bad(error.to_string()))?;
    let answer = planner.plan(stage, &json!({ "image": image, "options": all }));
    let answer = answer.map_err(|error| bad(error.to_string()))?;
    if answer.reports.iter().any(|report| report.severity == Severity::Error) {
        return Err(Error::Refused { plugin, reports: answer.reports });
    }
    let inputs = replaced(all, answer.answer).map_err(bad)?;
    Ok(Planned { inputs, reports: answer.reports })
}

/// Puts what is planned in the place of the settled inputs.
fn replaced<T: DeserializeOwned>(mut inputs: Json, plan: Json) -> Result<T, String> {
    let (Json::Object(all), Json::Object(plan)) = (&mut inputs, plan) else {
        return Err("a plan is a JSON object".to_owned());
    };
    all.extend(plan);
    serde_json::from_value(inputs).map_err(|error| error.to_string())
}

/// Returns the plugins that plan a stage.
fn names(planners: &[Arc<dyn Planner>], stage: &str) -> String {
    let planning = planners.iter().filter(|planner| planner.plans(stage));
    planning.map(|planner| planner.name()).collect::<Vec<_>>().join("`, `")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::{Answer, PluginError};
    use isoplug_engine::Key;

    /// Answers with one plan.
    struct Says(&'static str, Json);

    impl Planner for Says {
        fn name(&self) -> &str {
            self.0
        }

        fn plans(&self, stage: &str) -> bool {
            stage == "squashfs"
        }

        fn key(&self, _: &mut dyn Key) {}

        fn plan(&self, _: &str, inputs: &Json) -> Result<Answer<Json>, PluginError> {
            assert_eq!(inputs["options"]["preset"], "default");
            Ok(Answer { answer: self.1.clone(), reports: Vec::new() })
        }
    }

    fn with(plans: &[(&'static str, Json)]) -> Result<Squashfs, String> {
        let planners: Vec<Arc<dyn Planner>> =
            plans.iter().map(|(name, plan)| Arc::new(Says(name, plan.clone())) as _).collect();
        let planned = squashfs(&planners, &json!({}), &Squashfs::default());
        planned.map(|planned| planned.inputs).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_changes_what_it_names() {
        let plan = json!({ "compression": "xz", "block-size": "256KiB" });
        let options = with(&[("small", plan)]).unwrap();
        assert_eq!(options.block_bytes(), Some(256 << 10));
        assert_eq!(options.compression, Some(isoplug_manifest::options::Compression::Xz));
        assert_eq!(options.preset, Squashfs::default().preset);
        assert_eq!(with(&[]).unwrap(), Squashfs::default());
    }

    #[test]
    fn a_plan_that_cannot_be_carried_out_is_refused() {
        insta::assert_snapshot!(with(&[("a", json!({ "blocks": 1 }))]).unwrap_err(), @"plugin `a` made a plan for the stage squashfs that cannot be carried out: unknown field `blocks`, expected one of `preset`, `compression`, `level`, `block-size`, `exclude`");
        insta::assert_snapshot!(with(&[("a", json!({ "block-size": "3KiB" }))]).unwrap_err(), @"plugin `a` made a plan for the stage squashfs that cannot be carried out: `level` is one of the compression's, `block-size` a power of two from 4KiB to 1MiB");
        insta::assert_snapshot!(with(&[("a", json!([]))]).unwrap_err(), @"plugin `a` made a plan for the stage squashfs that cannot be carried out: a plan is a JSON object");
        insta::assert_snapshot!(with(&[("a", json!({})), ("b", json!({}))]).unwrap_err(), @"plugin `a`, `b` made a plan for the stage squashfs that cannot be carried out: only one plugin can plan a stage");
    }
}
