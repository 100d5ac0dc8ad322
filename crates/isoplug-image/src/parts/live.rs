//! Makes a rootfs fit to run from a medium, without an installation. Comes after all other
//! contributors and gives way to them.
//!
//! One that is for a disk gets of it what each of its copies needs: an empty identity, apt's sources, who is logged in,
//! and what systemd would make at the first boot.
//!
//! - `/etc/fstab` names no file system: the initrd mounts the root.
//! - `/etc/machine-id` is there and empty, so each boot has its own. If it were missing, systemd
//!   would take every boot for the first and enable all units.
//! - apt reads the manifest's sources under their public names, not those the image was made from, with the manifest's
//!   priorities and pins ([`preferences`]).
//! - The journal stays in memory, and timers that look after an installed system do not run unless somebody asks for one.
//! - What systemd makes after an update of `/usr` is there, so no boot makes it again ([`updated`]).

mod preferences;
mod updated;
pub(super) mod upkeep;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::Pin;
use isoplug_packages::apt::{SignedBy, Stanza};
use serde::Serialize;

use super::{Attrs, ContributeError, Contributor, Rootfs};

/// What a live system needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Live {
    /// Where apt finds packages; none: apt's files stay as they are.
    pub sources: Vec<Stanza>,
    /// Which versions of packages come first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
    /// Who is logged in on consoles without being asked.
    pub autologin: Option<String>,
    /// Whether it stays, on a disk: it keeps a journal, and is looked after.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub installed: bool,
    /// Units that somebody asks for: they run even if they look after a system that stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
}

const FSTAB: &str = "/etc/fstab";
const MACHINE_ID: &str = "/etc/machine-id";
const JOURNAL: &str = "/etc/systemd/journald.conf.d/10-isoplug-live.conf";

impl Contributor for Live {
    fn by(&self) -> By {
        By::Part("live")
    }

    fn version(&self) -> u32 {
        4
    }

    fn places(&self) -> Vec<String> {
        let of_medium = [FSTAB, JOURNAL].map(str::to_owned);
        let of_medium = of_medium.into_iter().filter(|_| !self.installed);
        let always =
            of_medium.chain([MACHINE_ID.to_owned()]).chain(updated::FILES.map(str::to_owned));
        let sources = self.sources.iter().map(|source| sources_file(&source.name));
        let list = (!self.sources.is_empty()).then(|| "/etc/apt/sources.list".to_owned());
        let keys =
            self.sources.iter().filter(|source| matches!(source.signed_by, SignedBy::Key(_)));
        let keys =
            keys.flat_map(|source| (0..self.sources.len()).map(|index| key_file(source, index)));
        let pinned = (!preferences::of(&self.sources, &self.pins).is_empty())
            .then(|| preferences::FILE.to_owned());
        let logins = self.autologin.iter().flat_map(|_| CONSOLES.map(|(unit, _)| login_file(unit)));
        always.chain(sources).chain(keys).chain(list).chain(pinned).chain(logins).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("live", self);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        if !self.installed {
            unless_set(rootfs, FSTAB, "# The initrd mounts the root file system.\n", 0o644)?;
        }
        unless_set(rootfs, MACHINE_ID, "", 0o444)?;
        if !self.installed {
            unless_set(rootfs, JOURNAL, "[Journal]\nStorage=volatile\n", 0o644)?;
            upkeep::disable(rootfs, &self.asked)?;
        }
        updated::mark(rootfs)?;
        write_sources(rootfs, &self.sources)?;
        let preferences = preferences::of(&self.sources, &self.pins);
        if !preferences.is_empty() {
            rootfs.file(preferences::FILE, preferences.as_bytes(), Attrs::mode(0o644))?;
        }
        self.autologin.iter().try_for_each(|user| log_in(rootfs, user))
    }
}

/// Writes a file unless another contributor did. That the user's own wins is told.
fn unless_set(
    rootfs: &mut dyn Rootfs,
    path: &str,
    text: &str,
    mode: u16,
) -> Result<(), ContributeError> {
    match rootfs.set_by(path) {
        Some(By::Part(_) | By::Plugin(_)) => Ok(()),
        _ => rootfs.file(path, text.as_bytes(), Attrs::mode(mode)),
    }
}

fn write_sources(rootfs: &mut dyn Rootfs, sources: &[Stanza]) -> Result<(), ContributeError> {
    if sources.is_empty() {
        return Ok(());
    }
    // What the image was made from, maybe a mirror that nobody else can reach.
    rootfs.remove("/etc/apt/sources.list")?;
    let mut names: Vec<&str> = sources.iter().map(|source| &source.name[..]).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let sources = sources.iter().filter(|source| source.name == name).enumerate();
        let stanzas = sources.map(|(index, source)| text_of(rootfs, source, index));
        let text = stanzas.collect::<Result<Vec<_>, _>>()?.join("\n");
        rootfs.file(&sources_file(name), text.as_bytes(), Attrs::mode(0o644))?;
    }
    Ok(())
}

fn key_file(source: &Stanza, index: usize) -> String {
    format!("/etc/apt/keyrings/isoplug-{}-{index}.asc", source.name)
}

fn sources_file(name: &str) -> String {
    format!("/etc/apt/sources.list.d/{name}.sources")
}

fn text_of(
    rootfs: &mut dyn Rootfs,
    source: &Stanza,
    index: usize,
) -> Result<String, ContributeError> {
    let Stanza { name, uris, suites, components, signed_by, priorities: _ } = source;
    let lists = [uris, suites, components].into_iter().flatten().chain([name]);
    if { lists }.any(|text| text.is_empty() || text.contains(char::is_whitespace)) {
        let reason = "a name, address, suite or component must not be empty nor hold spaces";
        return Err(ContributeError::refused(format!("source `{name}`"), reason));
    }
    let keyring = match signed_by {
        SignedBy::Keyring(path) => path.clone(),
        SignedBy::Key(armoured) => {
            let path = key_file(source, index);
            rootfs.file(&path, armoured.as_bytes(), Attrs::mode(0o644))?;
            path
        }
    };
    let components = match components.is_empty() {
        true => String::new(),
        false => format!("Components: {}\n", components.join(" ")),
    };
    let (uris, suites) = (uris.join(" "), suites.join(" "));
    Ok(format!("Types: deb\nURIs: {uris}\nSuites: {suites}\n{components}Signed-By: {keyring}\n"))
}

/// The first console and serial ones, with what their login program needs besides.
const CONSOLES: [(&str, &str); 2] =
    [("getty@tty1", ""), ("serial-getty@", "--keep-baud 115200,57600,38400,9600 ")];

fn login_file(unit: &str) -> String {
    format!("/etc/systemd/system/{unit}.service.d/10-isoplug-login.conf")
}

/// Logs a user in on the first console and on serial ones.
fn log_in(rootfs: &mut dyn Rootfs, user: &str) -> Result<(), ContributeError> {
    super::users::uid(rootfs, user)?;
    for (unit, speed) in CONSOLES {
        let command = format!("-/sbin/agetty --autologin {user} --noclear {speed}- $TERM");
        let text = format!("[Service]\nExecStart=\nExecStart={command}\n");
        rootfs.file(&login_file(unit), text.as_bytes(), Attrs::mode(0o644))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use isoplug_formats::tree::Kind;

    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn debian(suite: &str, components: &[&str]) -> Stanza {
        Stanza {
            name: "debian".into(),
            uris: vec!["https://deb.debian.org/debian".into()],
            suites: vec![suite.into()],
            components: components.iter().map(|&component| component.into()).collect(),
            signed_by: SignedBy::Keyring("/usr/share/keyrings/debian-archive-keyring.gpg".into()),
            priorities: Default::default(),
        }
    }

    fn rootfs() -> TestRootfs {
        let timer = "[Install]\nWantedBy=timers.target\n";
        TestRootfs::with(&[
            ("/etc/apt/sources.list", "deb http://mirror.invalid/debian trixie main\n"),
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/usr/lib/systemd/system/apt-daily.timer", timer),
        ])
        .link(
            "/etc/systemd/system/timers.target.wants/apt-daily.timer",
            "/usr/lib/systemd/system/apt-daily.timer",
        )
    }

    #[test]
    fn a_masked_timer_stays_masked() {
        let mask = "/etc/systemd/system/apt-daily.timer";
        let mut rootfs = rootfs().link(mask, "/dev/null");
        rootfs.add(&Live::default()).unwrap();
        assert_eq!(rootfs.entry(mask).kind, Kind::Symlink(b"/dev/null".to_vec()));
        let wanted = b"etc/systemd/system/timers.target.wants/apt-daily.timer";
        assert_eq!(rootfs.merged().get(wanted), None);
    }

    #[test]
    fn a_timer_that_somebody_asks_for_runs() {
        let units = ["apt-daily.timer", "ssh.service"].map(str::to_owned);
        let asked = upkeep::among(units.iter());
        assert_eq!(asked, ["apt-daily.timer"]);
        let mut rootfs = rootfs();
        rootfs.add(&Live { asked, ..Live::default() }).unwrap();
        let wanted = b"etc/systemd/system/timers.target.wants/apt-daily.timer";
        assert!(rootfs.merged().get(wanted).is_some());
    }

    #[test]
    fn apt_reads_public_sources() {
        let key = SignedBy::Key("-----BEGIN PGP PUBLIC KEY BLOCK-----\n".into());
        let own = Stanza { name: "acme".into(), signed_by: key, ..debian("./", &[]) };
        let sources =
            vec![debian("trixie", &["main", "contrib"]), own, debian("trixie-updates", &["main"])];
        let mut rootfs = rootfs();
        rootfs.add(&Live { sources, ..Live::default() }).unwrap();
        insta::assert_snapshot!(rootfs.text("/etc/apt/sources.list.d/debian.sources"), @r"
        Types: deb
        URIs: https://deb.debian.org/debian
        Suites: trixie
        Components: main contrib
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: https://deb.debian.org/debian
        Suites: trixie-updates
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        ");
        assert!(rootfs.text("/etc/apt/keyrings/isoplug-acme-0.asc").starts_with("-----BEGIN"));
        assert!(rootfs.merged().get("etc/apt/sources.list").is_none());
    }

    #[test]
    fn a_system_that_stays_is_looked_after() {
        let mut rootfs = rootfs();
        rootfs.add(&Live { installed: true, ..Live::default() }).unwrap();
        let tree = rootfs.merged();
        assert!(tree.get("etc/systemd/system/timers.target.wants/apt-daily.timer").is_some());
        assert!(tree.get(JOURNAL).is_none() && tree.get(FSTAB).is_none());
        assert!(tree.get(MACHINE_ID).is_some());
    }

    #[test]
    fn nothing_looks_after_a_system_that_does_not_stay() {
        let mut rootfs = rootfs();
        rootfs.add(&Live { autologin: Some("root".into()), ..Live::default() }).unwrap();
        let tree = rootfs.merged();
        assert!(tree.get("etc/systemd/system/timers.target.wants/apt-daily.timer").is_none());
        assert!(tree.get("etc/apt/sources.list").is_some());
        let id = tree.get("etc/machine-id").unwrap();
        assert!(matches!(id.kind, Kind::File(content) if content.size == 0) && id.mode == 0o444);
        let login = rootfs.text("/etc/systemd/system/getty@tty1.service.d/10-isoplug-login.conf");
        assert!(login.contains("--autologin root --noclear - $TERM"));
    }
}
