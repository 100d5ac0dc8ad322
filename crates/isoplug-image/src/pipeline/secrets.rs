//! Wires what looks for secrets in what is added to a system by whoever is no package.

use isoplug_engine::{Artifact, Graph, Tree};
use isoplug_manifest::By;

use super::system::{self, Made};
use crate::image::Image;
use crate::stages::secrets::{Added, Brought, Secrets, Whose};

/// Adds the stages of the system that the medium runs, and begins with what is to be looked through.
pub(super) fn live(image: &Image, graph: &mut Graph) -> (Secrets, Made) {
    let mut secrets = Secrets::default();
    let made = system(&mut secrets, image, 0, graph);
    (secrets, made)
}

/// Adds the stages of a system, and what it has to what is to be looked through.
pub(super) fn system(
    secrets: &mut Secrets,
    image: &Image,
    index: usize,
    graph: &mut Graph,
) -> Made {
    let made = system::add(image, graph);
    add(secrets, image, index, &made);
    made
}

/// Adds what a system has: what its contributors added, and what scripts of its plugins changed.
fn add(secrets: &mut Secrets, image: &Image, system: usize, made: &Made) {
    let whose = |by: &By| Some(Whose { system, by: Brought::of(by)? });
    // Those of nobody who contributes come first: drivers.
    let others = made.overlays.len() - image.contributors.len();
    for (contributor, overlay) in image.contributors.iter().zip(&made.overlays[others..]) {
        let added = whose(&contributor.by()).map(|whose| Added { whose, overlay: *overlay });
        secrets.added.extend(added);
    }
    let plugins = image.hooks.chunk_by(|one, next| one.plugin == next.plugin);
    let plugins: Vec<By> = plugins.map(|hooks| By::Plugin(hooks[0].plugin.clone())).collect();
    let layers = &made.layers[made.layers.len() - plugins.len() - 1..];
    for (plugin, layers) in plugins.iter().zip(layers.windows(2)) {
        let layers: [Artifact<Tree>; 2] = [layers[0], layers[1]];
        secrets.changed.extend(whose(plugin).map(|whose| (whose, layers)));
    }
}
