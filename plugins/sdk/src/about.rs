//! What a plugin says of itself: the document of `describe`.

use isoplug_sdk_derive::json;

use crate::json::{self, Value};

/// What a plugin says of itself beyond its package: requests and examples.
///
/// Requests are in the words of grants: what the user is asked to allow when the plugin is added.
#[derive(Debug, Clone)]
pub struct About {
    requests: Value,
    examples: Value,
    stages: &'static [&'static str],
    architectures: &'static [&'static str],
}

impl Default for About {
    fn default() -> Self {
        Self::new()
    }
}

impl About {
    /// Starts with no requests and no examples.
    pub fn new() -> Self {
        Self {
            requests: Value::table(),
            examples: Value::List(Vec::new()),
            stages: &[],
            architectures: &[],
        }
    }

    /// Asks to place files, as patterns after the tree's name: `root:/etc/ssh/**`, `iso:/*.html`.
    pub fn files(self, patterns: &[&str]) -> Self {
        self.request("files", json!(patterns))
    }

    /// Asks to set options: `packages.install`, `networking.hostname`.
    pub fn merge(self, options: &[&str]) -> Self {
        self.request("merge", json!(options))
    }

    /// Asks for inputs by name: files or folders that the user grants.
    pub fn inputs(self, names: &[&str]) -> Self {
        self.request("inputs", json!(names))
    }

    /// Asks for secrets by name.
    pub fn secrets(self, names: &[&str]) -> Self {
        self.request("secrets", json!(names))
    }

    /// Asks to read from the root filesystem: `/var/lib/dpkg/status`, `/etc/**`.
    pub fn reads(self, patterns: &[&str]) -> Self {
        self.request("reads", json!(patterns))
    }

    /// Asks to define or enable systemd units, as patterns of names.
    pub fn units(self, patterns: &[&str]) -> Self {
        self.request("units", json!(patterns))
    }

    /// Asks to set kernel parameters, as patterns of items of `boot.kernel-params`.
    pub fn kernel_params(self, patterns: &[&str]) -> Self {
        self.request("kernel-params", json!(patterns))
    }

    /// Asks for downloads, as patterns of addresses.
    pub fn fetch(self, patterns: &[&str]) -> Self {
        self.request("fetch", json!(patterns))
    }

    /// Asks to remove entries, as patterns after the tree's name.
    pub fn remove(self, patterns: &[&str]) -> Self {
        self.request("remove", json!(patterns))
    }

    /// Asks to set the bits setuid, setgid and sticky.
    pub fn setuid(self) -> Self {
        self.request("setuid", Value::Bool(true))
    }

    /// Asks to run scripts as root inside the image's own root filesystem.
    pub fn hooks(self) -> Self {
        self.request("hooks", Value::Bool(true))
    }

    /// Names the architectures of images that the plugin is for, in Debian's words: `amd64`, `arm64`. Without it, all.
    pub fn architectures(self, names: &'static [&'static str]) -> Self {
        Self { architectures: names, ..self }
    }

    /// Shows a use of the plugin: what it is good for, and the options.
    pub fn example(mut self, title: &str, options: Value) -> Self {
        self.examples.push(json!({ "title": title, "config": options }));
        self
    }

    fn request(mut self, word: &'static str, value: Value) -> Self {
        self.requests.put(word, value);
        self
    }

    #[doc(hidden)]
    pub fn of_stages(self, stages: &'static [&'static str]) -> Self {
        Self { stages, ..self }
    }
}

/// What Cargo knows of the plugin: the export macros fill it in.
#[doc(hidden)]
pub struct Package {
    pub id: &'static str,
    pub version: &'static str,
    pub summary: &'static str,
    pub licence: &'static str,
    pub homepage: &'static str,
}

pub(crate) fn document(package: &Package, options: Value, about: About) -> String {
    let mut document = Value::table();
    document.put("id", Value::Text(package.id.into()));
    document.put("version", Value::Text(package.version.into()));
    document.put("options", options);
    document.put("requests", about.requests);
    document.put("examples", about.examples);
    let words = [
        ("summary", package.summary),
        ("licence", package.licence),
        ("homepage", package.homepage),
    ];
    for (word, text) in words.into_iter().filter(|(_, text)| !text.is_empty()) {
        document.put(word, Value::Text(text.into()));
    }
    for (word, names) in [("architectures", about.architectures), ("stages", about.stages)] {
        if !names.is_empty() {
            document.put(word, names);
        }
    }
    json::text(&document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(about: About) -> String {
        let (id, version) = ("acme.a", "1.0.0");
        let package = Package { id, version, summary: "", licence: "", homepage: "" };
        document(&package, Value::table(), about)
    }

    #[test]
    fn architectures_are_named_where_they_are_not_all() {
        assert!(!text(About::new()).contains("architectures"));
        let some = text(About::new().architectures(&["amd64", "arm64"]));
        assert!(some.contains(r#""architectures":["amd64","arm64"]"#), "{some}");
    }
}
