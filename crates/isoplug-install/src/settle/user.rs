//! The user who was asked for, added by the target's own tools.

use isoplug_install_plan::User;

use super::{inside, put};
use crate::{Error, Machine, TARGET};

/// Adds a user, or gives one of the tree a password.
pub(crate) fn add(machine: &dyn Machine, user: &User, password: Option<&str>) -> Result<(), Error> {
    let names = |file: &str| -> Vec<String> {
        let text = machine.text(&format!("{TARGET}/etc/{file}")).unwrap_or_default();
        text.lines().filter_map(|line| Some(line.split(':').next()?.to_owned())).collect()
    };
    let there = names("group");
    let groups: Vec<&str> =
        user.groups.iter().filter(|name| there.contains(name)).map(String::as_str).collect();
    if names("passwd").contains(&user.name) {
        let call = inside("/usr/sbin/usermod").words("--append --groups");
        machine.run(&call.with([&groups.join(","), &user.name]))?;
    } else {
        let call =
            inside("/usr/sbin/useradd").words("--create-home --user-group --shell /bin/bash");
        let call = call.with(["--comment", &user.full_name, "--groups", &groups.join(",")]);
        machine.run(&call.with([&user.name]))?;
    }
    // The target's own PAM makes the hash of a password that was typed.
    match (password, &user.password) {
        (Some(password), _) => {
            let call = inside("/usr/sbin/chpasswd").input(format!("{}:{password}\n", user.name));
            machine.run(&call)?;
        }
        (None, Some(hash)) => {
            let call = inside("/usr/sbin/chpasswd").with(["-e"]);
            machine.run(&call.input(format!("{}:{hash}\n", user.name)))?;
        }
        (None, None) => {}
    }
    keys(machine, user)
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
