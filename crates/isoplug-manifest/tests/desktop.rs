//! Desktops: what an environment brings, who is logged in, and what is told.

#![cfg(test)]

mod support;

use insta::assert_snapshot;
use isoplug_manifest::System;
use isoplug_manifest::options::NetworkingBackend;
use support::{file, messages, packages, profile};

fn desktop(lines: &str) -> System {
    let lines = format!("packages.install = [\"vim\"]\n{lines}");
    profile(&lines).unwrap_or_else(|found| panic!("{:?}", found.list))
}

fn titles(system: &System) -> Vec<String> {
    system.needs.checks.iter().map(|needed| needed.what.title()).collect()
}

fn paths(system: &System) -> Vec<&str> {
    system.needs.files.iter().map(|needed| &needed.what.target[..]).collect()
}

/// What gives a session time to begin.
const PATIENCE: &str = "/etc/systemd/user.conf.d/50-isoplug-live.conf";

#[test]
fn an_environment_is_what_debians_installer_sets_up() {
    let system = desktop("desktop.environment = \"gnome\"");
    let needed = packages(&system);
    for name in ["task-gnome-desktop", "gdm3", "network-manager"] {
        assert!(needed.contains(&name), "{needed:?}");
    }
    assert!(system.options.packages.recommends);
    assert_eq!(system.options.networking.backend, NetworkingBackend::Networkmanager);
    let titles = titles(&system);
    assert!(titles.contains(&"unit display-manager.service is active".to_owned()), "{titles:?}");
    assert_eq!(paths(&system), [PATIENCE], "nobody is logged in");
    assert!(file(&system, PATIENCE).ends_with("DefaultTimeoutStartSec=15min\n"));
    let lean = desktop(
        "desktop.environment = \"kde\"\npackages.recommends = false\nnetworking.backend = \"networkd\"",
    );
    assert!(!lean.options.packages.recommends);
    assert_eq!(lean.options.networking.backend, NetworkingBackend::Networkd);
}

#[test]
fn a_user_is_logged_in_to_a_session_that_does_not_lock() {
    let system = desktop(
        "desktop = { environment = \"gnome\", autologin-user = \"live\" }\nusers.live.sudo = \"nopasswd\"",
    );
    assert_snapshot!(file(&system, "daemon.conf"), @r"
    [daemon]
    AutomaticLoginEnable=true
    AutomaticLogin=live
    InitialSetupEnable=false
    ");
    let settings = file(&system, "50-isoplug-live");
    assert!(settings.contains("lock-enabled=false") && settings.contains("idle-delay=uint32 0"));
    assert!(file(&system, ".rules").contains("subject.user == \"live\""));
    assert!(system.needs.units.iter().any(|unit| unit.what == "isoplug-dconf.service"));
    assert!(titles(&system).contains(&"live is logged in to GNOME".to_owned()));
}

#[test]
fn who_types_a_password_for_sudo_types_it_on_the_desktop() {
    let of = |user: &str| {
        let system = desktop(&format!(
            "desktop = {{ environment = \"xfce\", autologin-user = \"live\" }}\n{user}"
        ));
        paths(&system).iter().any(|path| path.ends_with(".rules"))
    };
    assert!(!of("users.live = {}"));
    assert!(!of("users.live.groups = [\"sudo\"]"));
    assert!(of("users.live.groups = [\"sudo\"]\nsecurity.sudo.wheel-needs-password = false"));
}

/// Returns the file that logs somebody in, with its path.
fn login(environment: &str) -> String {
    let system = desktop(&format!(
        "desktop = {{ environment = \"{environment}\", autologin-user = \"live\" }}\nusers.live = {{}}"
    ));
    let mut files = system.needs.files.iter().map(|needed| &needed.what);
    let login = files.find(|file| file.target != PATIENCE).unwrap();
    format!("{}\n{}", login.target, login.text.as_deref().unwrap())
}

#[test]
fn sddm_has_its_own_file() {
    assert_snapshot!(login("kde"), @r"
    /etc/sddm.conf.d/50-isoplug-live.conf
    [Autologin]
    User=live
    Session=plasma
    ");
    assert_snapshot!(login("lxqt"), @r"
    /etc/sddm.conf.d/50-isoplug-live.conf
    [Autologin]
    User=live
    Session=lxqt
    ");
}

#[test]
fn lightdm_has_its_own_file() {
    assert_snapshot!(login("mate"), @r"
    /etc/lightdm/lightdm.conf.d/50-isoplug-live.conf
    [Seat:*]
    autologin-user=live
    autologin-session=mate
    ");
    assert_snapshot!(login("cinnamon"), @r"
    /etc/lightdm/lightdm.conf.d/50-isoplug-live.conf
    [Seat:*]
    autologin-user=live
    autologin-session=cinnamon
    ");
    assert_snapshot!(login("xfce"), @r"
    /etc/lightdm/lightdm.conf.d/50-isoplug-live.conf
    [Seat:*]
    autologin-user=live
    autologin-session=xfce
    ");
}

#[test]
fn who_cannot_be_logged_in_is_told() {
    let of = |lines: &str| messages(&format!("packages.install = [\"vim\"]\n{lines}"));
    assert_snapshot!(of("desktop.autologin-user = \"live\"\nusers.live = {}"), @"isoplug.toml:4:26: warning[idle-option]: nobody is logged in: `desktop.environment` is not set");
    assert_snapshot!(of("desktop = { environment = \"kde\", autologin-user = \"root\" }"), @r#"
    isoplug.toml:4:51: error[root-user]: display managers do not log root in by themselves
      help: name a user of `users`, with `sudo = "nopasswd"` to become root
    "#);
    assert_snapshot!(of("desktop = { environment = \"kde\", autologin-user = \"lvie\" }\nusers.live = {}"), @r"
    isoplug.toml:4:51: error[unknown-user]: there is no user `lvie` to log in
      help: did you mean `live`?
    ");
    assert_snapshot!(of("desktop.environment = \"gnom\""), @r#"
    isoplug.toml:4:23: error[unknown-value]: found "gnom", expected one of "gnome", "kde", "xfce", "lxqt", "mate", "cinnamon"
      help: did you mean `gnome`?
    "#);
}
