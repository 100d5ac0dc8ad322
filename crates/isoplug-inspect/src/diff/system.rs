//! Units, users and what the system says of itself.

use std::collections::BTreeMap;

use crate::image::{Image, System};
use crate::look::users::User;

use super::Fact;

/// Compares all of it.
pub(super) fn compare(a: &Image, b: &Image) -> Vec<Fact> {
    let mut found = facts(&named(&a.system), &named(&b.system));
    let units = |image: &Image| -> BTreeMap<String, String> {
        let units = image.units.iter();
        units
            .map(|it| {
                (
                    format!("unit {} for {}", it.name, it.by).trim_end_matches(" for ").to_owned(),
                    it.state.to_owned(),
                )
            })
            .collect()
    };
    found.extend(facts(&units(a), &units(b)));
    let users = |image: &Image| image.users.iter().map(user).collect::<BTreeMap<_, _>>();
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
