//! `isoplug doctor`: what this machine lacks for building and testing, and how to get it.

use isoplug_sandbox as sandbox;
use isoplug_vm::{Arch, Firmware, Host};

use super::select::host_arch;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Tell what this machine lacks, and how to get it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    isoplug doctor || echo 'builds will fail here'\n  \
    isoplug doctor --arch arm64      # what images for another processor take")]
pub(crate) struct Args {
    /// Look at what `run` and `test` need, too, and fail if it is missing
    #[arg(long)]
    test: bool,
    /// Look at what images for this architecture need, too [default: this machine's alone]
    #[arg(long, value_name = "ARCH", value_parser = isoplug_arch::with_images())]
    arch: Option<String>,
}

/// One thing that was looked at.
struct Finding {
    what: String,
    fix: Option<String>,
    /// Whether builds fail without it.
    needed: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let arch = args.arch.as_deref().unwrap_or_else(|| host_arch());
    let mut findings = build_findings(arch, session);
    findings.extend(test_findings(arch, args.test));
    for Finding { what, fix, needed } in &findings {
        let mark = match (fix, needed) {
            (None, _) => "ok     ",
            (Some(_), true) => "missing",
            (Some(_), false) => "absent ",
        };
        session.out(&format!("{mark}  {what}"));
        if let Some(fix) = fix {
            session.out(&format!("         try: {fix}"));
        }
    }
    let broken = findings.iter().any(|finding| finding.needed && finding.fix.is_some());
    Ok(if broken { Exit::Host } else { Exit::Done })
}

fn build_findings(arch: &str, session: &Session) -> Vec<Finding> {
    let sandbox = sandbox::diagnose().into_iter().map(|finding| Finding {
        what: finding.what,
        fix: finding.fix.filter(|_| !finding.ok),
        needed: finding.needed,
    });
    let store = match session.store() {
        Ok(store) => Finding {
            what: format!("the store {} can be written", store.root().display()),
            fix: None,
            needed: true,
        },
        Err(failure) => Finding {
            what: failure.message,
            fix: Some("name another folder with --store DIR or ISOPLUG_STORE".to_owned()),
            needed: true,
        },
    };
    sandbox.chain(programs(arch)).chain([store]).collect()
}

/// Looks whether scripts of packages for another architecture run.
fn programs(arch: &str) -> Option<Finding> {
    (arch != host_arch()).then(|| Finding {
        what: format!("programs of {arch} run"),
        fix: sandbox::runs_programs_of(arch).err().map(|error| error.to_string()),
        needed: true,
    })
}

fn test_findings(arch: &str, needed: bool) -> Vec<Finding> {
    let arch = Arch::find(arch).unwrap_or(Arch::Amd64);
    let firmwares = [Firmware::Bios, Firmware::Uefi, Firmware::SecureBoot];
    let supported = firmwares.into_iter().filter(|f| arch == Arch::Amd64 || *f != Firmware::Bios);
    let finding = |firmware| Finding {
        what: format!("QEMU can boot {arch} with {firmware}"),
        fix: Host::discover().supports(arch, firmware).err().map(|error| error.to_string()),
        needed,
    };
    let host = Host::discover();
    let mut findings: Vec<Finding> = supported.map(finding).collect();
    if arch.to_string() == host_arch() && host.supports(arch, Firmware::Uefi).is_ok() {
        findings.push(kvm(&host, arch));
    }
    findings
}

/// Without KVM all works, and slowly.
fn kvm(host: &Host, arch: Arch) -> Finding {
    let Some(why) = host.no_kvm(arch) else {
        return Finding {
            what: "fast boots: guests run with KVM".to_owned(),
            fix: None,
            needed: false,
        };
    };
    let what = format!("fast boots: {why}");
    let fix = why.advice().map(str::to_owned);
    Finding { what, fix, needed: false }
}
