//! The contract of `wit/0.1` as Rust types and traits.
//!
//! The one place that generates code. Exports are called by name, since a plugin has one of three
//! worlds and all import from the same interfaces.

wasmtime::component::bindgen!({
    path: "../../wit/0.1",
    inline: "
        package isoplug:host;
        world imports {
            import isoplug:plugin/types@0.1.0;
            import isoplug:plugin/blobs@0.1.0;
            import isoplug:plugin/context@0.1.0;
            import isoplug:plugin/rootfs@0.1.0;
            import isoplug:plugin/contribution@0.1.0;
        }
    ",
    world: "isoplug:host/imports",
    with: {
        "isoplug:plugin/blobs.blob": crate::guest::Blob,
        "isoplug:plugin/blobs.writer": crate::guest::Writer,
        "isoplug:plugin/contribution.module": crate::guest::ModuleInTheMaking,
    },
    imports: { default: trappable },
});
