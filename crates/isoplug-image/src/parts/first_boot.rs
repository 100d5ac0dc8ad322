//! Lets each machine make at boot what no image carries: host keys, identities, databases.
//!
//! A unit of its own for each kind of state, so that only those daemons wait that need it. It runs
//! when what it makes is missing, whatever systemd takes for the first boot: a medium boots first
//! every time, and an empty `/etc/machine-id` is none to systemd. It runs again if it was cut off halfway.

mod script;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::MachineState;
use serde::Serialize;

use super::services;
use super::{Attrs, ContributeError, Contributor, Rootfs};
use isoplug_sandbox::state::{State, known};

/// What a machine is to make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FirstBoot {
    /// What the user names, beside the table.
    pub own: Vec<State>,
}

impl FirstBoot {
    /// Takes what the user says of it that a machine can make.
    pub fn new(own: &[MachineState]) -> Self {
        let made = own.iter().filter(|own| own.make.is_some());
        let state = |(index, own): (usize, &MachineState)| State {
            name: format!("own-{}", index + 1),
            what: own.path.clone(),
            package: String::new(),
            paths: vec![own.path.clone()],
            needs: String::new(),
            make: own.make.clone(),
            made: String::new(),
            before: own.before.clone(),
        };
        Self { own: made.enumerate().map(state).collect() }
    }
}

/// Where the scripts are.
const SCRIPTS: &str = "/usr/lib/isoplug/first-boot";

impl Contributor for FirstBoot {
    fn by(&self) -> By {
        By::Part("first-boot")
    }

    fn version(&self) -> u32 {
        2
    }

    fn places(&self) -> Vec<String> {
        let states = known().states().iter().chain(&self.own);
        states
            .filter(|state| state.make.is_some())
            .flat_map(|state| [path(state), unit(state)])
            .collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("first-boot", self);
        key.value("known", &known().states());
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        known().states().iter().chain(&self.own).try_for_each(|state| make(rootfs, state))
    }
}

/// Adds script and unit of one kind of state, if the image has what it belongs to.
fn make(rootfs: &mut dyn Rootfs, state: &State) -> Result<(), ContributeError> {
    let Some(make) = &state.make else { return Ok(()) };
    let unit = format!("isoplug-{}.service", state.name);
    let is_needed = state.needs.is_empty() || rootfs.stat(&state.needs).is_some();
    if !is_needed || services::has(rootfs, &unit) {
        return Ok(());
    }
    let mark = script::mark(rootfs, state);
    let script = script::text(state, make, &mark);
    rootfs.file(&path(state), script.as_bytes(), Attrs::mode(0o755))?;
    let text = text(rootfs, state, &mark);
    services::write(rootfs, &unit, &text)?;
    services::enable(rootfs, &unit)
}

fn unit(state: &State) -> String {
    format!("/etc/systemd/system/isoplug-{}.service", state.name)
}

fn path(state: &State) -> String {
    format!("{SCRIPTS}/{}", state.name)
}

/// Returns the text of the unit. It comes before the daemons that need the state, and with them;
/// if none is named, before all that come after sysinit.target.
fn text(rootfs: &dyn Rootfs, state: &State, mark: &str) -> String {
    let (before, wanted_by) = daemons(rootfs, state);
    let [what, made, mark] = [&*state.what, made(state), mark].map(|text| text.replace('%', "%%"));
    let script = path(state);
    format!(
        "[Unit]\n\
         Description=Make {what}\n\
         DefaultDependencies=no\n\
         After=local-fs.target systemd-tmpfiles-setup.service systemd-sysusers.service\n\
         Before={before} shutdown.target\n\
         Conflicts=shutdown.target\n\
         ConditionPathExistsGlob=|!{made}\n\
         ConditionPathExists=|{mark}\n\n\
         [Service]\nType=oneshot\nRemainAfterExit=yes\n\
         Environment=DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 HOME=/root\n\
         ExecStart={script}\n\n\
         [Install]\nWantedBy={wanted_by}\n",
    )
}

/// Returns what there is once the state was made.
fn made(state: &State) -> &str {
    if state.made.is_empty() { &state.paths[0] } else { &state.made }
}

/// Returns what the unit comes before, and what starts it.
fn daemons(rootfs: &dyn Rootfs, state: &State) -> (String, String) {
    if state.before.is_empty() {
        return ("sysinit.target".to_owned(), "sysinit.target".to_owned());
    }
    let units = state.before.iter().map(String::as_str);
    let there: Vec<&str> = units.filter(|unit| services::has(rootfs, unit)).collect();
    let wanted = if there.is_empty() { "multi-user.target".into() } else { there.join(" ") };
    (state.before.join(" "), wanted)
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    const SSH: &str = "/etc/systemd/system/isoplug-ssh-keys.service";

    fn with_ssh() -> TestRootfs {
        let unit = "[Install]\nWantedBy=multi-user.target\n";
        let mut rootfs = TestRootfs::with(&[
            ("/usr/sbin/sshd", ""),
            ("/etc/ssh/sshd_config", ""),
            ("/usr/lib/systemd/system/ssh.service", unit),
        ]);
        rootfs.add(&FirstBoot::default()).unwrap();
        rootfs
    }

    #[test]
    fn keys_are_made_before_the_server_starts() {
        let rootfs = with_ssh();
        insta::assert_snapshot!(rootfs.text(SSH), @r"
        [Unit]
        Description=Make the host keys of the SSH server
        DefaultDependencies=no
        After=local-fs.target systemd-tmpfiles-setup.service systemd-sysusers.service
        Before=ssh.service ssh.socket shutdown.target
        Conflicts=shutdown.target
        ConditionPathExistsGlob=|!/etc/ssh/ssh_host_*_key
        ConditionPathExists=|/etc/ssh/.isoplug-ssh-keys

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        Environment=DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 HOME=/root
        ExecStart=/usr/lib/isoplug/first-boot/ssh-keys

        [Install]
        WantedBy=ssh.service
        ");
    }

    #[test]
    fn keys_come_with_the_server_however_it_came() {
        let rootfs = with_ssh();
        let script = rootfs.text("/usr/lib/isoplug/first-boot/ssh-keys");
        assert!(script.contains("\n(\nssh-keygen -A\n) 9>&-\n"), "{script}");
        let tree = rootfs.merged();
        let wanted = "etc/systemd/system/ssh.service.wants/isoplug-ssh-keys.service";
        assert!(tree.get(wanted).is_some());
        let units = tree.entries.keys().filter(|path| path.ends_with(b".service")).count();
        assert_eq!(units, 3, "only what the image has is made");
    }

    #[test]
    fn what_the_user_names_is_made_before_all() {
        let mut rootfs = TestRootfs::with(&[]);
        let own = State {
            name: "own-1".into(),
            what: "/etc/acme/id".into(),
            package: String::new(),
            paths: vec!["/etc/acme/id".into()],
            needs: String::new(),
            make: Some("acme-id --new".into()),
            made: String::new(),
            before: Vec::new(),
        };
        rootfs.add(&FirstBoot { own: vec![own] }).unwrap();
        let unit = rootfs.text("/etc/systemd/system/isoplug-own-1.service");
        assert!(unit.contains("\nBefore=sysinit.target shutdown.target\n"), "{unit}");
        assert!(unit.contains("\nConditionPathExistsGlob=|!/etc/acme/id\n"), "{unit}");
        let link = "etc/systemd/system/sysinit.target.wants/isoplug-own-1.service";
        assert!(rootfs.merged().get(link).is_some());
    }

    #[test]
    fn systemd_accepts_all_units() {
        if !isoplug_skip::has("systemd-analyze") {
            return;
        }
        let rootfs = TestRootfs::with(&[]);
        let folder = tempfile::tempdir().unwrap();
        let write = |state: &State, rootfs: &dyn Rootfs| {
            let mark = script::mark(rootfs, state);
            let text = text(rootfs, state, &mark).replace(&path(state), "/bin/true");
            let unit = folder.path().join(format!("isoplug-{}.service", state.name));
            std::fs::write(unit, text).unwrap();
            Ok(())
        };
        let mut made = known().states().iter().filter(|state| state.make.is_some());
        rootfs.run("test", |rootfs| made.try_for_each(|state| write(state, rootfs))).unwrap();
        let units = isoplug_formats::tree::sorted_names(folder.path()).unwrap();
        let units = units.iter().map(|name| folder.path().join(name));
        let mut command = std::process::Command::new("systemd-analyze");
        let output = command.arg("verify").args(units).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("isoplug-"), "{said}");
    }
}
