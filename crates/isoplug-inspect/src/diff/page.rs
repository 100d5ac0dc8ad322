//! The page of a difference.

use crate::report::page::{Page, Section, human};

use super::{
    Class, Difference, Fact, FileChange, MenuChange, PackageChange, TargetChange,
    VulnerabilityChange,
};

/// How many sizes are shown.
const SIZES: usize = 20;

impl Difference {
    /// Returns it for people.
    #[must_use]
    pub fn page(&self) -> Page {
        let named = |side: &super::Side| match side.bytes {
            0 => side.name.clone(),
            bytes => format!("{} ({})", side.name, human(bytes)),
        };
        let title = format!("{} and {}", named(&self.a), named(&self.b));
        let verdict = match self.class {
            Class::Identical => "identical: every byte is the same",
            Class::SameContent => "same content: only what follows from the making differs",
            Class::Different => "different",
        };
        Page { title, verdict: verdict.to_owned(), sections: self.sections() }
    }

    fn sections(&self) -> Vec<Section> {
        let mut sections = vec![packages("Packages", &self.packages)];
        sections.extend(self.packages.iter().map(changelog));
        let known = vulnerabilities(&self.vulnerabilities);
        let system = facts("System", &self.system);
        sections.extend([known, system, menu(&self.menu), facts("Boot", &self.boot)]);
        sections.extend([files("Files of the medium", &self.medium), order(&self.moved)]);
        sections.push(files("Files of the root filesystem", &self.files));
        sections.push(targets(&self.targets));
        sections.extend(self.targets.iter().flat_map(target));
        sections.push(self.lines());
        sections.push(self.sizes());
        sections.push(self.not_shown());
        sections
    }

    fn lines(&self) -> Section {
        let mut lines = Vec::new();
        let of_targets = self.targets.iter().flat_map(|target| &target.files);
        let all = self.medium.iter().chain(&self.files).chain(of_targets);
        for file in all.filter(|file| !file.explained) {
            for change in file.changes.iter().filter(|change| !change.lines.is_empty()) {
                lines.push(file.path.clone());
                lines.extend(change.lines.iter().map(|line| format!("  {line}")));
            }
        }
        Section::plain("Lines that differ", lines)
    }

    fn sizes(&self) -> Section {
        let rows = self.sizes.iter().take(SIZES).map(|size| {
            let sign = if size.new > size.old { "+" } else { "-" };
            vec![
                format!("{sign}{}", human(size.old.abs_diff(size.new))),
                human(size.new),
                size.owner.clone(),
            ]
        });
        Section::table("Sizes before compression", &["change", "now", "package"], rows.collect())
    }

    fn not_shown(&self) -> Section {
        let of_targets = self.targets.iter().flat_map(|target| &target.files);
        let all = self.files.iter().chain(of_targets);
        let explained = all.filter(|file| file.explained).count();
        let mut rows: Vec<Vec<String>> =
            self.volatile.iter().map(|reason| vec![reason.clone()]).collect();
        if explained > 0 {
            rows.push(vec![format!("{explained} files of packages that differ (JSON lists them)")]);
        }
        Section::table("What follows from the rest", &[], rows)
    }
}

fn packages(title: &str, packages: &[PackageChange]) -> Section {
    let rows = packages.iter().map(|it| {
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
        let versions = format!("{} -> {}", version(&it.old), version(&it.new));
        let size = if it.kib == 0 { String::new() } else { format!("{:+} KiB", it.kib) };
        let more = [&versions[..], &it.cves.join(" ")].join(" ").trim().to_owned();
        vec![it.way.to_owned(), it.name.clone(), size, more]
    });
    Section::table(title, &[], rows.collect())
}

/// Those that both have are only counted: their list is that of `isoplug cve`.
fn vulnerabilities(all: &[VulnerabilityChange]) -> Section {
    let (open, changed): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.way == "open");
    let row = |it: &VulnerabilityChange| {
        let side = |versions: &[String]| match versions {
            [] => "-".to_owned(),
            versions => versions.join(" "),
        };
        let versions = format!("{} -> {}", side(&it.old), side(&it.new));
        let word = if it.way == "new" { format!(" ({})", it.word.text()) } else { String::new() };
        vec![it.way.to_owned(), it.id.clone(), format!("{} {versions}{word}", it.source)]
    };
    let mut rows: Vec<Vec<String>> = changed.into_iter().map(row).collect();
    if !open.is_empty() {
        let count = open.len().to_string();
        rows.push(vec!["open".to_owned(), count, "in both (JSON lists them)".to_owned()]);
    }
    Section::table("Known vulnerabilities", &[], rows)
}

fn changelog(change: &PackageChange) -> Section {
    Section::plain(&format!("Changes of {}", change.name), change.changelog.clone())
}

fn facts(title: &str, facts: &[Fact]) -> Section {
    let rows =
        facts.iter().map(|fact| vec![fact.what.clone(), between(&fact.old, &fact.new)]).collect();
    Section::table(title, &[], rows)
}

fn between(old: &str, new: &str) -> String {
    let word = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    format!("{} -> {}", word(old), word(new))
}

/// Says which systems that the medium installs differ.
fn targets(targets: &[TargetChange]) -> Section {
    let rows = targets.iter().map(|target| {
        let alike = match target.as_live {
            0 => String::new(),
            count => format!("{count} files differ as in the live system"),
        };
        vec![target.way.to_owned(), target.name.clone(), alike]
    });
    Section::table("Systems that it installs", &[], rows.collect())
}

fn target(
    TargetChange { name, packages: all, files: some, system, .. }: &TargetChange,
) -> [Section; 3] {
    [
        packages(&format!("Packages of {name}"), all),
        facts(&format!("System {name}"), system),
        files(&format!("Files of {name}"), some),
    ]
}

fn menu(menu: &[MenuChange]) -> Section {
    let rows = menu.iter().map(|it| {
        let added = it.added.iter().map(|word| format!("+{word}"));
        let removed = it.removed.iter().map(|word| format!("-{word}"));
        vec![
            it.way.to_owned(),
            it.entry.clone(),
            removed.chain(added).collect::<Vec<_>>().join(" "),
        ]
    });
    Section::table("Menu", &[], rows.collect())
}

fn order(moved: &[String]) -> Section {
    let rows = moved.iter().map(|path| vec![path.clone()]).collect();
    Section::table("Order on the medium: these lie elsewhere", &[], rows)
}

fn files(title: &str, files: &[FileChange]) -> Section {
    let shown = files.iter().filter(|file| !file.explained);
    let rows = shown.map(|file| {
        let changes = file.changes.iter().map(|it| match &*it.what {
            "content" if it.old == it.new => "content".to_owned(),
            what => format!("{what} {}", between(&it.old, &it.new)),
        });
        let owner =
            file.package.as_ref().map(|package| format!(" ({package})")).unwrap_or_default();
        let changes = changes.collect::<Vec<_>>().join(", ");
        let what = [if changes.is_empty() { "" } else { ": " }, &changes].concat();
        vec![file.way.to_owned(), format!("{}{owner}{what}", file.path)]
    });
    Section::table(title, &[], rows.collect())
}
