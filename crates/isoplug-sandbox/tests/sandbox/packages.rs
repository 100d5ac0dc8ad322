//! What packages try while they are installed, with the machine's own dpkg as that of the tree:
//! the attempts of docs/security-attempts.md that need packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as HostCommand;

use isoplug_sandbox::dpkg::{Install, Package};
use isoplug_sandbox::{Command, Error, Job, Limits, Over};

use super::machine::Machine;

/// Makes a package of a control text, scripts and files, by name.
fn package(machine: &Machine, control: &str, files: &[(&str, &str)]) -> Package {
    let name = control.lines().next().unwrap().to_owned();
    let folder = machine.outside().join(format!("of-{name}"));
    let rest: String = control.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let text = format!(
        "Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\n{rest}Description: x\n"
    );
    for (path, text) in [("DEBIAN/control", text.as_str())].iter().chain(files) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let deb = machine.outside().join(format!("{name}.deb"));
    build(&folder, &deb);
    Package { name, architecture: "all".to_owned(), deb }
}

fn build(folder: &Path, deb: &Path) {
    let mut command = HostCommand::new("dpkg-deb");
    command.args(["--root-owner-group", "-Zgzip", "--build"]).args([folder, deb]);
    let built = command.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

fn install(machine: &Machine, packages: Vec<Package>) -> Result<(), Error> {
    let install = Install { packages, ..Install::default() };
    machine.work_on(|job| job.install = Some(install), machine).map(|_| ())
}

/// A file of the machine's that must stay as it is.
fn victim(machine: &Machine) -> PathBuf {
    let folder = machine.outside().join("victim");
    fs::create_dir(&folder).unwrap();
    for name in ["busy", "9.9", "keys"] {
        fs::write(folder.join(name), "precious\n").unwrap();
    }
    folder
}

fn assert_untouched(victim: &Path) {
    assert_eq!(isoplug_formats::tree::sorted_names(victim).unwrap(), ["9.9", "busy", "keys"]);
    for name in ["busy", "9.9", "keys"] {
        assert_eq!(fs::read_to_string(victim.join(name)).unwrap(), "precious\n");
    }
}

/// Attempt 31: a link where the next package will be put.
pub(crate) fn packages_cannot_be_sent_elsewhere(_: &Machine) {
    let machine = Machine::with_dpkg();
    let victim = victim(&machine);
    let link = format!(
        "#!/bin/sh\nln -s {}/keys /run/isoplug/evilb_all.deb 2>/dev/null && echo linked\n\
         rm -f /run/isoplug/* 2>/dev/null; mkdir /run/isoplug/x 2>/dev/null && echo made\n\
         ls /run/isoplug\nexit 0\n",
        victim.display()
    );
    let evila = package(&machine, "evila", &[("DEBIAN/postinst", &link)]);
    let evilb = package(&machine, "evilb\nPre-Depends: evila", &[("etc/evilb", "ssh-ed25519 x\n")]);
    install(&machine, vec![evila, evilb]).unwrap();
    let lines = machine.lines();
    assert!(!lines.iter().any(|line| line == "linked" || line == "made"), "{lines:#?}");
    assert!(lines.iter().any(|line| line == "Setting up evilb (1) ..."), "{lines:#?}");
    assert_untouched(&victim);
}

/// Attempt 32: links where signs for depmod will be put, and in place of their folder.
pub(crate) fn signs_cannot_be_sent_elsewhere(_: &Machine) {
    let machine = Machine::with_dpkg();
    let victim = victim(&machine);
    let links = format!(
        "#!/bin/sh\ncd /run/isoplug\nfor sign in busy 9.9; do ln -s {0}/$sign depmod/$sign; done\n\
         mv depmod old 2>/dev/null && echo moved\nrmdir depmod 2>/dev/null && echo removed\n\
         ln -s {0} depmod/folder\nexit 0\n",
        victim.display()
    );
    let evil = package(&machine, "evil", &[("DEBIAN/preinst", &links)]);
    let kernel = "#!/bin/sh\nversion=9.9\n\ndepmod $version\n\nexit 0\n";
    let kernel = [("DEBIAN/postinst", kernel), ("usr/lib/modules/9.9/x.ko", "x")];
    let kernel = package(&machine, "linux-image-9.9", &kernel);
    install(&machine, vec![evil, kernel]).unwrap();
    let lines = machine.lines();
    assert!(lines.iter().any(|line| line == "depmod of the tree: 9.9"), "{lines:#?}");
    assert!(!lines.iter().any(|line| line == "moved" || line == "removed"), "{lines:#?}");
    assert_untouched(&victim);
}

/// A fork bomb and a memory bomb in a script: the error says which package and what it took.
pub(crate) fn bombs_in_scripts_end(_: &Machine) {
    let limits = Limits { processes: 1000, memory: Some(200 << 20), ..Limits::default() };
    let forks = "#!/bin/sh\nbomb() { bomb | bomb & sleep 60; }; bomb\nwait\n";
    let memory = "#!/bin/perl\nfor (1 .. 40) { next if fork(); my $x = 'x' x 20_000_000; sleep 60; exit } sleep 60\n";
    for (name, script) in [("forks", forks), ("memory", memory)] {
        let machine = Machine::with_dpkg();
        let bomb = package(&machine, name, &[("DEBIAN/postinst", script)]);
        let install = Install { packages: vec![bomb], ..Install::default() };
        let change = |job: &mut Job| (job.install, job.limits) = (Some(install), limits.clone());
        let error = machine.work_on(change, &machine).unwrap_err();
        let Error::Limit { over, .. } = &error else { panic!("{name}: {error}") };
        let expected = match name {
            "forks" => Over::Processes(1000),
            _ => Over::Memory(200 << 20),
        };
        assert_eq!(*over, expected, "{error}");
        let step = format!("Setting up {name} (1) ...");
        assert!(machine.lines().contains(&step), "{error}");
        assert!(machine.is_clean());
    }
}

/// A program is replaced while packages are configured, for them alone.
pub(crate) fn stubs_are_shown_but_not_kept(_: &Machine) {
    let machine = Machine::with_dpkg();
    let calls = "#!/bin/sh -e\nupdate-initramfs -u\n/usr/sbin/update-initramfs -u\n";
    let caller = package(&machine, "caller", &[("DEBIAN/postinst", calls)]);
    let install = Install { packages: vec![caller], ..Install::default() };
    let own = Command::new(["cat", "/usr/sbin/update-initramfs"]);
    machine.work_on(|job| (job.install, job.run) = (Some(install), vec![own]), &machine).unwrap();
    assert_eq!(machine.lines().last().unwrap(), "exit 1");
}

/// What `hostname --fqdn` asks for is there for scripts; the file that tells is then as it was.
pub(crate) fn the_machines_name_is_found_but_not_kept(_: &Machine) {
    let machine = Machine::with_dpkg();
    let ask = "#!/bin/sh -e\nwhile read -r address name; do echo \"$name: $address\"; done < /etc/hosts\n";
    let caller = package(&machine, "caller", &[("DEBIAN/postinst", ask)]);
    let install = Install { packages: vec![caller], ..Install::default() };
    let left = Command::new(["cat", "/etc/hosts"]);
    machine.work_on(|job| (job.install, job.run) = (Some(install), vec![left]), &machine).unwrap();
    let lines = machine.lines();
    assert!(lines.iter().any(|line| line == "isoplug: 127.0.1.1"), "{lines:#?}");
    let kept = lines.iter().rposition(|line| line == "127.0.0.1\tlocalhost").map(|at| &lines[at..]);
    assert!(
        kept.is_some_and(|kept| kept.iter().all(|line| !line.contains("isoplug"))),
        "{lines:#?}"
    );
}
