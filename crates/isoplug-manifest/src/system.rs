//! An evaluated profile: everything that the pipeline needs to know, and where it was written.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::distribution::{self, Distribution};
use crate::evaluate::guests;
use crate::manifest::{Download, Image, Source};
use crate::merge::{Content, Setting};
use crate::part::{Contribution, Needed, Package};
use crate::parts::{Loader, Options};
use crate::path::{join, split};
use crate::plugin::{Grants, PluginSource, Report, Trust};
use crate::secret::{self, Secret};
use crate::shape::Shape;
use crate::text::{Origin, Texts};
use crate::value::Value;

/// An evaluated profile.
#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// What the image is called.
    pub image: Image,
    /// The profile's name.
    pub profile: String,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The options, with defaults where nobody set them.
    pub options: Options,
    /// The options of parts that are not built in, with defaults in, by the paths of their tables.
    pub own: BTreeMap<String, Json>,
    /// What follows from the options, each with its reason.
    pub needs: Contribution,
    /// Where packages come from; never empty.
    pub sources: BTreeMap<String, Source>,
    /// Files and archives of other places that options may name.
    pub downloads: BTreeMap<String, Download>,
    /// The plugins, as the manifest has them.
    pub plugins: BTreeMap<String, PluginSource>,
    /// What each plugin may see and contribute.
    pub grants: BTreeMap<String, Grants>,
    /// The settings of each plugin that the profile uses, checked, with defaults in.
    pub config: BTreeMap<String, Json>,
    /// Whose plugins to believe.
    pub trust: Trust,
    /// The shape of the options, those of plugins in it.
    pub(crate) shape: Shape,
    /// The merged options with their origins.
    pub settings: Setting,
    /// The manifest outside of profiles, with its origins.
    pub(crate) root: Value,
    /// The variables that are not what they are by default.
    pub variant: BTreeMap<String, String>,
    /// The systems that its medium installs, in the order of `install.targets`.
    pub targets: Vec<Self>,
    /// The texts that origins point into.
    pub texts: Texts,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

impl System {
    /// Returns the packages that the options ask for, each with the option that does.
    ///
    /// Those that the user lists come first.
    /// `firmware.set` is not resolved here: what it means depends on the sources.
    #[must_use]
    pub fn packages(&self) -> Vec<&Needed<Package>> {
        self.needs.packages_once()
    }

    /// Returns what the base system is made of.
    #[must_use]
    pub fn distribution(&self) -> &'static Distribution {
        distribution::base(&self.sources)
    }

    /// Tells whether it is a system for a disk, which no medium boots.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.options.boot.loader != Loader::None
    }

    /// Returns the options as plugins may see them: without secrets.
    #[must_use]
    pub fn facts(&self) -> Json {
        let mut options = self.values();
        self.shape.hide(&mut options, &Json::Null);
        options
    }

    /// Reads the secrets of the options that are not in plain text; `read` is given the path of the option.
    ///
    /// # Errors
    ///
    /// That of `read`.
    pub fn with_secrets<E>(
        mut self,
        read: &mut dyn FnMut(&str, &Secret) -> Result<String, E>,
    ) -> Result<Self, E> {
        let mut options = serde_json::to_value(&self.options).unwrap_or_default();
        secret::resolve(&self.shape, &mut options, read)?;
        if let Ok(options) = serde_json::from_value(options) {
            self.options = options;
        }
        Ok(self)
    }

    /// Returns every option, secrets too.
    pub(crate) fn values(&self) -> Json {
        let mut options = serde_json::to_value(&self.options).unwrap_or_default();
        for (path, own) in &self.own {
            let place = split(path).into_iter().fold(&mut options, |table, key| &mut table[key]);
            *place = own.clone();
        }
        options
    }

    /// Returns where an option was set last, by a path such as `networking.hostname`.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.setting(path)?.origin()
    }

    /// Returns where an item of a list was written: `origin_of("packages.install", "vim")`.
    #[must_use]
    pub fn origin_of(&self, path: &str, item: &str) -> Option<&Origin> {
        let Content::List(items) = &self.setting(path)?.content else { return None };
        Some(&items.iter().find(|value| value.as_str() == Some(item))?.origin)
    }

    /// Returns where the item with this index in a list was written.
    #[must_use]
    pub fn origin_at(&self, path: &str, index: usize) -> Option<&Origin> {
        let Content::List(items) = &self.setting(path)?.content else { return None };
        Some(&items.get(index)?.origin)
    }

    /// Returns what an option came to, and who said so.
    #[must_use]
    pub fn setting(&self, path: &str) -> Option<&Setting> {
        self.settings.at_path(path)
    }

    /// Draws what a plugin reports on the option that it is about, or on the plugin's line.
    #[must_use]
    pub fn reported(&self, report: Report) -> Diagnostic {
        let option = guests::place(&report.plugin, &report.at, &self.settings);
        let named = || self.manifest_origin(&join(&["plugins", report.plugin.as_str()]));
        let place = option.or_else(named).cloned();
        guests::drawn(report, place.as_ref())
    }

    /// Returns where something outside of profiles was written, by a path such as
    /// `sources.debian.suite`.
    #[must_use]
    pub fn manifest_origin(&self, path: &str) -> Option<&Origin> {
        find(&self.root, path).map(|value| &value.origin)
    }
}

fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    split(path).iter().try_fold(value, |value, name| value.get(name))
}
