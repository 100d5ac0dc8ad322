//! What it comes to in plain words if a plugin gets what it asks for.
//!
//! Errs on the side of saying too much: a place is taken for one that root's programs run or read, unless it is
//! known that its files are only shown.

use super::Requests;

/// Folders and files of an image whose content is shown to people or served, and steers no program of root's.
const SHOWN: [&str; 19] = [
    "/etc/hostname",
    "/etc/hosts",
    "/etc/issue",
    "/etc/issue.net",
    "/etc/motd",
    "/etc/motd.d",
    "/etc/os-release",
    "/srv",
    "/usr/lib/os-release",
    "/usr/share/backgrounds",
    "/usr/share/doc",
    "/usr/share/fonts",
    "/usr/share/icons",
    "/usr/share/info",
    "/usr/share/licenses",
    "/usr/share/man",
    "/usr/share/pixmaps",
    "/usr/share/themes",
    "/usr/share/wallpapers",
];

/// Folders of the medium from which it boots, in lower case: where it is copied to FAT, case is no difference.
const BOOTED: [&str; 3] = ["/efi", "/boot", "/live"];

/// Options that bring nothing that root runs or trusts.
const TAME: [&str; 7] = [
    // Which parameters is granted apart.
    "boot.kernel-params",
    "image",
    "iso.contents",
    "iso.menu-label-prefix",
    "iso.volume-id",
    "localisation",
    "networking.hostname",
];

impl Requests {
    /// Returns in plain words what a plugin can do that gets all of this, each with the request that it comes from;
    /// nothing for requests that come to no more than what they say.
    #[must_use]
    pub fn powers(&self) -> Vec<String> {
        let mut powers = Vec::new();
        let mut say = |what: &str, from: Vec<&str>| {
            if !from.is_empty() {
                powers.push(format!("{what} ({})", from.join(", ")));
            }
        };
        say("run programs as root whenever the image boots", self.runs_at_boot());
        say("change how the kernel and the first programs start", texts(&self.kernel_params));
        let hooks = if self.hooks { vec!["hooks"] } else { Vec::new() };
        say("run scripts as root over all files of the image while it is built", hooks);
        say("read these secrets of yours, and put them into the image", texts(&self.secrets));
        say("read what these names stand for on this machine", texts(&self.inputs));
        say("have this machine download from there", texts(&self.fetch));
        powers
    }

    fn runs_at_boot(&self) -> Vec<&str> {
        let files = self.files.iter().filter(|pattern| !is_only_shown(pattern));
        let merge = self.merge.iter().filter(|option| !is_tame(option));
        let named = files.chain(merge).chain(&self.units);
        let setuid = self.setuid.then_some("setuid");
        named.map(String::as_str).chain(setuid).collect()
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// Says whether all that a pattern covers is only shown.
fn is_only_shown(pattern: &str) -> bool {
    let (tree, path) = pattern.split_once(':').unwrap_or(("", pattern));
    let fixed = fixed_part(path);
    let boots = |path: &str| BOOTED.iter().any(|one| is_below(path, one) || is_below(one, path));
    match tree {
        "iso" => !boots(&fixed.to_lowercase()),
        _ => SHOWN.iter().any(|folder| is_below(&fixed, folder)),
    }
}

/// Returns the folders of a pattern before its first wildcard; no slash at the end.
fn fixed_part(pattern: &str) -> String {
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    let fixed = parts.take_while(|part| !part.contains(['*', '?']));
    fixed.map(|part| format!("/{part}")).collect()
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_tame(option: &str) -> bool {
    let is_of = |tame: &&str| {
        option.strip_prefix(*tame).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    TAME.iter().any(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(change: impl FnOnce(&mut Requests)) -> String {
        let mut requests = Requests::default();
        change(&mut requests);
        requests.powers().join("; ")
    }

    #[test]
    fn files_of_programs_are_told_from_files_for_people() {
        let of = |pattern: &str| powers(|asked| asked.files = vec![pattern.to_owned()]);
        for pattern in [
            "root:/**",
            "root:/etc/**",
            "root:/etc/cron.d/x",
            "root:/etc/init.d/*",
            "root:/*/x",
            "root:/usr/share/**",
            "root:/etc/mot*",
            "root:/usr/share/docs/x",
            "iso:/**",
            "iso:/boot/grub/x",
            "iso:/live",
            "iso:/efi/boot/bootx64.efi",
            "iso:/Boot/**",
            "iso:/LIVE/filesystem.squashfs",
            "iso:/*",
        ] {
            assert!(of(pattern).starts_with("run programs as root"), "{pattern}");
        }
        for pattern in [
            "root:/etc/motd",
            "root:/usr/share/doc/**",
            "root:/srv/www/**",
            "iso:/docs/**",
            "iso:/README",
        ] {
            assert_eq!(of(pattern), "", "{pattern}");
        }
    }

    #[test]
    fn each_request_comes_to_something() {
        let root = "run programs as root whenever the image boots";
        assert_eq!(
            powers(|asked| asked.units = vec!["a.service".into()]),
            format!("{root} (a.service)")
        );
        let kernel = powers(|asked| asked.kernel_params = vec!["audit=*".into()]);
        assert_eq!(kernel, "change how the kernel and the first programs start (audit=*)");
        assert_eq!(powers(|asked| asked.setuid = true), format!("{root} (setuid)"));
        let merge = |option: &str| powers(|asked| asked.merge = vec![option.to_owned()]);
        for option in ["packages.install", "users", "*", "systemd.units", "iso.menu", "networking"]
        {
            assert_eq!(merge(option), format!("{root} ({option})"));
        }
        assert_eq!(merge("localisation.locale"), "");
        assert!(powers(|asked| asked.hooks = true).starts_with("run scripts as root"));
        assert!(powers(|asked| asked.secrets = vec!["luks".into()]).ends_with("(luks)"));
        assert!(powers(|asked| asked.inputs = vec!["logo".into()]).ends_with("(logo)"));
        assert!(
            powers(|asked| asked.fetch = vec!["https://a/**".into()]).ends_with("(https://a/**)")
        );
    }
}
