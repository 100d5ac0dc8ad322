//! Users, what their passwords are, and who may become root.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::root::Root;
use crate::squashfs::Kind;

/// A user of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The number of the first group.
    pub gid: u32,
    /// The home folder.
    pub home: String,
    /// The program that a login starts.
    pub shell: String,
    /// What the password is: `locked`, `empty`, or how it is hashed.
    pub password: &'static str,
    /// The further groups.
    pub groups: Vec<String>,
    /// `no`, `password` or `nopasswd`.
    pub sudo: &'static str,
    /// How many SSH keys may log in.
    pub ssh_keys: usize,
}

impl User {
    /// Tells whether somebody can log in as this user.
    #[must_use]
    pub fn can_log_in(&self) -> bool {
        let no_shell = ["/nologin", "/false", "/sync"].iter().any(|end| self.shell.ends_with(end));
        (self.password != "locked" || self.ssh_keys > 0) && !no_shell
    }
}

/// Returns the users by number.
#[must_use]
pub fn read(root: &Root) -> Vec<User> {
    let text = |path: &str| root.text(path).unwrap_or_default();
    let (passwd, shadow, group) = (text("etc/passwd"), text("etc/shadow"), text("etc/group"));
    let hashes: BTreeMap<&str, &str> =
        shadow.lines().filter_map(|line| two(line.split(':'))).collect();
    let sudo = Sudo::read(root);
    let mut users: Vec<User> = passwd.lines().filter_map(user).collect();
    for user in &mut users {
        let first = user.gid;
        let all = group.lines().filter_map(|line| members(line, &user.name, first));
        let (own, further): (Vec<_>, Vec<_>) = all.partition(|(_, is_first)| *is_first);
        user.groups = further.into_iter().map(|(name, _)| name.to_owned()).collect();
        user.password = password(hashes.get(&*user.name).copied().unwrap_or("*"));
        let own = own.iter().map(|(name, _)| *name);
        user.sudo = sudo.of(&user.name, own.chain(user.groups.iter().map(String::as_str)));
        user.ssh_keys = keys(root, &user.home);
    }
    users.sort_by_key(|user| user.uid);
    users
}

fn two<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
    Some((parts.next()?, parts.next()?))
}

fn user(line: &str) -> Option<User> {
    let parts: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, shell] = parts[..] else { return None };
    let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
    Some(User {
        name: name.into(),
        uid,
        gid,
        home: home.into(),
        shell: shell.into(),
        ..User::default()
    })
}

/// Returns the group of a line if the user is in it, and whether it is the first one.
fn members<'a>(line: &'a str, user: &str, first: u32) -> Option<(&'a str, bool)> {
    let parts: Vec<&str> = line.split(':').collect();
    let [name, _, number, users] = parts[..] else { return None };
    let is_first = number.parse() == Ok(first);
    (is_first || users.split(',').any(|member| member == user)).then_some((name, is_first))
}

fn password(hash: &str) -> &'static str {
    match hash {
        "" => "empty",
        hash if hash.starts_with(['!', '*']) => "locked",
        hash if hash.starts_with("$y$") => "yescrypt",
        hash if hash.starts_with("$gy$") => "gost-yescrypt",
        hash if hash.starts_with("$6$") => "sha512",
        hash if hash.starts_with("$5$") => "sha256",
        hash if hash.starts_with("$2") => "bcrypt",
        hash if hash.starts_with("$1$") => "md5",
        _ => "des or unknown",
    }
}

/// Counts the keys in a home folder and in the place of sshd.
fn keys(root: &Root, home: &str) -> usize {
    let text = root.text(&format!("{home}/.ssh/authorized_keys")).unwrap_or_default();
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count()
}

/// Who may use sudo: names, groups with a percent sign before them.
struct Sudo(BTreeMap<String, &'static str>);

impl Sudo {
    fn read(root: &Root) -> Self {
        let folder = root.inside("etc/sudoers.d").filter(|node| matches!(node.kind, Kind::File(_)));
        let parts: Vec<String> = folder.map(|node| node.path.clone()).collect();
        let mut found = BTreeMap::new();
        for path in [&["etc/sudoers".to_owned()][..], &parts].concat() {
            for line in root.text(&path).unwrap_or_default().lines() {
                let who = line.split_whitespace().next().unwrap_or_default();
                let is_rule =
                    !who.starts_with(['#', '@']) && who != "Defaults" && !who.ends_with("_Alias");
                if is_rule && line.contains('=') {
                    let how = if line.contains("NOPASSWD") { "nopasswd" } else { "password" };
                    found.insert(who.to_owned(), how);
                }
            }
        }
        Self(found)
    }

    fn of<'a>(&self, user: &str, groups: impl Iterator<Item = &'a str>) -> &'static str {
        let by_group = groups.filter_map(|group| self.0.get(&format!("%{group}")));
        let ways = self.0.get(user).into_iter().chain(by_group).copied();
        // "nopasswd" sorts before "password".
        ways.min().unwrap_or("no")
    }
}
