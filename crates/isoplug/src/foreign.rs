//! Tells before a build that this machine cannot run what an image for another architecture is made with. How programs of
//! another architecture run, the sandbox knows.

use isoplug_engine::Graph;
use isoplug_sandbox as sandbox;

use crate::commands::select::host_arch;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::prepare::Prepared;
use crate::room::is_made;

/// Fails if a build has scripts of packages to run that this machine cannot.
pub(crate) fn ready(graph: &Graph, prepared: &Prepared) -> Result<(), Failure> {
    let arch = &prepared.system.arch;
    let layers: Vec<_> = prepared.products.layers.iter().map(|layer| layer.id()).collect();
    if !is_made(&layers, graph, &prepared.store) {
        return Ok(());
    }
    if !prepared.system.options.packages.architectures.is_empty() {
        companion(prepared)?;
    }
    if arch == host_arch() {
        return Ok(());
    }
    sandbox::runs_programs_of(arch).map_err(|error| {
        let message = format!("{} needs programs of {arch} to run here", prepared.image.name);
        let hint = format!("`isoplug doctor --arch {arch}` looks at this machine");
        Failure::new(Exit::Host, message).because(&error).hint(hint)
    })
}

/// Fails if this machine does not run programs of i386, the one architecture that can be beside an image's own.
fn companion(prepared: &Prepared) -> Result<(), Failure> {
    sandbox::runs_i386().map_err(|error| {
        let message =
            format!("{} has packages of i386, whose programs do not run here", prepared.image.name);
        let hint =
            "the kernel must have CONFIG_IA32_EMULATION, and the machine a processor of amd64";
        Failure::new(Exit::Host, message).because(&error).hint(hint)
    })
}
