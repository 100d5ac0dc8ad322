//! Reads the parts of a unit file that say how it is enabled (systemd.unit(5), "[Install]").

/// What `[Install]` says. Empty for a unit without that section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Install {
    /// Other names of the unit.
    pub(super) alias: Vec<String>,
    /// Units that want this one.
    pub(super) wanted_by: Vec<String>,
    /// Units that require this one.
    pub(super) required_by: Vec<String>,
    /// Units that keep this one up.
    pub(super) upheld_by: Vec<String>,
    /// Units that are enabled with this one.
    pub(super) also: Vec<String>,
    /// The instance of a template to enable when none is named.
    pub(super) default_instance: Option<String>,
}

impl Install {
    /// Reads the text of a unit file. What it does not know, it leaves to systemd.
    pub(super) fn parse(text: &str) -> Self {
        let mut install = Self::default();
        let mut inside = false;
        for line in logical_lines(text) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(section) => inside = section == "Install",
                None if inside => install.set(&line),
                None => {}
            }
        }
        install
    }

    /// Tells whether enabling the unit does nothing.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self { default_instance: self.default_instance.clone(), ..Self::default() }
    }

    fn set(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let (key, value) = (key.trim(), value.trim());
        let list = match key {
            "Alias" => &mut self.alias,
            "WantedBy" => &mut self.wanted_by,
            "RequiredBy" => &mut self.required_by,
            "UpheldBy" => &mut self.upheld_by,
            "Also" => &mut self.also,
            "DefaultInstance" => {
                self.default_instance = (!value.is_empty()).then(|| value.to_owned());
                return;
            }
            _ => return,
        };
        match value {
            "" => list.clear(),
            names => list.extend(names.split_whitespace().map(str::to_owned)),
        }
    }
}

/// Returns the lines without comments; one that ends in a backslash goes on in the next.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) || (line.is_empty() && !goes_on) {
            continue;
        }
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut() {
            Some(last) if goes_on => *last = format!("{last} {part}"),
            _ => lines.push(part.to_owned()),
        }
        goes_on = more;
    }
    lines
}

/// A unit's name in its parts: `getty@tty1.service` is `getty`, `tty1`, `service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// What stands before `@`, or before the last dot.
    pub(super) prefix: &'a str,
    /// The instance, empty for a template; `None` for a unit that is neither.
    pub(super) instance: Option<&'a str>,
    /// The type: `service`, `target`.
    pub(super) suffix: &'a str,
}

impl<'a> Name<'a> {
    /// Takes a name with its type apart.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (stem, suffix) = name.rsplit_once('.')?;
        let (prefix, instance) = match stem.split_once('@') {
            Some((prefix, instance)) => (prefix, Some(instance)),
            None => (stem, None),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        let valid = !prefix.is_empty() && name.chars().all(legal) && TYPES.contains(&suffix);
        valid.then_some(Self { prefix, instance, suffix })
    }

    /// Returns the name of the file that describes it.
    pub(super) fn file(&self) -> String {
        let at = if self.instance.is_some() { "@" } else { "" };
        format!("{}{at}.{}", self.prefix, self.suffix)
    }

    /// Returns the name of an instance of the same template.
    pub(super) fn with_instance(&self, instance: &str) -> String {
        format!("{}@{instance}.{}", self.prefix, self.suffix)
    }

    /// Tells whether it is a template without an instance.
    pub(super) fn is_template(&self) -> bool {
        self.instance == Some("")
    }
}

/// The types of units.
const TYPES: [&str; 11] = [
    "service",
    "socket",
    "target",
    "timer",
    "mount",
    "path",
    "device",
    "automount",
    "swap",
    "slice",
    "scope",
];

/// Replaces the specifiers of `[Install]` that depend on the name alone; `None` for others.
pub(super) fn expand(text: &str, unit: &str) -> Option<String> {
    let name = Name::parse(unit)?;
    let instance = name.instance.unwrap_or_default();
    let mut expanded = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            expanded.push(character);
            continue;
        }
        match characters.next()? {
            '%' => expanded.push('%'),
            'i' => expanded.push_str(instance),
            'n' => expanded.push_str(unit),
            'N' => expanded.push_str(unit.strip_suffix(&format!(".{}", name.suffix))?),
            'p' => expanded.push_str(name.prefix),
            'j' => expanded.push_str(name.prefix.rsplit('-').next()?),
            _ => return None,
        }
    }
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_append_go_on_and_are_cleared() {
        let text = "[Unit]\nWantedBy=no\n[Install]\nWantedBy = a.target \\\n# comment\n b.target\n\
                    WantedBy=c.target\nAlias=x\nAlias=\nDefaultInstance=tty1\n[X-Other]\nAlso=no";
        let install = Install::parse(text);
        assert_eq!(install.wanted_by, ["a.target", "b.target", "c.target"]);
        assert_eq!((install.alias.len(), install.also.len()), (0, 0));
        assert_eq!(install.default_instance.as_deref(), Some("tty1"));
    }

    #[test]
    fn names_come_apart() {
        let name = Name::parse("getty@tty1.service").unwrap();
        assert_eq!((name.prefix, name.instance, name.suffix), ("getty", Some("tty1"), "service"));
        assert_eq!(name.file(), "getty@.service");
        assert!(Name::parse("a/b.service").is_none() && Name::parse("a.conf").is_none());
        assert_eq!(expand("%p-%i.target", "a@b.service").unwrap(), "a-b.target");
        assert_eq!(expand("%H", "a.service"), None);
    }
}
