//! The user who was asked for, added by the target's own tools.

use isoplug_install_plan::User;

use super::{inside, put};
use crate::{Error, Machine, TARGET};

/// Adds a user, or gives one of the tree a password.
pub(crate) fn add(machine: &dyn Machine, user: &User, password: Option<&str>) -> Result<(), Error> {
    let there = names(machine, "group");
    let groups = user.groups.iter().filter(|name| there.contains(name)).map(String::as_str);
    let groups = groups.collect::<Vec<_>>().join(",");
    if names(machine, "passwd").contains(&user.name) {
        let call = inside("/usr/sbin/usermod").words("--append --groups");
        machine.run(&call.with([&groups, &user.name]))?;
    } else {
        let call =
            inside("/usr/sbin/useradd").words("--create-home --user-group --shell /bin/bash");
        let call = call.with(["--comment", &user.full_name, "--groups", &groups]);
        machine.run(&call.with([&user.name]))?;
    }
    set_password(machine, user, password)?;
    keys(machine, user)
}

/// The target's own PAM makes the hash of a password that was typed.
fn set_password(machine: &dyn Machine, user: &User, typed: Option<&str>) -> Result<(), Error> {
    let (call, name) = (inside("/usr/sbin/chpasswd"), &user.name);
    let call = match (typed, &user.password) {
        (Some(password), _) => call.input(format!("{name}:{password}\n")),
        (None, Some(hash)) => call.with(["-e"]).input(format!("{name}:{hash}\n")),
        (None, None) => return Ok(()),
    };
    machine.run(&call)?;
    Ok(())
}

/// Returns the names in a table of the target: `passwd`, `group`.
fn names(machine: &dyn Machine, table: &str) -> Vec<String> {
    let text = machine.text(&format!("{TARGET}/etc/{table}")).unwrap_or_default();
    text.lines().filter_map(|line| Some(line.split(':').next()?.to_owned())).collect()
}

fn keys(machine: &dyn Machine, user: &User) -> Result<(), Error> {
    if user.authorized_keys.is_empty() {
        return Ok(());
    }
    let folder = format!("/home/{}/.ssh", user.name);
    let text: String = user.authorized_keys.iter().map(|key| format!("{key}\n")).collect();
    put(machine, &format!("{folder}/authorized_keys"), &text, 0o600)?;
    let owner = format!("{0}:{0}", user.name);
    machine.run(&inside("/usr/bin/chown").with(["-R", &owner, &folder]))?;
    machine.run(&inside("/usr/bin/chmod").with(["0700", &folder]))?;
    Ok(())
}
