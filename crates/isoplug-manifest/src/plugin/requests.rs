//! What a plugin asks for, in the words of grants, and what of it is not granted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Grants, SecretGrant};

/// What a plugin asks for: the part `requests` of what it says of itself.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Requests {
    /// As in [`Grants::files`].
    pub files: Vec<String>,
    /// As in [`Grants::merge`].
    pub merge: Vec<String>,
    /// As in [`Grants::reads`].
    pub reads: Vec<String>,
    /// The names of inputs.
    pub inputs: Vec<String>,
    /// The names of secrets.
    pub secrets: Vec<String>,
    /// As in [`Grants::fetch`].
    pub fetch: Vec<String>,
    /// As in [`Grants::units`].
    pub units: Vec<String>,
    /// As in [`Grants::kernel_params`].
    pub kernel_params: Vec<String>,
    /// As in [`Grants::setuid`].
    pub setuid: bool,
    /// As in [`Grants::remove`].
    pub remove: Vec<String>,
    /// As in [`Grants::hooks`].
    pub hooks: bool,
}

impl Requests {
    /// Says whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns what is asked for in other words than the grants have. Whether a wider grant covers
    /// a request is for a person to say.
    #[must_use]
    pub fn beyond(&self, granted: &Grants) -> Self {
        let names = |inputs: &mut dyn Iterator<Item = &String>| inputs.cloned().collect();
        self.without(&Self {
            files: granted.files.clone(),
            merge: granted.merge.clone(),
            reads: granted.reads.clone(),
            inputs: names(&mut granted.inputs.keys()),
            secrets: names(&mut granted.secrets.keys()),
            fetch: granted.fetch.clone(),
            units: granted.units.clone(),
            kernel_params: granted.kernel_params.clone(),
            setuid: granted.setuid,
            remove: granted.remove.clone(),
            hooks: granted.hooks,
        })
    }

    /// Returns what is asked for here and not there.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let less = |mine: &[String], others: &[String]| {
            mine.iter().filter(|mine| !others.contains(mine)).cloned().collect()
        };
        Self {
            files: less(&self.files, &other.files),
            merge: less(&self.merge, &other.merge),
            reads: less(&self.reads, &other.reads),
            inputs: less(&self.inputs, &other.inputs),
            secrets: less(&self.secrets, &other.secrets),
            fetch: less(&self.fetch, &other.fetch),
            units: less(&self.units, &other.units),
            kernel_params: less(&self.kernel_params, &other.kernel_params),
            setuid: self.setuid && !other.setuid,
            remove: less(&self.remove, &other.remove),
            hooks: self.hooks && !other.hooks,
        }
    }

    /// Returns one line for each request, in the words of grants: `files root:/etc/motd`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lists = [
            ("files", &self.files),
            ("merge", &self.merge),
            ("reads", &self.reads),
            ("inputs", &self.inputs),
            ("secrets", &self.secrets),
            ("fetch", &self.fetch),
            ("units", &self.units),
            ("kernel-params", &self.kernel_params),
            ("remove", &self.remove),
        ];
        let listed = lists
            .into_iter()
            .flat_map(|(word, items)| items.iter().map(move |item| format!("{word} {item}")));
        let flags = [("setuid", self.setuid), ("hooks", self.hooks)];
        let flags = flags.into_iter().filter(|(_, asked)| *asked).map(|(word, _)| word.to_owned());
        listed.chain(flags).collect()
    }

    /// Returns the grants that allow all of it. Inputs are looked for under their own names beside
    /// the manifest, secrets in environment variables of their names in capitals.
    #[must_use]
    pub fn granted(&self) -> Grants {
        let secret = |name: &String| {
            let env = Some(name.to_uppercase().replace('-', "_"));
            (name.clone(), SecretGrant { env, ..SecretGrant::default() })
        };
        Grants {
            files: self.files.clone(),
            merge: self.merge.clone(),
            reads: self.reads.clone(),
            inputs: self.inputs.iter().map(|name| (name.clone(), name.clone())).collect(),
            secrets: self.secrets.iter().map(secret).collect(),
            fetch: self.fetch.clone(),
            units: self.units.clone(),
            kernel_params: self.kernel_params.clone(),
            setuid: self.setuid,
            remove: self.remove.clone(),
            hooks: self.hooks,
            ..Grants::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_is_not_beyond() {
        let requests = Requests {
            files: vec!["root:/etc/motd".to_owned(), "iso:/x".to_owned()],
            inputs: vec!["banner".to_owned()],
            hooks: true,
            ..Requests::default()
        };
        assert!(requests.beyond(&requests.granted()).is_empty());
        let granted = Grants { files: vec!["iso:/x".to_owned()], ..Grants::default() };
        let lines = ["files root:/etc/motd", "inputs banner", "hooks"];
        assert_eq!(requests.beyond(&granted).lines(), lines);
    }
}
