//! Which drivers an initrd gets that only some images need before their root filesystem is found.

use std::sync::Arc;

use isoplug_manifest::options::Initrd;

use crate::initrd::Drivers;
use crate::plugins::Planner;

/// Kernel parameters by which live-boot(7) and the kernel look for the root over the network.
const NETWORK: [&str; 13] = [
    "dhcp",
    "ethdevice",
    "fetch",
    "ftpfs",
    "httpfs",
    "ip",
    "iscsi",
    "nbdroot",
    "netboot",
    "nfsaddrs",
    "nfsopts",
    "nfsoverlay",
    "nfsroot",
];

/// Returns what was asked for, or else what parameters and plugins need.
pub(super) fn drivers(
    initrd: &Initrd,
    kernel_params: &[String],
    planners: &[Arc<dyn Planner>],
) -> Drivers {
    let needs_network = || {
        kernel_params.iter().any(|param| needs_network(param))
            || planners.iter().any(|planner| planner.plans("output"))
    };
    Drivers { network: initrd.network.unwrap_or_else(needs_network), graphics: initrd.graphics }
}

fn needs_network(param: &str) -> bool {
    let name = param.split('=').next().unwrap_or_default();
    NETWORK.contains(&name) || param == "root=/dev/nfs"
}

#[cfg(test)]
mod tests {
    use isoplug_engine::Key;
    use serde_json::Value as Json;

    use super::*;
    use crate::plugins::{Answer, PluginError};

    /// Plans one stage.
    struct Plans(&'static str);

    impl Planner for Plans {
        fn name(&self) -> &str {
            self.0
        }

        fn plans(&self, stage: &str) -> bool {
            stage == self.0
        }

        fn key(&self, _: &mut dyn Key) {}

        fn plan(&self, _: &str, _: &Json) -> Result<Answer<Json>, PluginError> {
            Err(PluginError("nobody asks".to_owned()))
        }
    }

    fn network(set: Option<bool>, params: &[&str]) -> bool {
        let initrd = Initrd { network: set, ..Initrd::default() };
        let params: Vec<String> = params.iter().map(|&param| param.to_owned()).collect();
        drivers(&initrd, &params, &[]).network
    }

    #[test]
    fn the_network_is_there_for_whom_it_is_needed() {
        assert!(!network(None, &["quiet", "ipv6.disable=1", "root=LABEL=x", "net.ifnames=0"]));
        for param in ["fetch=http://x/y.squashfs", "netboot", "ip=dhcp", "root=/dev/nfs", "dhcp"] {
            assert!(network(None, &["quiet", param]), "{param}");
            assert!(!network(Some(false), &[param]));
        }
        assert!(network(Some(true), &[]));
    }

    #[test]
    fn files_beside_the_iso_may_be_served_to_machines_without_a_medium() {
        let with = |stage| {
            let planner: Arc<dyn Planner> = Arc::new(Plans(stage));
            drivers(&Initrd::default(), &[], &[planner]).network
        };
        assert!(with("output") && !with("menu"));
    }
}
