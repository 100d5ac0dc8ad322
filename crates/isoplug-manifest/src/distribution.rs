//! Distributions as data: archives, suites, keys, and what packages of theirs a bootable image needs.
//!
//! ```text
//! debian   Debian
//! ubuntu   Ubuntu
//! ```
//!
//! Fetches nothing. A new distribution of the family is a file here and its line in [`ALL`].

pub mod debian;
pub mod ubuntu;

use crate::manifest::Source;

/// A distribution.
#[derive(Debug)]
pub struct Distribution {
    /// Its name, that of a source that is its, and the namespace of its packages in bills of materials.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The architectures that its public mirrors have and whose loaders are known.
    pub architectures: &'static [&'static str],
    /// The address of what its other architectures are in, if there is such.
    pub ports: Option<&'static str>,
    /// Its archives.
    pub archives: &'static [Archive],
    /// The public keys of its archives, armored.
    pub keys: &'static [&'static str],
    /// The file of a running system that has the same keys.
    pub keyring: &'static str,
    /// Part of the path of that file, by which apt's configuration of a build machine tells it.
    pub keyring_package: &'static str,
    /// Where each archive can be had as it was at any moment.
    pub snapshots: &'static str,
    /// The suites that a source stands for, that which it names first.
    pub suites: fn(&Source) -> Vec<Suite>,
    /// The kernel package of a flavour, or of an architecture without one.
    pub kernel: fn(flavour: Option<&str>, arch: &str) -> String,
    /// The packages of microcode for the processors of PCs.
    pub microcode: &'static [&'static str],
    /// Its firmware.
    pub firmware: Firmware,
    /// Its packages of NVIDIA's driver, if they are known.
    pub nvidia: Option<Nvidia>,
    /// Packages whose installation fails unless a question is answered with `true`, and the question.
    pub licences: &'static [(&'static str, &'static str)],
    /// The files that boot machines. They are unpacked, never installed.
    pub loaders: &'static [Loader],
    /// The packages that boot an installed system of an architecture from its disk, and keep what boots it current.
    pub installed: &'static [(&'static str, &'static [&'static str])],
    /// Whether systemd of a suite is too old to be told by credentials whom to log in.
    pub lacks_login_credentials: fn(suite: &str) -> bool,
}

/// One of a distribution's archives.
#[derive(Debug)]
pub struct Archive {
    /// Its key in locks and lists of mirrors, and the last part of its addresses.
    pub key: &'static str,
    /// Its public addresses, the first for a running system.
    pub mirrors: &'static [&'static str],
}

/// A suite of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name below `dists`.
    pub name: String,
    /// Key of the archive that has it.
    pub archive: &'static str,
    /// Whether its packages are chosen without being asked for.
    pub automatic: bool,
}

/// Which packages have firmware.
#[derive(Debug, Clone, Copy)]
pub struct Firmware {
    /// That for network, graphics, sound and storage, none of which asks for a licence.
    pub common: &'static [&'static str],
    /// All of it, as wishes for packages.
    pub all: &'static [&'static str],
    /// The component that has it in the suite of a source.
    pub component: fn(&Source) -> &'static str,
}

/// Packages of NVIDIA's driver.
#[derive(Debug, Clone, Copy)]
pub struct Nvidia {
    /// Those for its proprietary kernel modules.
    pub proprietary: NvidiaModules,
    /// Those for its open kernel modules.
    pub open: NvidiaModules,
    /// What programs need, whichever kernel modules there are. None of them needs sources of kernel modules.
    pub programs: &'static [&'static str],
}

/// Packages of one kind of NVIDIA's kernel modules.
#[derive(Debug, Clone, Copy)]
pub struct NvidiaModules {
    /// The DKMS package.
    pub modules: &'static str,
    /// What is needed with them.
    pub programs: &'static [&'static str],
}

/// A file that boots machines of an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loader {
    /// The architecture.
    pub arch: &'static str,
    /// What it is for.
    pub role: Role,
    /// The package that has it.
    pub package: &'static str,
    /// Its path in the package.
    pub path: &'static str,
}

/// What a file that boots machines is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// GRUB's code for the master boot record of a medium that is disc and disk.
    BiosMbr,
    /// GRUB's rescue image, of which its image for El Torito, its modules and its font are taken.
    BiosRescueImage,
    /// The memory test for BIOSes; an image boots without it.
    BiosMemtest,
    /// What the firmware trusts where Secure Boot is on, and what starts GRUB there.
    Shim,
    /// GRUB as one signed program that looks for its menu in `/boot/grub`.
    Grub,
    /// What enrols keys of the machine's owner.
    MokManager,
    /// The memory test for UEFI; an image boots without it.
    UefiMemtest,
}

impl Role {
    /// Tells whether it is of use under a BIOS alone.
    #[must_use]
    pub fn is_of_bios(self) -> bool {
        matches!(self, Self::BiosMbr | Self::BiosRescueImage | Self::BiosMemtest)
    }

    /// Tells whether it is of use where Secure Boot is wanted alone.
    #[must_use]
    pub fn is_of_secure_boot(self) -> bool {
        matches!(self, Self::Shim | Self::MokManager)
    }

    /// Tells whether an image boots without it.
    #[must_use]
    pub fn is_memtest(self) -> bool {
        matches!(self, Self::BiosMemtest | Self::UefiMemtest)
    }
}

impl Distribution {
    /// Returns the packages that boot an installed system of an architecture from its disk, if they are known.
    #[must_use]
    pub fn installed_loader(&self, arch: &str) -> Option<&'static [&'static str]> {
        self.installed.iter().find(|(of, _)| *of == arch).map(|(_, packages)| *packages)
    }
}

/// All distributions; the first is that of sources that do not say where they are.
pub const ALL: [&Distribution; 2] = [&debian::DEBIAN, &ubuntu::UBUNTU];

/// Returns the distribution that a source of the manifest is of: it is called so, or it says nothing
/// else of where it is.
#[must_use]
pub fn of(name: &str, source: &Source) -> Option<&'static Distribution> {
    if source.suite.ends_with('/') {
        return None;
    }
    let named = ALL.into_iter().find(|distribution| distribution.name == name);
    let silent = source.mirrors.is_empty() && source.keyring.is_none() && source.keys.is_none();
    named.or(ALL.first().copied().filter(|_| silent))
}

/// Returns the distribution whose packages make the base system: that of the first source that is of one.
#[must_use]
pub fn base<'a>(
    sources: impl IntoIterator<Item = (&'a String, &'a Source)>,
) -> &'static Distribution {
    sources.into_iter().find_map(|(name, source)| of(name, source)).unwrap_or(ALL[0])
}

/// Returns the distribution that has an archive, and the archive.
#[must_use]
pub fn archive(key: &str) -> Option<(&'static Distribution, &'static Archive)> {
    let archives = ALL.into_iter().flat_map(|all| all.archives.iter().map(move |one| (all, one)));
    { archives }.find(|(_, archive)| archive.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_that_of_the_first_source_of_a_distribution() {
        let source = |suite: &str| Source { suite: suite.to_owned(), ..Source::default() };
        let own = Source { keys: Some("a key".to_owned()), ..source("./") };
        let of = |list: &[(&str, Source)]| {
            let list: Vec<(String, Source)> =
                list.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect();
            base(list.iter().map(|(name, source)| (name, source))).name
        };
        assert_eq!(of(&[("acme", own.clone()), ("ubuntu", source("noble"))]), "ubuntu");
        assert_eq!(of(&[("base", source("trixie"))]), "debian");
        assert_eq!(of(&[("acme", own)]), "debian");
    }

    #[test]
    fn each_architecture_has_loaders() {
        for all in ALL {
            let has =
                |arch, role| all.loaders.iter().any(|one| one.arch == arch && one.role == role);
            for arch in all.architectures {
                assert!(has(*arch, Role::Grub) && has(*arch, Role::Shim), "{} {arch}", all.name);
                assert!(isoplug_arch::with_images().contains(arch), "{} {arch}", all.name);
            }
            let known = |loader: &Loader| all.architectures.contains(&loader.arch);
            assert!(all.loaders.iter().all(known), "{}", all.name);
        }
    }

    #[test]
    fn no_two_distributions_share_an_archive() {
        let keys = ALL.iter().flat_map(|all| all.archives.iter().map(|archive| archive.key));
        let mut keys: Vec<&str> = keys.collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
