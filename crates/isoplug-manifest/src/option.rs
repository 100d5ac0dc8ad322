//! Paths of options that the compiler has checked, with the type of the option.

use std::fmt;
use std::marker::PhantomData;

use crate::parts::Options;
use crate::path::{join, split};

/// The path of an option of type `T`: `services.openssh.enable`.
pub struct Path<T> {
    keys: Vec<String>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Path<T> {
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), kind: PhantomData }
    }
}

impl<T> Path<T> {
    /// Called by [`option!`](crate::option!), which proves that the fields are there.
    pub(crate) fn of(_proof: fn(&Options) -> &T, fields: &[&str]) -> Self {
        let keys = fields.iter().map(|field| field.replace('_', "-")).collect();
        Self { keys, kind: PhantomData }
    }

    /// Goes on below: to a key of a table, or to a field of what stands there.
    #[must_use]
    pub fn below(mut self, key: &str) -> Path<()> {
        self.keys.push(key.to_owned());
        Path { keys: self.keys, kind: PhantomData }
    }

    /// Takes a path as it is written, such as one of a part that is added to the built-in ones. Nothing proves
    /// that there is such an option.
    #[must_use]
    pub fn written(path: &str) -> Self {
        Self { keys: split(path), kind: PhantomData }
    }

    /// Returns its keys.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.keys.iter().map(String::as_str).collect()
    }
}

impl<T> fmt::Display for Path<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.keys()))
    }
}

/// Returns the path of an option. A field that is not there does not compile.
macro_rules! option {
    ($($field:ident).+) => {
        $crate::option::Path::of(
            |options: &$crate::parts::Options| &options.$($field).+,
            &[$(stringify!($field)),+],
        )
    };
}
pub(crate) use option;

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_is_written_as_the_manifest_has_it() {
        assert_eq!(option!(packages.machine_state).to_string(), "packages.machine-state");
        let unit = option!(systemd.units).below("a.service").below("text");
        assert_eq!(unit.to_string(), "systemd.units.\"a.service\".text");
    }
}
