//! Adds users and groups, their homes, keys and sudo rules, and sets root's password.
//!
//! Numbers are given in the order of the list: from 1000 to people, from 100 to system users, the
//! first that is free as a uid and as a gid. Knows no manifest.

pub(crate) mod accounts;
mod database;
mod home;
mod names;
mod sudo;

use isoplug_engine::Key;
use isoplug_manifest::By;
use serde::Serialize;

use super::{ContributeError, Contributor, Host};
use database::Database;
pub(crate) use database::{gid, uid};

/// Users, groups and root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Users {
    /// Groups to add, before any user.
    pub groups: Vec<NewGroup>,
    /// Users to add, in this order.
    pub users: Vec<User>,
    /// How root may log in.
    pub root: Root,
    /// Whether all members of the group `sudo` become root without a password.
    pub sudo_without_password: bool,
}

/// A group to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Its number; `None`: the next free.
    pub gid: Option<u32>,
    /// Whether its number is to be below 1000.
    pub system: bool,
}

/// A user to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The number; `None`: the next free.
    pub uid: Option<u32>,
    /// The groups beside the user's own, which has the user's name.
    pub groups: Vec<String>,
    /// The full name.
    pub description: String,
    /// The home; `None`: `/home/NAME`, or `/nonexistent` for a system user.
    pub home: Option<String>,
    /// The login shell, which must be in the image; `None`: `/bin/bash`, or `/usr/sbin/nologin` for
    /// a system user.
    pub shell: Option<String>,
    /// The password as crypt(5) writes it; `None`: no password is accepted.
    #[serde(skip)]
    pub hashed_password: Option<String>,
    /// Lines for `~/.ssh/authorized_keys`.
    pub authorized_keys: Vec<String>,
    /// Whether the user may become root.
    pub sudo: Sudo,
    /// Whether it is an account for a service: no home is made.
    pub system: bool,
}

impl User {
    /// Returns a user of this name, as `useradd NAME` would make.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            uid: None,
            groups: Vec::new(),
            description: String::new(),
            home: None,
            shell: None,
            hashed_password: None,
            authorized_keys: Vec::new(),
            sudo: Sudo::None,
            system: false,
        }
    }

    /// Returns the home.
    pub fn home(&self) -> String {
        database::home_of(self)
    }
}

/// Whether a user may become root with sudo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Sudo {
    /// Only as far as the user's groups allow.
    #[default]
    None,
    /// With the user's own password.
    Password,
    /// Without one.
    WithoutPassword,
}

/// How root may log in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Root {
    /// The password as crypt(5) writes it; `None`: none is accepted.
    #[serde(skip)]
    pub hashed_password: Option<String>,
    /// Whether no password is accepted, even if there is one.
    pub locked: bool,
    /// Lines for `/root/.ssh/authorized_keys`.
    pub authorized_keys: Vec<String>,
}

impl Contributor for Users {
    fn by(&self) -> By {
        By::Part("users")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        let rules = self.users.iter().filter(|user| user.sudo != Sudo::None);
        let rules = rules.map(|user| sudo::path(&user.name));
        let group = self.sudo_without_password.then(|| sudo::path(sudo::GROUP));
        rules.chain(group).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("users", self);
        let passwords = self.users.iter().map(|user| (user.name.as_str(), &user.hashed_password));
        for (name, password) in passwords.chain([("root", &self.root.hashed_password)]) {
            if let Some(password) = password {
                key.secret(&format!("password of {name}"), password);
            }
        }
    }

    fn contribute(&self, host: &mut dyn Host) -> Result<(), ContributeError> {
        let mut database = Database::read(host, &self.users)?;
        for group in &self.groups {
            database.add_group(group)?;
        }
        let accounts = self.users.iter().map(|user| database.add_user(user, host));
        let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
        database.set_root(&self.root)?;
        database.write(host)?;
        for (user, account) in self.users.iter().zip(&accounts) {
            home::make(host, user, account)?;
            sudo::allow(host, user)?;
        }
        home::authorize(host, "/root", (0, 0), &self.root.authorized_keys)?;
        if self.sudo_without_password {
            sudo::allow_group(host)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
