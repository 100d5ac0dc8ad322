//! What a plugin may see and contribute: every call of a guest comes by here.
//!
//! A refusal says which line of the manifest would allow it.

mod fragment;
pub(crate) mod path;
pub(crate) mod pattern;

use isoplug_manifest::path::split;

use crate::{Error, Grants, SecretGrant, Tree};
use pattern::{PathPattern, covers_url};

/// The grants of one plugin, patterns read.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    plugin: String,
    files: Vec<(Tree, PathPattern)>,
    remove: Vec<(Tree, PathPattern)>,
    reads: Vec<PathPattern>,
    merge: Vec<Vec<String>>,
    grants: Grants,
}

impl Allowed {
    /// Reads the patterns in the grants of a plugin.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub fn read(plugin: &str, grants: &Grants) -> Result<Self, Error> {
        let wrong = |pattern: &str, reason| Error::Pattern {
            plugin: plugin.to_owned(),
            pattern: pattern.to_owned(),
            reason,
        };
        let path = |text: &String| PathPattern::read(text).map_err(|reason| wrong(text, reason));
        let tree = |text: &String| tree_pattern(text).map_err(|reason| wrong(text, reason));
        Ok(Self {
            plugin: plugin.to_owned(),
            files: grants.files.iter().map(tree).collect::<Result<_, _>>()?,
            remove: grants.remove.iter().map(tree).collect::<Result<_, _>>()?,
            reads: grants.reads.iter().map(path).collect::<Result<_, _>>()?,
            merge: grants.merge.iter().map(|pattern| split(pattern)).collect(),
            grants: grants.clone(),
        })
    }

    /// Returns the path at which an entry may be put, in its shortest form.
    ///
    /// # Errors
    ///
    /// When it may not be put there: the line of the manifest that would allow it.
    pub fn entry(&self, tree: Tree, path: &str) -> Result<String, String> {
        let path = self.place(tree, path)?;
        if !covers(&self.files, tree, &path) {
            let named = format!("{tree}:{path}");
            return Err(format!("{named} is not granted; {}", self.line("files", &named)));
        }
        if let Some(unit) = path::systemd_unit(&path).filter(|_| tree == Tree::Root) {
            self.unit(unit).map_err(|reason| format!("{path}: {reason}"))?;
        }
        Ok(path)
    }

    /// Returns the path at which everything may be removed, in its shortest form.
    pub(crate) fn removal(&self, tree: Tree, path: &str) -> Result<String, String> {
        let path = self.place(tree, path)?;
        if covers(&self.remove, tree, &path) {
            return Ok(path);
        }
        let named = format!("{tree}:{path}");
        Err(format!("removing {named} is not granted; {}", self.line("remove", &named)))
    }

    fn place(&self, tree: Tree, path: &str) -> Result<String, String> {
        let path = path::normal(path).map_err(|reason| format!("{path:?}: {reason}"))?;
        if path == "/" {
            return Err("/: the root folder itself cannot be set".to_owned());
        }
        match path::refused_in_root(&path).filter(|_| tree == Tree::Root) {
            Some(reason) => Err(format!("{path}: {reason}")),
            None => Ok(path),
        }
    }

    /// Refuses a path to which links lead, if what is there is not granted. With a merged `/usr`,
    /// `/lib` and `/usr/lib` are one place.
    pub(crate) fn leads_to(&self, removes: bool, path: &str) -> Result<(), String> {
        let (word, granted) =
            if removes { ("remove", &self.remove) } else { ("files", &self.files) };
        let merged = path::merged_usr(path);
        let covers = |(tree, pattern): &(Tree, PathPattern)| {
            *tree == Tree::Root && pattern.merged_usr().covers(&merged)
        };
        if let Some(reason) = path::refused_in_root(path) {
            return Err(reason);
        }
        if !granted.iter().any(covers) {
            let named = format!("root:{path}");
            return Err(format!("{named} is not granted; {}", self.line(word, &named)));
        }
        path::systemd_unit(path).map_or(Ok(()), |unit| self.unit(unit))
    }

    /// Returns permission bits that are in range and granted.
    pub(crate) fn mode(&self, path: &str, mode: u32) -> Result<u16, String> {
        let bits = u16::try_from(mode).ok().filter(|mode| *mode <= 0o7777);
        let bits = bits.ok_or_else(|| format!("{path}: {mode:#o} are not permission bits"))?;
        if bits & 0o7000 != 0 && !self.grants.setuid {
            let line = self.set("setuid");
            return Err(format!("{path}: mode {bits:04o} is not granted; {line}"));
        }
        Ok(bits)
    }

    /// Refuses hooks that are not granted.
    pub(crate) fn hook(&self) -> Result<(), String> {
        if self.grants.hooks {
            Ok(())
        } else {
            Err(format!("hooks are not granted; {}", self.set("hooks")))
        }
    }

    /// Refuses to read a path of the root filesystem that is not granted.
    ///
    /// # Errors
    ///
    /// The line of the manifest that would allow it.
    pub fn reads(&self, path: &str) -> Result<(), String> {
        if self.reads.iter().any(|pattern| pattern.covers(path)) {
            return Ok(());
        }
        Err(format!("reading {path} is not granted; {}", self.line("reads", path)))
    }

    /// Returns where a granted input is.
    pub(crate) fn input(&self, name: &str) -> Result<&str, String> {
        let place = self.grants.inputs.get(name).map(String::as_str);
        place.ok_or_else(|| {
            let line = format!("inputs = {{ {name} = \"PATH\" }}");
            format!("input `{name}` is not granted; `{line}` {}", self.there())
        })
    }

    /// Returns where a granted secret is.
    pub(crate) fn secret(&self, name: &str) -> Result<&SecretGrant, String> {
        self.grants.secrets.get(name).ok_or_else(|| {
            let line = format!("secrets = {{ {name} = {{ env = \"VARIABLE\" }} }}");
            format!("secret `{name}` is not granted; `{line}` {}", self.there())
        })
    }

    /// Refuses to read a secret that may only be placed.
    pub(crate) fn reveals(&self, name: &str) -> Result<(), String> {
        if self.grants.secrets.get(name).is_some_and(|secret| secret.read) {
            return Ok(());
        }
        let there = self.there();
        Err(format!(
            "secret `{name}` may be placed, not read; `secrets.{name}.read = true` {there}"
        ))
    }

    /// Refuses an address that is not granted.
    ///
    /// # Errors
    ///
    /// The line of the manifest that would allow it.
    pub fn fetch(&self, url: &str) -> Result<(), String> {
        if self.grants.fetch.iter().any(|granted| covers_url(granted, url)) {
            return Ok(());
        }
        Err(format!("fetching {url} is not granted; {}", self.line("fetch", url)))
    }

    /// Names the line that would allow something of a list.
    fn line(&self, word: &str, item: &str) -> String {
        format!("`{word} = [{item:?}]` {}", self.there())
    }

    fn set(&self, word: &str) -> String {
        format!("`{word} = true` {}", self.there())
    }

    fn there(&self) -> String {
        format!("in [grants.{}] would allow it", self.plugin)
    }
}

fn covers(patterns: &[(Tree, PathPattern)], tree: Tree, path: &str) -> bool {
    patterns.iter().any(|(of, pattern)| *of == tree && pattern.covers(path))
}

fn tree_pattern(text: &str) -> Result<(Tree, PathPattern), String> {
    let tree = text.split_once(':').and_then(|(tree, path)| Some((Tree::named(tree)?, path)));
    let (tree, path) = tree.ok_or("it begins with `root:` or `iso:`")?;
    Ok((tree, PathPattern::read(path)?))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn allowed() -> Allowed {
        let grants = Grants {
            files: ["root:/etc/**", "iso:/docs/*"].map(str::to_owned).to_vec(),
            remove: vec!["root:/usr/share/doc/**".to_owned()],
            reads: vec!["/etc/**".to_owned()],
            fetch: vec!["https://example.com/**".to_owned()],
            units: vec!["acme-*.service".to_owned()],
            ..Grants::default()
        };
        Allowed::read("acme", &grants).unwrap()
    }

    #[test]
    fn granted_paths_come_back_in_their_shortest_form() {
        let allowed = allowed();
        assert_eq!(allowed.entry(Tree::Root, "/etc//motd").unwrap(), "/etc/motd");
        assert_eq!(allowed.entry(Tree::Iso, "/docs/a").unwrap(), "/docs/a");
        let unit = "/etc/systemd/system/acme-a.service";
        assert_eq!(allowed.entry(Tree::Root, unit).unwrap(), unit);
        assert!(allowed.removal(Tree::Root, "/usr/share/doc/vim").is_ok());
        assert!(allowed.leads_to(false, "/etc/x").is_ok());
        assert_eq!(allowed.mode("/etc/x", 0o755).unwrap(), 0o755);
    }

    #[test]
    fn paths_are_refused_with_the_line_that_would_allow_them() {
        let allowed = allowed();
        let entry = |path| allowed.entry(Tree::Root, path).unwrap_err();
        assert_snapshot!(
            entry("/usr/bin/x"),
            @r#"root:/usr/bin/x is not granted; `files = ["root:/usr/bin/x"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            entry("/etc/systemd/system/x.service"),
            @r#"/etc/systemd/system/x.service: systemd unit `x.service` is not granted; `units = ["x.service"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(entry("/etc/../x"), @r#""/etc/../x": a path has no `..`"#);
        assert_snapshot!(entry("/proc/x"), @"/proc/x: /proc belongs to the kernel of the running system");
    }

    #[test]
    fn what_would_be_too_mighty_is_refused() {
        let allowed = allowed();
        assert_snapshot!(
            allowed.removal(Tree::Iso, "/docs/a").unwrap_err(),
            @r#"removing iso:/docs/a is not granted; `remove = ["iso:/docs/a"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            allowed.mode("/etc/x", 0o4755).unwrap_err(),
            @"/etc/x: mode 4755 is not granted; `setuid = true` in [grants.acme] would allow it"
        );
        assert_snapshot!(allowed.mode("/etc/x", 0o100_644).unwrap_err(), @"/etc/x: 0o100644 are not permission bits");
        assert_snapshot!(
            allowed.hook().unwrap_err(),
            @"hooks are not granted; `hooks = true` in [grants.acme] would allow it"
        );
    }

    #[test]
    fn what_may_not_be_seen_is_refused() {
        let allowed = allowed();
        assert_snapshot!(
            allowed.reads("/root/.ssh").unwrap_err(),
            @r#"reading /root/.ssh is not granted; `reads = ["/root/.ssh"]` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            allowed.input("banner").unwrap_err(),
            @r#"input `banner` is not granted; `inputs = { banner = "PATH" }` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            allowed.secret("luks").unwrap_err(),
            @r#"secret `luks` is not granted; `secrets = { luks = { env = "VARIABLE" } }` in [grants.acme] would allow it"#
        );
        assert_snapshot!(
            allowed.fetch("https://evil.org/x").unwrap_err(),
            @r#"fetching https://evil.org/x is not granted; `fetch = ["https://evil.org/x"]` in [grants.acme] would allow it"#
        );
    }
}
