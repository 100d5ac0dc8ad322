//! Units, users and what the system says of itself.

use std::collections::BTreeMap;

use crate::image::{Image, System, system};
use crate::look::units::{self, Unit};
use crate::look::users::{self, User};
use crate::root::Root;

use super::Fact;

/// What one system says of itself.
pub(super) struct About {
    system: System,
    units: Vec<Unit>,
    users: Vec<User>,
}

impl From<&Image> for About {
    fn from(Image { system, units, users, .. }: &Image) -> Self {
        Self { system: system.clone(), units: units.clone(), users: users.clone() }
    }
}

impl From<&Root> for About {
    fn from(root: &Root) -> Self {
        Self { system: system(root), units: units::read(root), users: users::read(root) }
    }
}

/// Compares all of it.
pub(super) fn compare(a: &About, b: &About) -> Vec<Fact> {
    let mut found = facts(&named(&a.system), &named(&b.system));
    let unit = |it: &Unit| {
        let name = format!("unit {} for {}", it.name, it.by);
        (name.trim_end_matches(" for ").to_owned(), it.state.to_owned())
    };
    let units = |about: &About| about.units.iter().map(unit).collect::<BTreeMap<_, _>>();
    found.extend(facts(&units(a), &units(b)));
    let users = |about: &About| about.users.iter().map(user).collect::<BTreeMap<_, _>>();
    found.extend(facts(&users(a), &users(b)));
    found
}

fn named(system: &System) -> BTreeMap<String, String> {
    let System { id: _, version, codename: _, name, hostname, target } = system;
    let all = [
        ("version", version),
        ("distribution", name),
        ("host name", hostname),
        ("default target", target),
    ];
    all.iter().map(|(what, value)| ((*what).to_owned(), (*value).clone())).collect()
}

fn user(user: &User) -> (String, String) {
    let User { name, uid, gid, home, shell, password, groups, sudo, ssh_keys } = user;
    let groups = groups.join(",");
    let what = format!(
        "uid {uid}, gid {gid}, {home}, {shell}, password {password}, groups {groups}, sudo {sudo}, {ssh_keys} SSH keys"
    );
    (format!("user {name}"), what)
}

fn facts(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Fact> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value =
        |all: &BTreeMap<String, String>, name: &String| all.get(name).cloned().unwrap_or_default();
    let all =
        names.into_iter().map(|name| Fact::new(name.as_str(), value(old, name), value(new, name)));
    all.filter(|fact| fact.old != fact.new).collect()
}
