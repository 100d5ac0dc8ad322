//! A plugin that plans stages or checks an image, as the stages see it.

use std::sync::Arc;

use isoplug_engine::Key;
use isoplug_image::contribute::Rootfs;
use isoplug_image::plugins::{Answer, Checker, Planner, PluginError};
use isoplug_plugin::{Plugin, Runtime, StageRootfs, Surroundings};
use serde_json::Value as Json;

use super::{Answers, report};

/// A plugin that plans or checks.
pub(super) struct Guest {
    pub(super) plugin: Plugin,
    pub(super) runtime: Arc<Runtime>,
    pub(super) answers: Arc<Answers>,
}

impl Guest {
    /// It may ask for any fact, so each of them decides.
    fn show(&self, key: &mut dyn Key) {
        let Plugin { name: _, component, description: _, options, grants } = &self.plugin;
        key.value("component", &component.digest.hex());
        key.value("options", options);
        key.value("grants", grants);
        key.value("facts", &self.answers.all_facts());
    }
}

impl Planner for Guest {
    fn name(&self) -> &str {
        &self.plugin.name
    }

    fn plans(&self, stage: &str) -> bool {
        self.plugin.description.stages.iter().any(|planned| planned == stage)
    }

    fn key(&self, key: &mut dyn Key) {
        self.show(key);
    }

    fn plan(&self, stage: &str, inputs: &Json) -> Result<Answer<Json>, PluginError> {
        let failed = |error: &dyn std::error::Error| PluginError(error.to_string());
        let inputs = inputs.to_string();
        let plan = self.runtime.plan(&self.plugin, &*self.answers, stage, &inputs);
        let plan = plan.map_err(|error| failed(&error))?;
        let answer = match plan.failed() {
            true => Json::Null,
            false => serde_json::from_str(&plan.json).map_err(|error| failed(&error))?,
        };
        let name = &self.plugin.name;
        let reports = plan.diagnostics.iter().map(|each| report(name, each)).collect();
        Ok(Answer { answer, reports })
    }
}

impl Checker for Guest {
    fn name(&self) -> &str {
        &self.plugin.name
    }

    fn key(&self, key: &mut dyn Key) {
        self.show(key);
    }

    fn check(&self, rootfs: &dyn Rootfs) -> Result<Answer<()>, PluginError> {
        let report_of = self.runtime.check(&self.plugin, &*self.answers, &StageRootfs(rootfs));
        let found = report_of.map_err(|error| PluginError(error.to_string()))?;
        let name = &self.plugin.name;
        let reports = found.diagnostics.iter().map(|each| report(name, each)).collect();
        Ok(Answer { answer: (), reports })
    }
}
