//! The plugins of a manifest: finds their components, lets them answer while the manifest is
//! evaluated, and hands the image what they bring.

mod answers;
mod bring;
pub(crate) mod find;
mod guest;
pub(crate) mod lookup;
pub(crate) mod pin;
mod seen;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use isoplug_engine::{Artifact, Blob, Outputs};
use isoplug_image::stages::check;
use isoplug_manifest::lock::Lock;
use isoplug_manifest::plugin::{
    Answer, Call, Described, PluginModule, PluginSource, Plugins, Report,
};
use isoplug_manifest::{Diagnostics, Severity, System};
use isoplug_plugin::{
    Component, Contribution, Description, Plugin, PluginDiagnostic, PluginSeverity, Runtime, World,
};

use serde_json::Value as Json;

pub(crate) use answers::Answers;
use find::{InRegistry, NotFound};
use lookup::Lookup;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;

/// The plugins of one manifest, during and after an evaluation.
pub(crate) struct Guests<'a> {
    session: &'a Session,
    project: &'a Project,
    lock: &'a Lock,
    runtime: Option<Arc<Runtime>>,
    lookup: Option<Lookup>,
    found: BTreeMap<String, Found>,
    contributed: BTreeMap<String, Contributed>,
    /// Plugins and the numbers of their modules, in the order of all modules.
    order: Vec<(String, usize)>,
}

/// A plugin whose component is at hand.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) component: Component,
    pub(crate) description: Description,
    /// The repository; empty for a file of this machine.
    pub(crate) source: String,
    /// Who signed it; empty if nobody did.
    pub(crate) publisher: String,
}

/// A plugin that contributed.
struct Contributed {
    plugin: Plugin,
    contribution: Contribution,
}

impl<'a> Guests<'a> {
    /// Knows no plugin yet.
    pub(crate) fn new(project: &'a Project, lock: &'a Lock, session: &'a Session) -> Self {
        let (found, contributed, order) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { session, project, lock, runtime: None, lookup: None, found, contributed, order }
    }

    /// Knows the same plugins, and nothing of what they said of this profile.
    pub(crate) fn of_another(&self) -> Self {
        Self::new(self.project, self.lock, self.session)
    }

    /// Returns the lock that pins them.
    pub(crate) fn lock(&self) -> &'a Lock {
        self.lock
    }

    /// Returns the run that they are asked in.
    pub(crate) fn session(&self) -> &'a Session {
        self.session
    }

    fn runtime(&mut self) -> Result<Arc<Runtime>, String> {
        if let Some(runtime) = &self.runtime {
            return Ok(Arc::clone(runtime));
        }
        let runtime = runtime(self.session).map_err(|failure| failure.text())?;
        self.runtime = Some(Arc::clone(&runtime));
        Ok(runtime)
    }

    fn find(&mut self, name: &str, source: &PluginSource) -> Result<Found, String> {
        let runtime = self.runtime()?;
        self.find_with(name, source, &runtime).map_err(|error| error.to_string())
    }

    fn find_with(
        &mut self,
        name: &str,
        source: &PluginSource,
        runtime: &Runtime,
    ) -> Result<Found, NotFound> {
        let wanted = InRegistry::plugin(source)?;
        match (wanted, &source.path) {
            (Some(wanted), _) => {
                let pin = wanted.pin(self.lock.plugins.get(name))?;
                if self.lookup.is_none() {
                    let runtime = self.runtime().map_err(NotFound::Runtime)?;
                    let lookup = Lookup::with(runtime, Some(self.project), self.session);
                    self.lookup =
                        Some(lookup.map_err(|failure| NotFound::Failed(Box::new(failure)))?);
                }
                self.lookup
                    .as_ref()
                    .map_or(Err(NotFound::NotLocked), |lookup| find::pinned(&pin, lookup))
            }
            (None, Some(path)) => find::file(path, runtime),
            (None, None) => Err(NotFound::NoSource),
        }
    }

    /// Lets one plugin contribute; a fault of it is a report too.
    fn ask(&mut self, call: &Call<'_>, answers: &Answers) -> Vec<Report> {
        let Some(found) = self.found.get(call.name).cloned() else { return Vec::new() };
        let (name, options) = (call.name.to_owned(), call.options.clone());
        let Found { component, description, .. } = found;
        let plugin = Plugin { name, component, description, options, grants: call.grants.clone() };
        let answer = match self.runtime() {
            Ok(runtime) => runtime.contribute(&plugin, answers).map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        match answer {
            Err(message) => vec![fault(call.name, message)],
            Ok(contribution) => {
                let reports = contribution.diagnostics.iter().map(|each| report(call.name, each));
                let reports = reports.collect();
                let contributed = Contributed { plugin, contribution };
                self.contributed.insert(call.name.to_owned(), contributed);
                reports
            }
        }
    }

    /// Puts the modules of all plugins into one order, or says why there is none.
    fn put_in_order(&mut self) -> Option<Report> {
        let modules = self.contributed.iter().flat_map(|(name, contributed)| {
            let modules = contributed.contribution.modules.iter().enumerate();
            modules.map(move |(index, module)| (name.as_str(), index, module))
        });
        let modules: Vec<_> = modules.collect();
        let named: Vec<_> = modules.iter().map(|(name, _, module)| (*name, *module)).collect();
        let order = match isoplug_plugin::order(&named) {
            Ok(order) => order,
            Err(error) => {
                let (name, _) = error.module().split_once('/').unwrap_or_default();
                let code = "order".to_owned();
                return Some(Report { code, ..fault(name, error.to_string()) });
            }
        };
        self.order =
            order.into_iter().map(|at| (modules[at].0.to_owned(), modules[at].1)).collect();
        None
    }
}

impl Plugins for Guests<'_> {
    fn describe(&mut self, name: &str, source: &PluginSource) -> Result<Described, String> {
        let found = self.find(name, source)?;
        let described = Described {
            version: found.description.version.to_string(),
            options: found.description.options.clone(),
            contributes: found.component.world == World::Contributor,
            architectures: found.description.architectures.clone(),
        };
        self.found.insert(name.to_owned(), found);
        Ok(described)
    }

    fn contribute(&mut self, calls: &[Call<'_>]) -> Answer {
        let mut reports = Vec::new();
        for call in calls {
            let answers = Answers::of_evaluation(call.facts.clone(), self.session);
            reports.extend(self.ask(call, &answers));
            for line in answers.lines() {
                self.session.detail(&line);
            }
        }
        reports.extend(self.put_in_order());
        let module = |(plugin, index): &(String, usize)| {
            let module = &self.contributed[plugin].contribution.modules[*index];
            let (plugin, name) = (plugin.clone(), module.name.clone());
            PluginModule { plugin, name, fragments: module.fragments.clone() }
        };
        Answer { modules: self.order.iter().map(module).collect(), reports }
    }
}

/// Returns the schema of the options of each plugin of a project that is at hand.
pub(crate) fn schemas(project: &Project, session: &Session) -> BTreeMap<String, Json> {
    let lock = project.lock(session).ok().flatten().unwrap_or_default();
    let mut guests = Guests::new(project, &lock, session);
    let mut schemas = BTreeMap::new();
    for (name, mut source) in project.plugins().unwrap_or_default() {
        let path = source.path.map(|path| project.folder.join(path).display().to_string());
        source.path = path;
        if let Ok(described) = guests.describe(&name, &source) {
            schemas.insert(name, described.options);
        }
    }
    schemas
}

/// Returns what plugins have to say of a finished image.
pub(crate) fn checked(
    checks: &[(String, Artifact<Blob>)],
    outputs: &Outputs,
    system: &System,
) -> Diagnostics {
    let read = |(_, artifact): &(String, Artifact<Blob>)| {
        let bytes = std::fs::read(outputs.path(*artifact)?).ok()?;
        check::read(&bytes).ok()
    };
    reported(checks.iter().filter_map(read).flatten().collect(), system)
}

/// Makes the runtime, with its caches in the store.
pub(crate) fn runtime(session: &Session) -> Result<Arc<Runtime>, Failure> {
    session.keep_gc_away()?;
    let runtime = Runtime::new(&session.cache_dir("plugins")?)
        .map_err(|error| Failure::new(Exit::Plugin, "plugins cannot be run").because(&error))?;
    Ok(Arc::new(runtime))
}

/// Draws what plugins report of an image.
pub(crate) fn reported(reports: Vec<Report>, system: &System) -> Diagnostics {
    let list = reports.into_iter().map(|report| system.reported(report)).collect();
    Diagnostics { list, texts: system.texts.clone() }
}

fn fault(plugin: &str, message: String) -> Report {
    Report {
        plugin: plugin.to_owned(),
        severity: Severity::Error,
        code: "fault".to_owned(),
        message,
        at: Vec::new(),
        help: None,
    }
}

/// Turns what the host says into what diagnostics are made of.
pub(crate) fn report(plugin: &str, diagnostic: &PluginDiagnostic) -> Report {
    let PluginDiagnostic { severity, code, message, at, help } = diagnostic.clone();
    let severity = match severity {
        PluginSeverity::Error => Severity::Error,
        PluginSeverity::Warning => Severity::Warning,
        PluginSeverity::Note => Severity::Note,
    };
    Report { plugin: plugin.to_owned(), severity, code, message, at, help }
}
