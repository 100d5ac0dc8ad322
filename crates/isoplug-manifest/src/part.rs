//! A part: one subject of the manifest. Its fields are all that it reads.
//!
//! A part says what its options ask of the rest of the image, always because of an option, and what is wrong
//! with them. It makes no file: its contributor does that, in `isoplug-image`.

use isoplug_promise::{Check, Promise, UnitState};

use crate::diagnostic::Diagnostic;
use crate::merge::{Content, Setting};
use crate::option::Path;
use crate::text::Origin;

/// One subject of the manifest.
pub(crate) trait Part {
    /// Says what its options ask of the rest of the image. The same fields give the same answer.
    fn contribute(&self, _out: &mut Contribution) {}

    /// Reports what each option alone allows and what together is a mistake, or probably one.
    fn lint(&self, _lint: &mut Lint<'_>) {}
}

/// Something that is needed, and the option that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed<T> {
    /// What.
    pub what: T,
    /// The path of the option that is the reason, such as `services.openssh.enable`.
    pub because: String,
}

/// A package that the image gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package's name, with architecture, version and suite as they were given.
    pub name: String,
    /// Whether the image can do without it where no source has it.
    pub optional: bool,
}

/// What parts need. It cannot be argued away, only by changing the option that is its reason.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contribution {
    /// Packages of the root filesystem. Of several parts that need one, the last in the list counts.
    pub packages: Vec<Needed<Package>>,
    /// Units to start at boot.
    pub units: Vec<Needed<String>>,
    /// What a running image shows.
    pub checks: Vec<Needed<Check>>,
}

impl Contribution {
    /// Begins to ask for things because of an option. There is no other way to ask.
    pub(crate) fn because<T>(&mut self, option: Path<T>) -> Because<'_> {
        Because { because: option.to_string(), out: self }
    }
}

/// Asks for things, all for one reason.
pub(crate) struct Because<'a> {
    out: &'a mut Contribution,
    because: String,
}

impl Because<'_> {
    /// Needs a package in the root filesystem.
    pub(crate) fn package(&mut self, name: &str) -> &mut Self {
        self.add_package(name, false)
    }

    /// Needs a package where a source has it.
    pub(crate) fn optional_package(&mut self, name: &str) -> &mut Self {
        self.add_package(name, true)
    }

    fn add_package(&mut self, name: &str, optional: bool) -> &mut Self {
        let what = Package { name: name.to_owned(), optional };
        self.out.packages.push(Needed { what, because: self.because.clone() });
        self
    }

    /// Needs a unit that starts at boot, and promises that it does.
    pub(crate) fn unit(&mut self, name: &str) -> &mut Self {
        let name = name.to_owned();
        self.out.units.push(Needed { what: name.clone(), because: self.because.clone() });
        self.promise(Promise::Unit { name, state: UnitState::Enabled })
    }

    /// Promises what a running image shows.
    pub(crate) fn promise(&mut self, promise: Promise) -> &mut Self {
        self.check(promise.into())
    }

    /// Promises it with a title of its own, or where a firmware or a medium matters.
    pub(crate) fn check(&mut self, check: Check) -> &mut Self {
        self.out.checks.push(Needed { what: check, because: self.because.clone() });
        self
    }
}

/// Where the findings of lints go, each drawn on the option that it is about.
pub(crate) struct Lint<'a> {
    pub(crate) settings: &'a Setting,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Lint<'a> {
    /// Reports something that no option is to blame for, or whose place is given already.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Reports it where an option was set, if somebody set it.
    pub(crate) fn report_at<T>(&mut self, diagnostic: Diagnostic, option: &Path<T>) {
        self.found.push(self.at(diagnostic, option));
    }

    /// Adds the place where an option was set, if somebody set it.
    pub(crate) fn at<T>(&self, diagnostic: Diagnostic, option: &Path<T>) -> Diagnostic {
        match self.origin(option) {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        }
    }

    /// Tells whether somebody set an option.
    pub(crate) fn is_set<T>(&self, option: &Path<T>) -> bool {
        self.setting(option).is_some()
    }

    /// Returns where an option was set, if somebody set it.
    pub(crate) fn origin<T>(&self, option: &Path<T>) -> Option<&'a Origin> {
        let said = self.setting(option).and_then(|setting| setting.won.last());
        said.map(|said| &said.value.origin)
    }

    /// Returns where each item of a list was written.
    pub(crate) fn items<T>(&self, option: &Path<T>) -> Vec<&'a Origin> {
        match self.setting(option).map(|setting| &setting.content) {
            Some(Content::List(items)) => items.iter().map(|item| &item.origin).collect(),
            _ => Vec::new(),
        }
    }

    fn setting<T>(&self, option: &Path<T>) -> Option<&'a Setting> {
        self.settings.at(&option.keys())
    }
}
