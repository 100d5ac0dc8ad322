//! Writes isoplug plugins in Rust.
//!
//! ```
//! use isoplug_sdk::prelude::*;
//!
//! struct Hello;
//!
//! impl Contributor for Hello {
//!     type Options = NoOptions;
//!     fn contribute(_: NoOptions, _: &Context) -> Result<Vec<Module>> {
//!         let hello = Module::new("hello");
//!         hello.file("/etc/motd", "Hello\n")?;
//!         Ok(vec![hello])
//!     }
//! }
//!
//! isoplug_sdk::contributor!(Hello);
//! ```
//!
//! Name, version, summary and licence of the plugin are those of its `Cargo.toml`. Tests run the
//! logic natively, see `testing`.

extern crate self as isoplug_sdk;

mod about;
pub mod bindings;
mod context;
mod error;
mod host;
pub mod json;
mod module;
mod plugin;
mod schema;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use isoplug_sdk_derive::{json, options};

pub use about::About;
pub use context::{Context, Entry, InputEntry, Kind, Rootfs};
pub use error::{Diagnostic, Error, Result};
pub use json::Value;
pub use module::{Blob, Content, Module, Place, Writer, iso, root};
pub use plugin::{Check, Contributor, Described, Stage};
pub use schema::{NoOptions, Options, Schema};

/// What most plugins use.
pub mod prelude {
    pub use crate::{
        About, Blob, Check, Context, Contributor, Diagnostic, Entry, Error, Kind, Module,
        NoOptions, Place, Result, Rootfs, Schema, Stage, Value, Writer, iso, json, options, root,
    };
}

/// What the macros need of the crate.
#[doc(hidden)]
pub mod __private {
    pub use crate::about::Package;
    pub use crate::plugin::{check, contribute, describe, furnish, plan};
    pub use crate::schema::{Field, field, no_choice, table};

    /// Takes the host's resources out of modules.
    #[cfg(target_arch = "wasm32")]
    pub fn modules(
        modules: Vec<crate::Module>,
    ) -> Vec<crate::bindings::contributor::isoplug::plugin::contribution::Module> {
        modules.into_iter().map(|module| module.0).collect()
    }
}

/// What Cargo knows of the crate that uses the macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __package {
    () => {
        $crate::__private::Package {
            id: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            summary: env!("CARGO_PKG_DESCRIPTION"),
            licence: env!("CARGO_PKG_LICENSE"),
            homepage: env!("CARGO_PKG_HOMEPAGE"),
        }
    };
}

/// Exports a [`Contributor`].
#[macro_export]
macro_rules! contributor {
    ($plugin:ty) => {
        impl $crate::Described for $plugin {
            fn describe() -> String {
                type Options = <$plugin as $crate::Contributor>::Options;
                let about = <$plugin as $crate::Contributor>::about();
                $crate::__private::describe::<Options>(&$crate::__package!(), about)
            }
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::contributor::exports::isoplug::plugin;
            use $crate::bindings::contributor::isoplug::plugin::contribution::Module;

            struct Exported;

            impl plugin::describe::Guest for Exported {
                fn describe() -> String {
                    <$plugin as $crate::Described>::describe()
                }
            }

            impl plugin::contributor::Guest for Exported {
                fn contribute() -> ::core::result::Result<Vec<Module>, String> {
                    $crate::__private::contribute::<$plugin>().map($crate::__private::modules)
                }

                fn furnish() -> ::core::result::Result<Vec<Module>, String> {
                    $crate::__private::furnish::<$plugin>().map($crate::__private::modules)
                }
            }

            $crate::bindings::contributor::export!(
                Exported with_types_in $crate::bindings::contributor
            );
        };
    };
}

/// Exports a [`Check`].
#[macro_export]
macro_rules! check {
    ($plugin:ty) => {
        impl $crate::Described for $plugin {
            fn describe() -> String {
                type Options = <$plugin as $crate::Check>::Options;
                let about = <$plugin as $crate::Check>::about();
                $crate::__private::describe::<Options>(&$crate::__package!(), about)
            }
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::check::exports::isoplug::plugin;

            struct Exported;

            impl plugin::describe::Guest for Exported {
                fn describe() -> String {
                    <$plugin as $crate::Described>::describe()
                }
            }

            impl plugin::check::Guest for Exported {
                fn check() -> ::core::result::Result<(), String> {
                    $crate::__private::check::<$plugin>()
                }
            }

            $crate::bindings::check::export!(
                Exported with_types_in $crate::bindings::check
            );
        };
    };
}

/// Exports a [`Stage`].
#[macro_export]
macro_rules! stage {
    ($plugin:ty) => {
        impl $crate::Described for $plugin {
            fn describe() -> String {
                type Options = <$plugin as $crate::Stage>::Options;
                let about = <$plugin as $crate::Stage>::about()
                    .of_stages(<$plugin as $crate::Stage>::STAGES);
                $crate::__private::describe::<Options>(&$crate::__package!(), about)
            }
        }

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::stage::exports::isoplug::plugin;

            struct Exported;

            impl plugin::describe::Guest for Exported {
                fn describe() -> String {
                    <$plugin as $crate::Described>::describe()
                }
            }

            impl plugin::stage::Guest for Exported {
                fn plan(stage: String, inputs: String) -> ::core::result::Result<String, String> {
                    $crate::__private::plan::<$plugin>(&stage, &inputs)
                }
            }

            $crate::bindings::stage::export!(
                Exported with_types_in $crate::bindings::stage
            );
        };
    };
}
