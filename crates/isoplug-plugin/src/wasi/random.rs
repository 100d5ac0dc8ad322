//! Random numbers of WASI, which are the same in every build of the same manifest and lock.

use wasmtime::component::Val;
use wasmtime::{Error as Trap, Result, StoreContextMut};

use super::put;
use crate::guest::Guest;

/// The most random bytes of one call.
const RANDOM: u64 = 1 << 16;

pub(super) fn random_bytes(
    mut store: StoreContextMut<'_, Guest>,
    given: &[Val],
    answer: &mut [Val],
) -> Result<()> {
    let [Val::U64(length @ 0..=RANDOM)] = *given else {
        return Err(Trap::msg(format!("more than {RANDOM} random bytes at once")));
    };
    let bytes = next_random(store.data_mut(), usize::try_from(length)?)?;
    put(answer, Val::List(bytes.into_iter().map(Val::U8).collect()))
}

pub(super) fn random_number(mut store: StoreContextMut<'_, Guest>) -> Result<u64> {
    let bytes = next_random(store.data_mut(), 8)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn next_random(guest: &mut Guest, length: usize) -> Result<Vec<u8>> {
    guest.random += 1;
    let label = format!("wasi:random {}", guest.random);
    guest.random(&label, length)
}
