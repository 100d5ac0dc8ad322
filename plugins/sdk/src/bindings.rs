//! The contract as Rust: what `wit-bindgen` makes of the worlds.
//!
//! The imports of all worlds are here; `stage` and `check` bring only their exports.
#![expect(missing_docs, reason = "generated; the contract has the words")]

pub mod contributor {
    //! A plugin that adds to an image.
    wit_bindgen::generate!({
        path: "wit",
        world: "contributor-plugin",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export",
        default_bindings_module: "isoplug_sdk::bindings::contributor",
    });
}

pub use {isoplug_sdk_check as check, isoplug_sdk_stage as stage};
