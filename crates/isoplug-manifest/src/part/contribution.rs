//! What parts say: which options they set, and what they need, always because of an option.

use isoplug_promise::{BootCheck, Promise, UnitState};
use serde::Serialize;
use serde_json::Value as Json;

use crate::by::By;
use crate::file::{File, IsoFile};
use crate::option::Path;
use crate::package::name_in;
use crate::strength::Strength;

/// Something that is needed, and the option that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed<T> {
    /// What.
    pub what: T,
    /// The path of the option that is the reason, such as `services.openssh.enable`.
    pub because: String,
    /// Who needs it.
    pub by: By,
}

/// A package that the image gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package's name, with architecture, version and suite as they were given.
    pub name: String,
    /// Whether the image can do without it where no source has it.
    pub optional: bool,
}

impl Package {
    /// Returns the package's name alone, without architecture, version and suite.
    #[must_use]
    pub fn bare_name(&self) -> &str {
        name_in(&self.name)
    }
}

/// A further way to start the image, offered below the others in the boot menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    /// Its name in GRUB, such as `copy-to-ram`.
    pub id: String,
    /// What stands in its label behind the image's name, between parentheses.
    pub label: String,
    /// Kernel parameters of this entry alone.
    pub params: Vec<String>,
    /// The submenu that it is in.
    pub submenu: Option<String>,
}

/// What parts need. It cannot be argued away, only by changing the option that is its reason.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contribution {
    /// Packages of the root filesystem. Of several parts that need one, the last in the list counts.
    pub packages: Vec<Needed<Package>>,
    /// Units to start at boot.
    pub units: Vec<Needed<String>>,
    /// Parameters for the kernel, beside those of `boot.kernel-params`.
    pub kernel_params: Vec<Needed<String>>,
    /// Entries of the boot menu.
    pub menu: Vec<Needed<MenuEntry>>,
    /// Files of the root filesystem. One of the user's with the same path wins.
    pub files: Vec<Needed<File>>,
    /// Files of the medium. One of the user's with the same path wins.
    pub medium: Vec<Needed<IsoFile>>,
    /// What a running image shows.
    pub checks: Vec<Needed<BootCheck>>,
    /// Options that are set. They merge with what the user says.
    pub(crate) fragments: Vec<Fragment>,
    /// Who is being asked.
    pub(crate) asked: By,
}

/// Options that somebody sets beside the user, kept as a text of its own so that messages and `explain` show them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fragment {
    /// Who sets them.
    pub(crate) by: By,
    /// The name of the text.
    pub(crate) title: String,
    /// What is set.
    pub(crate) value: Json,
    /// How strongly.
    pub(crate) strength: Strength,
    /// Why; a plugin's module gives no reason.
    pub(crate) reason: Option<Reason>,
}

/// Why a part sets an option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reason {
    /// The path of the option that is set.
    pub(crate) option: String,
    /// The path of the option that is the reason.
    pub(crate) because: String,
}

impl Contribution {
    /// Begins to ask for things because of an option. A part has no other way to ask.
    pub fn because<T>(&mut self, option: Path<T>) -> Because<'_> {
        Because { because: option.to_string(), out: self }
    }

    /// Returns each package once. The last to need it counts: what the user lists is asked for last.
    pub(crate) fn packages_once(&self) -> Vec<&Needed<Package>> {
        let mut once: Vec<&Needed<Package>> = Vec::new();
        for needed in self.packages.iter().rev() {
            if !once.iter().any(|other| other.what.name == needed.what.name) {
                once.push(needed);
            }
        }
        once
    }
}

/// Asks for things, all for one reason.
pub struct Because<'a> {
    out: &'a mut Contribution,
    because: String,
}

impl Because<'_> {
    /// Sets an option: a plain value of the user's wins, a fallback gives way. A list gives way as a whole, so what is to be
    /// added to one is asked for by the other functions.
    pub fn set<T: Serialize>(&mut self, option: &Path<T>, value: T) -> &mut Self {
        let by = self.out.asked.clone();
        // Every option is data; what none is has no place in the shape, which says so.
        let value = serde_json::to_value(value).unwrap_or_default();
        let wrap =
            |value, key: &&str| Json::Object([((*key).to_owned(), value)].into_iter().collect());
        self.out.fragments.push(Fragment {
            title: format!("part {by} (because of {})", self.because),
            value: option.keys().iter().rev().fold(value, wrap),
            strength: Strength::Derived,
            reason: Some(Reason { option: option.to_string(), because: self.because.clone() }),
            by,
        });
        self
    }

    /// Needs a package in the root filesystem.
    pub fn package(&mut self, name: &str) -> &mut Self {
        self.add_package(name, false)
    }

    /// Needs a package where a source has it.
    pub fn optional_package(&mut self, name: &str) -> &mut Self {
        self.add_package(name, true)
    }

    fn add_package(&mut self, name: &str, optional: bool) -> &mut Self {
        let needed = self.needed(Package { name: name.to_owned(), optional });
        self.out.packages.push(needed);
        self
    }

    /// Needs a unit that starts at boot, and promises that it does.
    pub fn unit(&mut self, name: &str) -> &mut Self {
        let needed = self.needed(name.to_owned());
        self.out.units.push(needed);
        self.promise(Promise::Unit { name: name.to_owned(), state: UnitState::Enabled })
    }

    /// Needs a kernel parameter, and promises that the kernel got it.
    pub fn kernel_param(&mut self, param: &str) -> &mut Self {
        let needed = self.needed(param.to_owned());
        self.out.kernel_params.push(needed);
        self.promise(Promise::KernelParam { param: param.to_owned() })
    }

    /// Needs an entry in the boot menu.
    pub fn menu_entry(&mut self, entry: MenuEntry) -> &mut Self {
        let needed = self.needed(entry);
        self.out.menu.push(needed);
        self
    }

    /// Needs a file in the root filesystem, and promises that there is one. What the user puts in its place is the
    /// user's, so nothing else of it is promised.
    pub fn file(&mut self, file: File) -> &mut Self {
        let path = file.target.clone();
        let needed = self.needed(file);
        self.out.files.push(needed);
        let [sha256, owner, contains] = [const { None }; 3];
        self.promise(Promise::File { path, sha256, mode: None, owner, contains })
    }

    /// Needs a file on the medium.
    pub fn medium_file(&mut self, file: IsoFile) -> &mut Self {
        let needed = self.needed(file);
        self.out.medium.push(needed);
        self
    }

    /// Promises what a running image shows.
    pub fn promise(&mut self, promise: Promise) -> &mut Self {
        self.check(promise.into())
    }

    /// Promises it with a title of its own, or where a firmware or a medium matters.
    pub fn check(&mut self, check: BootCheck) -> &mut Self {
        let needed = self.needed(check);
        self.out.checks.push(needed);
        self
    }

    fn needed<T>(&self, what: T) -> Needed<T> {
        Needed { what, because: self.because.clone(), by: self.out.asked.clone() }
    }
}
