//! The exports of a check plugin, as `wit-bindgen` makes them of the contract.
//!
//! A crate of its own, since each world exports `describe` and a crate has room for the macro of
//! one. Knows only exports: what a plugin imports is in `isoplug-sdk`.

wit_bindgen::generate!({
    path: "../wit",
    world: "check-plugin",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export",
    default_bindings_module: "isoplug_sdk_check",
});
