//! Docker, and a place for its layers where a live system has none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::by::By;
use crate::diagnostic::Diagnostic;
use crate::file::File;
use crate::option::option;
use crate::part::{self, Contribution, Lint};

/// Docker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Docker {
    /// Whether it runs. Debian's package is installed with its command. Whoever is in the group `docker` (`users.NAME.groups`)
    /// may use it, and is as good as root with it.
    ///
    /// The kernel lays no overlay over that of a live system, on which Docker would copy each layer whole. So its layers
    /// lie in memory, and are gone when the machine is off; with `/var/lib/docker` among `live.persistence.paths` they are
    /// kept on the stick, when that entry is booted.
    pub enable: bool,
    /// How much memory its layers may take at most: a size such as `4 GiB`. Without it, half of the memory.
    #[schemars(extend("format" = "byte-size"))]
    pub memory: Option<String>,
}

/// What it reads.
pub(crate) struct Part<'a> {
    pub(crate) docker: &'a Docker,
}

const SCRIPT: &str = "/usr/lib/isoplug/docker/storage";
const DROP_IN: &str = "/usr/lib/systemd/system/docker.service.d/50-isoplug-storage.conf";

impl part::Part for Part<'_> {
    fn by(&self) -> By {
        By::Part("docker")
    }

    fn owns(&self) -> &[&str] {
        &["services.docker"]
    }

    fn contribute(&self, out: &mut Contribution) {
        if !self.docker.enable {
            return;
        }
        let drop_in = format!("[Service]\nExecStartPre={SCRIPT}\n");
        out.because(option!(services.docker.enable))
            .package("docker.io")
            .package("docker-cli")
            .package("ca-certificates")
            .unit("docker.service")
            .file(File::text(SCRIPT, self.script()).executable())
            .file(File::text(DROP_IN, drop_in));
    }

    fn lint(&self, lint: &mut Lint<'_>) {
        if self.docker.memory.is_some() && !self.docker.enable {
            let message = "nothing takes that memory: `services.docker.enable` is not set";
            let warning = Diagnostic::warning("idle-option", message);
            lint.report_at(warning, &option!(services.docker.memory));
        }
    }
}

impl Part<'_> {
    fn script(&self) -> String {
        let bytes = self.docker.memory.as_deref().and_then(crate::format::byte_size);
        let size = bytes.map_or_else(|| "50%".to_owned(), |bytes| bytes.to_string());
        include_str!("docker/storage.sh").replace("@SIZE@", &size)
    }
}
