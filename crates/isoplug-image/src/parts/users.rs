//! Adds users, their homes, keys and sudo rules, and sets root's password.
//!
//! Numbers are given in the order of names: from 1000 to people, from 100 to system users, the
//! first that is free as a uid and as a gid.

pub(crate) mod accounts;
mod database;
mod home;
mod names;
mod sudo;

use std::collections::BTreeMap;

use isoplug_engine::Key;
use isoplug_manifest::By;
use isoplug_manifest::options::{Root, Security, Sudo, User};

use super::{ContributeError, Contributor, Rootfs};
use database::Database;
pub(crate) use database::{gid, home_of, uid};

/// Users and root.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Users {
    /// Users to add, in the order of their names.
    pub users: BTreeMap<String, User>,
    /// How root may log in.
    pub root: Root,
    /// Who becomes root.
    pub security: Security,
}

impl Contributor for Users {
    fn by(&self) -> By {
        By::Part("users")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        let rules = self.users.iter().filter(|(_, user)| user.sudo != Sudo::None);
        let rules = rules.map(|(name, _)| sudo::path(name));
        let group = self.sudo_without_password().then(|| sudo::path(sudo::GROUP));
        rules.chain(group).collect()
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { users, root, security } = self;
        for (name, user) in users {
            let (hashed_password, hashed_password_from) = (None, None);
            let shown = User { hashed_password, hashed_password_from, ..user.clone() };
            key.value(&format!("user {name}"), &shown);
            secret(key, name, user.hash());
        }
        let (hashed_password, hashed_password_from) = (None, None);
        key.value("root", &Root { hashed_password, hashed_password_from, ..root.clone() });
        secret(key, "root", root.hash());
        key.value("security", security);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        let mut database = Database::read(rootfs, &self.users)?;
        let accounts = self.users.iter().map(|(name, user)| database.add_user(name, user, rootfs));
        let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
        database.set_root(&self.root)?;
        database.write(rootfs)?;
        for ((name, user), account) in self.users.iter().zip(&accounts) {
            home::make(rootfs, user, account)?;
            sudo::allow(rootfs, name, user.sudo)?;
        }
        home::authorize(rootfs, "/root", (0, 0), &self.root.authorized_keys)?;
        if self.sudo_without_password() {
            sudo::allow_group(rootfs)?;
        }
        Ok(())
    }
}

impl Users {
    /// Tells whether all members of the group `sudo` become root without a password.
    fn sudo_without_password(&self) -> bool {
        !self.security.sudo.wheel_needs_password
    }
}

/// Shows that a password decides, and no store what it is.
fn secret(key: &mut dyn Key, name: &str, password: Option<&str>) {
    if let Some(password) = password {
        key.secret(&format!("password of {name}"), password);
    }
}

#[cfg(test)]
mod tests;
