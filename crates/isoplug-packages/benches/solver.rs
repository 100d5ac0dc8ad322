//! Choosing packages out of an archive that is made up: as large as Debian's, and as entangled.

use std::fmt::Write as _;

use criterion::{Criterion, criterion_group, criterion_main};
use isoplug_formats::apt::relation;
use isoplug_packages::solver::{Problem, Resolvo, Solver};
use isoplug_packages::{Index, Universe};

const PACKAGES: u64 = 60_000;

/// Makes an index in which a package depends on earlier ones, the more often the earlier they
/// are; one in ten may choose between two, one in twenty wants a virtual package.
fn index() -> Index {
    let mut text = String::new();
    for number in 0..PACKAGES {
        let _ = writeln!(
            text,
            "Package: p{number}\nVersion: 1.{}-1\nArchitecture: amd64\nDepends: {}\nProvides: v{}\n\
             Conflicts: c{number}\nFilename: pool/p{number}.deb\nSize: 1000\nSHA256: {number:064x}\n",
            number % 7,
            depends(number),
            number / 20
        );
    }
    let (archive, suite) = ("debian".to_owned(), "stable".to_owned());
    Index { source: archive.clone(), archive, suite, distribution: true, pin: 500, text }
}

fn depends(number: u64) -> String {
    let mut groups = Vec::new();
    for turn in 0..number.min(6) {
        let dice = (number * 31 + turn * 17).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let earlier = dice % number;
        let wanted = earlier * earlier / number;
        groups.push(match dice % 20 {
            0 => format!("v{}", wanted / 20),
            1 | 2 => format!("p{wanted} | p{}", earlier),
            _ => format!("p{wanted} (>= 1.0)"),
        });
    }
    groups.join(", ")
}

fn solver(criterion: &mut Criterion) {
    let indices = [index()];
    let universe = Universe::new(&indices, "amd64");
    let problem = |first: u64, step: usize| {
        let names = (first..PACKAGES).step_by(step).map(|number| format!("p{number}"));
        names.collect::<Vec<_>>().join(", ")
    };
    let mut group = criterion.benchmark_group("archive of 60 000 packages");
    group.sample_size(10);
    group.bench_function("read", |bench| {
        bench.iter(|| Universe::new(&indices, "amd64").len());
    });
    for (name, wish) in [("30 wishes", problem(999, 2000)), ("600 wishes", problem(99, 100))] {
        let wanted = relation::parse(&wish).unwrap_or_default();
        let problem = Problem { wanted, ..Problem::default() };
        let chosen = Resolvo.solve(&universe, &problem).map(|ids| ids.len());
        assert!(chosen.is_ok(), "{chosen:?}");
        group.bench_function(name, |bench| bench.iter(|| Resolvo.solve(&universe, &problem)));
    }
    group.finish();
}

criterion_group!(benches, solver);
criterion_main!(benches);
