//! Changes a manifest's text as a careful person would: what is not concerned stays as it is.

use std::collections::BTreeMap;

use isoplug_manifest::plugin::{Grants, PluginSource, SecretGrant};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

/// Why a text cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("it is not TOML: {0}")]
    Syntax(#[from] toml_edit::TomlError),
    #[error("`{0}` is not a table")]
    NoTable(String),
}

/// A manifest that is being changed.
pub(crate) struct Manifest(DocumentMut);

impl Manifest {
    /// Reads a text.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        Ok(Self(text.parse()?))
    }

    /// Returns the changed text.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    /// Adds a plugin, or says anew where it comes from.
    pub(crate) fn set_plugin(&mut self, name: &str, source: &PluginSource) -> Result<(), Error> {
        let mut table = InlineTable::new();
        let PluginSource { registry, version, path, replaces } = source;
        let keys =
            [("registry", registry), ("version", version), ("path", path), ("replaces", replaces)];
        for (key, text) in keys {
            text.iter().for_each(|text| _ = table.insert(key, text.as_str().into()));
        }
        self.table("plugins", false)?.insert(name, value(table));
        Ok(())
    }

    /// Sets what a plugin may do. Limits that the user set stay.
    pub(crate) fn set_grants(&mut self, name: &str, grants: &Grants) -> Result<(), Error> {
        let limits =
            self.0.get("grants").and_then(|grants| grants.get(name)?.get("limits")).cloned();
        let mut table = granted(grants);
        limits.into_iter().for_each(|limits| _ = table.insert("limits", limits));
        self.table("grants", true)?.insert(name, Item::Table(table));
        Ok(())
    }

    /// Removes a plugin with all that is said of it; says whether there was anything.
    pub(crate) fn remove_plugin(&mut self, name: &str) -> bool {
        let mut removed = false;
        for outer in ["plugins", "grants", "config"] {
            let Some(table) = self.0.get_mut(outer).and_then(Item::as_table_like_mut) else {
                continue;
            };
            removed |= table.remove(name).is_some();
            if table.is_empty() {
                self.0.remove(outer);
            }
        }
        removed
    }

    /// Adds a public key of a publisher; says whether it was new.
    pub(crate) fn add_key(&mut self, publisher: &str, key: &str) -> Result<bool, Error> {
        let trust = self.table("trust", true)?;
        let publishers = trust.entry("publishers").or_insert_with(|| Item::Table(Table::new()));
        let path = || "trust.publishers".to_owned();
        let publishers = publishers.as_table_like_mut().ok_or_else(|| Error::NoTable(path()))?;
        let keys = publishers.entry(publisher).or_insert_with(|| value(Array::new()));
        let keys =
            keys.as_array_mut().ok_or_else(|| Error::NoTable(format!("{}.{publisher}", path())))?;
        let new = keys.iter().all(|known| known.as_str() != Some(key));
        if new {
            keys.push(key);
        }
        Ok(new)
    }

    fn table(
        &mut self,
        name: &str,
        implicit: bool,
    ) -> Result<&mut dyn toml_edit::TableLike, Error> {
        let new = || {
            let mut table = Table::new();
            table.set_implicit(implicit);
            Item::Table(table)
        };
        let item = self.0.entry(name).or_insert_with(new);
        item.as_table_like_mut().ok_or_else(|| Error::NoTable(name.to_owned()))
    }
}

/// Returns what is granted as a table, without the limits, which only the user sets.
fn granted(grants: &Grants) -> Table {
    let entries = [
        ("files", list(&grants.files)),
        ("merge", list(&grants.merge)),
        ("reads", list(&grants.reads)),
        ("fetch", list(&grants.fetch)),
        ("units", list(&grants.units)),
        ("kernel-params", list(&grants.kernel_params)),
        ("remove", list(&grants.remove)),
        ("inputs", named(&grants.inputs, |path| path.as_str().into())),
        ("secrets", named(&grants.secrets, |secret| place(secret).into())),
        ("setuid", grants.setuid.then(|| true.into())),
        ("hooks", grants.hooks.then(|| true.into())),
    ];
    entries.into_iter().filter_map(|(key, given)| Some((key, value(given?)))).collect()
}

fn place(secret: &SecretGrant) -> InlineTable {
    let places = [("env", &secret.env), ("file", &secret.file)];
    let places = places.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?.into())));
    let read = secret.read.then(|| ("read", Value::from(true)));
    places.chain(read).collect()
}

fn named<T>(entries: &BTreeMap<String, T>, of: impl Fn(&T) -> Value) -> Option<Value> {
    let table: InlineTable =
        entries.iter().map(|(name, entry)| (name.as_str(), of(entry))).collect();
    (!table.is_empty()).then(|| table.into())
}

/// Several items stand on a line each.
fn list(items: &[String]) -> Option<Value> {
    let mut array: Array = items.iter().map(String::as_str).collect();
    if items.len() > 2 {
        array.iter_mut().for_each(|item| item.decor_mut().set_prefix("\n  "));
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    (!array.is_empty()).then(|| array.into())
}

#[cfg(test)]
mod tests {
    use isoplug_manifest::plugin::{Limits, Requests};

    use super::*;

    const BEFORE: &str = "\
# ours
image.name = \"a\"   # keep

[profiles.p]
packages.install = [ \"vim\" ]
";

    const ADDED: &str = r#"
[plugins]
hardening = { registry = "registry.example.com/isoplug/hardening", version = "^1.2" }

[grants.hardening]
files = [
  "root:/etc/a",
  "root:/etc/b",
  "root:/etc/c",
]
merge = ["packages.install"]
inputs = { banner = "banner" }
secrets = { luks-pass = { env = "LUKS_PASS" } }
hooks = true
"#;

    fn source() -> PluginSource {
        PluginSource {
            registry: Some("registry.example.com/isoplug/hardening".to_owned()),
            version: Some("^1.2".to_owned()),
            ..PluginSource::default()
        }
    }

    fn grants() -> Grants {
        let text = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        let requests = Requests {
            files: text(&["root:/etc/a", "root:/etc/b", "root:/etc/c"]),
            merge: text(&["packages.install"]),
            inputs: text(&["banner"]),
            secrets: text(&["luks-pass"]),
            hooks: true,
            ..Requests::default()
        };
        requests.granted()
    }

    #[test]
    fn a_plugin_is_added_and_removed() {
        let mut manifest = Manifest::read(BEFORE).unwrap();
        manifest.set_plugin("hardening", &source()).unwrap();
        manifest.set_grants("hardening", &grants()).unwrap();
        assert_eq!(manifest.text(), format!("{BEFORE}{ADDED}"));
        assert!(manifest.remove_plugin("hardening"));
        assert!(!manifest.remove_plugin("hardening"));
        assert_eq!(manifest.text(), BEFORE);
    }

    /// A field that is new does not compile here, and one that `granted` forgets is not read back.
    #[test]
    fn no_grant_is_forgotten() {
        let texts = |text: &str| vec![text.to_owned()];
        let place = |text: &str| Some(text.to_owned());
        let secret = SecretGrant { env: place("E"), file: place("f"), read: true };
        let all = Grants {
            files: texts("root:/a"),
            merge: texts("packages.install"),
            reads: texts("/b"),
            inputs: BTreeMap::from([("i".to_owned(), "c".to_owned())]),
            secrets: BTreeMap::from([("s".to_owned(), secret)]),
            fetch: texts("https://d/"),
            units: texts("e.service"),
            kernel_params: texts("quiet"),
            setuid: true,
            remove: texts("root:/g"),
            hooks: true,
            limits: Limits::default(),
        };
        assert_eq!(toml::from_str::<Grants>(&granted(&all).to_string()).unwrap(), all);
    }

    #[test]
    fn limits_of_the_user_stay() {
        let text = "[grants.hardening]\nhooks = true\nlimits.fuel = \"1G\"\n";
        let mut manifest = Manifest::read(text).unwrap();
        manifest.set_grants("hardening", &Grants::default()).unwrap();
        insta::assert_snapshot!(manifest.text(), @r#"
        [grants.hardening]
        limits.fuel = "1G"
        "#);
    }

    #[test]
    fn a_key_is_added_once() {
        let mut manifest = Manifest::read(BEFORE).unwrap();
        assert!(manifest.add_key("acme", "RWQx").unwrap());
        assert!(!manifest.add_key("acme", "RWQx").unwrap());
        assert!(manifest.add_key("acme", "RWQy").unwrap());
        insta::assert_snapshot!(manifest.text().trim_start_matches(BEFORE), @r#"
        [trust.publishers]
        acme = ["RWQx", "RWQy"]
        "#);
        assert!(Manifest::read("plugins = 3").unwrap().set_plugin("a", &source()).is_err());
    }
}
