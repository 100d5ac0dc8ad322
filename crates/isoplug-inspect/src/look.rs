//! What programs of Debian's family keep in a root filesystem, and boot loaders on a medium.

pub mod initrd;
pub mod kernel;
pub mod menu;
pub mod owners;
pub mod packages;
pub mod sizes;
pub mod units;
pub mod users;
