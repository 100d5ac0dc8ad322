//! Changes the four files of accounts together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::nearest::nearest;
use super::super::{ContributeError, Rootfs};
use super::accounts::{Group, GroupShadow, MEMBERS, Passwd, Rows, Shadow, add_member};
use super::names::{check_hash, check_user};
use isoplug_manifest::options::{Root, User};

/// Numbers of system users and groups (`/etc/adduser.conf`, FIRST_SYSTEM_UID).
const SYSTEM: std::ops::Range<u32> = 100..1000;
/// Numbers of people (`/etc/login.defs`, UID_MIN and UID_MAX).
const PEOPLE: std::ops::Range<u32> = 1000..60000;

/// Names of groups elsewhere, and what they are called in Debian.
const ALIASES: [(&str, &str); 2] = [("wheel", "sudo"), ("networkmanager", "netdev")];

/// The accounts of an image.
pub(super) struct Database {
    passwd: Passwd,
    group: Group,
    shadow: Shadow,
    gshadow: Option<GroupShadow>,
    today: String,
    /// Groups that were added, which a user of the same name may have as its own.
    added: BTreeSet<String>,
    /// Numbers that are asked for, which nobody else is to get.
    reserved: BTreeSet<u32>,
}

/// What became of a user.
pub(super) struct Account {
    /// The user's number.
    pub(super) uid: u32,
    /// The number of the user's own group.
    pub(super) gid: u32,
    /// The home.
    pub(super) home: String,
}

impl Database {
    /// Reads the accounts of the image, to which these users are to be added.
    pub(super) fn read(
        rootfs: &dyn Rootfs,
        users: &BTreeMap<String, User>,
    ) -> Result<Self, ContributeError> {
        let missing = |path: &str| {
            ContributeError::refused(
                path,
                "the image has none; are `base-passwd` and `passwd` installed?",
            )
        };
        Ok(Self {
            passwd: Passwd::read(rootfs, PASSWD)?.ok_or_else(|| missing(PASSWD))?,
            group: Group::read(rootfs, GROUP)?.ok_or_else(|| missing(GROUP))?,
            shadow: Shadow::read(rootfs, SHADOW)?.ok_or_else(|| missing(SHADOW))?,
            gshadow: GroupShadow::read(rootfs, GSHADOW)?,
            today: (rootfs.epoch() / 86400).to_string(),
            added: BTreeSet::new(),
            reserved: users.values().filter_map(|user| user.uid).collect(),
        })
    }

    /// Writes the accounts back.
    pub(super) fn write(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        self.passwd.write(rootfs, PASSWD)?;
        self.group.write(rootfs, GROUP)?;
        self.shadow.write(rootfs, SHADOW)?;
        self.gshadow.as_ref().map_or(Ok(()), |gshadow| gshadow.write(rootfs, GSHADOW))
    }

    /// Adds a user with a group of its own, and makes it a member of its groups.
    pub(super) fn add_user(
        &mut self,
        name: &str,
        user: &User,
        rootfs: &dyn Rootfs,
    ) -> Result<Account, ContributeError> {
        check_user(name, user)?;
        let subject = format!("user `{name}`");
        if self.passwd.get(name).is_some() {
            return Err(ContributeError::refused(subject, "the image has a user of this name"));
        }
        check_shell(&subject, shell_of(user), rootfs)?;
        let (uid, gid) = self.numbers(name, user, &subject)?;
        if self.group.get(name).is_none() {
            self.push_group(name, gid);
        }
        let home = home_of(name, user);
        self.push_user((name, user), uid, gid, &home);
        for group in &user.groups {
            self.join(&subject, name, group, rootfs)?;
        }
        Ok(Account { uid, gid, home })
    }

    /// Sets root's password.
    pub(super) fn set_root(&mut self, root: &Root) -> Result<(), ContributeError> {
        check_hash("root", root.hash())?;
        let today = self.today.clone();
        let row = self.shadow.get_mut("root");
        let row = row.ok_or_else(|| ContributeError::refused(SHADOW, "it has no row for root"))?;
        row[1] = password(root.hash(), root.locked);
        row[2] = today;
        Ok(())
    }

    /// Returns a user's uid and the gid of its own group.
    fn numbers(
        &self,
        name: &str,
        user: &User,
        subject: &str,
    ) -> Result<(u32, u32), ContributeError> {
        let own = self.group.id(name);
        if own.is_some() && !self.added.contains(name) {
            return Err(ContributeError::refused(subject, "the image has a group of this name"));
        }
        let uid = match user.uid {
            Some(uid) => free(subject, "uid", uid, self.passwd.with_id(uid))?,
            None => self.next(subject, user.system, own)?,
        };
        match own {
            Some(gid) => Ok((uid, gid)),
            None if self.group.with_id(uid).is_none() => Ok((uid, uid)),
            None => Ok((uid, self.next(subject, user.system, None)?)),
        }
    }

    /// Returns the first number that is free; also as a gid, unless there is one already.
    fn next(&self, subject: &str, system: bool, gid: Option<u32>) -> Result<u32, ContributeError> {
        let mut range = if system { SYSTEM } else { PEOPLE };
        let id = range.find(|id| {
            !self.reserved.contains(id)
                && self.passwd.with_id(*id).is_none()
                && (gid.is_some() || self.group.with_id(*id).is_none())
        });
        id.ok_or_else(|| ContributeError::refused(subject, "no number is free for it"))
    }

    fn push_group(&mut self, name: &str, gid: u32) {
        self.added.insert(name.to_owned());
        self.group.push([name, "x", &gid.to_string(), ""]);
        if let Some(gshadow) = &mut self.gshadow {
            gshadow.push([name, "!", "", ""]);
        }
    }

    fn push_user(&mut self, (name, user): (&str, &User), uid: u32, gid: u32, home: &str) {
        let (uid, gid) = (uid.to_string(), gid.to_string());
        self.passwd.push([name, "x", &uid, &gid, &user.description, home, shell_of(user)]);
        let hash = password(user.hash(), false);
        let limits = if user.system { ["", "", ""] } else { ["0", "99999", "7"] };
        let [min, max, warn] = limits;
        self.shadow.push([name, &hash, &self.today, min, max, warn, "", "", ""]);
    }

    /// Makes a user a member of a group.
    fn join(
        &mut self,
        subject: &str,
        user: &str,
        group: &str,
        rootfs: &dyn Rootfs,
    ) -> Result<(), ContributeError> {
        let name = self.known_group(group)?;
        if name != group {
            rootfs.log(&format!("{subject}: group `{group}` is `{name}` in Debian"));
        }
        if let Some(row) = self.group.get_mut(&name) {
            add_member(&mut row[MEMBERS], user);
        }
        if let Some(row) = self.gshadow.as_mut().and_then(|gshadow| gshadow.get_mut(&name)) {
            add_member(&mut row[MEMBERS], user);
        }
        Ok(())
    }

    /// Returns the name under which the image knows a group.
    fn known_group(&self, name: &str) -> Result<String, ContributeError> {
        let alias = ALIASES.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
        let known = [Some(name), alias].into_iter().flatten();
        let found = known.into_iter().find(|name| self.group.get(name).is_some());
        found.map(str::to_owned).ok_or_else(|| ContributeError::Unknown {
            kind: "group",
            name: name.to_owned(),
            nearest: nearest(alias.unwrap_or(name), self.group.names()),
        })
    }
}

/// Refuses a number that someone has.
fn free(subject: &str, kind: &str, id: u32, owner: Option<&str>) -> Result<u32, ContributeError> {
    match owner {
        Some(owner) => {
            let reason = format!("its {kind} {id} belongs to `{owner}`");
            Err(ContributeError::refused(subject, reason))
        }
        None => Ok(id),
    }
}

/// Refuses a shell that the image cannot run.
fn check_shell(subject: &str, shell: &str, rootfs: &dyn Rootfs) -> Result<(), ContributeError> {
    if rootfs.stat(shell).is_some_and(|entry| entry.mode & 0o111 != 0) {
        return Ok(());
    }
    let reason =
        format!("its shell {shell} is not a program of the image; is its package installed?");
    Err(ContributeError::refused(subject, reason))
}

/// Nobody logs in to an account for a service.
fn shell_of(user: &User) -> &str {
    if user.system { "/usr/sbin/nologin" } else { &user.shell }
}

/// Returns where a user's home is; one for a service has none unless it names one.
pub(crate) fn home_of(name: &str, user: &User) -> String {
    let usual = if user.system { "/nonexistent".to_owned() } else { format!("/home/{name}") };
    user.home.clone().unwrap_or(usual)
}

/// Returns the password column of shadow(5): `*` accepts none, `!` before it locks it. `*` and not
/// `!` is for an account that has only keys, since a server without PAM refuses locked ones.
fn password(hash: Option<&str>, locked: bool) -> String {
    [if locked { "!" } else { "" }, hash.unwrap_or("*")].concat()
}

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const SHADOW: &str = "/etc/shadow";
const GSHADOW: &str = "/etc/gshadow";

/// Returns the uid that a name or number stands for in the image.
pub(crate) fn uid(rootfs: &dyn Rootfs, name: &str) -> Result<u32, ContributeError> {
    let rows = Passwd::read(rootfs, PASSWD)?.unwrap_or_default();
    id_of("user", name, &rows)
}

/// Returns the gid that a name or number stands for in the image.
pub(crate) fn gid(rootfs: &dyn Rootfs, name: &str) -> Result<u32, ContributeError> {
    let rows = Group::read(rootfs, GROUP)?.unwrap_or_default();
    id_of("group", name, &rows)
}

fn id_of<const N: usize>(
    kind: &'static str,
    name: &str,
    rows: &Rows<N>,
) -> Result<u32, ContributeError> {
    let root = (name == "root").then_some(0);
    let id = rows.id(name).or_else(|| name.parse().ok()).or(root);
    id.ok_or_else(|| ContributeError::Unknown {
        kind,
        name: name.to_owned(),
        nearest: nearest(name, rows.names()),
    })
}
