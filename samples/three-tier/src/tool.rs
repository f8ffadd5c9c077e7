//! Programs that do one thing, for tests of those who run programs.

use crate::{Failure, environment::Environment};
use std::{
    io::{self, Write},
    process::ExitCode,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

fn number<T: FromStr>(arguments: &[String], index: usize) -> Result<Option<T>, Failure> {
    let Some(text) = arguments.get(index) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(Failure::Usage(format!("`{text}` is not a number that fits"))),
    }
}

fn rest(time: Option<Duration>) {
    match time {
        Some(time) => thread::sleep(time),
        None => loop {
            thread::park();
        },
    }
}

/// Does nothing.
pub(crate) fn sleep(arguments: &[String]) -> Result<(), Failure> {
    rest(number(arguments, 0)?.map(Duration::from_millis));
    Ok(())
}

/// Ends by itself.
pub(crate) fn crash(arguments: &[String]) -> Result<ExitCode, Failure> {
    let (after, code) = (number(arguments, 0)?.unwrap_or(0), number::<u8>(arguments, 1)?.unwrap_or(1));
    thread::sleep(Duration::from_millis(after));
    Ok(ExitCode::from(code))
}

/// Prints what it was told.
pub(crate) fn echo(environment: &Environment) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for (name, value) in environment.all() {
        writeln!(out, "{name}={value}").map_err(|error| Failure::Io("cannot print", error))?;
    }
    out.flush().map_err(|error| Failure::Io("cannot print", error))?;
    drop(out);
    rest(None);
    Ok(())
}

/// Keeps a processor busy.
pub(crate) fn burn(arguments: &[String]) -> Result<(), Failure> {
    let time = number(arguments, 0)?.map(Duration::from_millis);
    let start = Instant::now();
    let mut state = 1_u64;
    while time.is_none_or(|time| start.elapsed() < time) {
        for _ in 0..100_000 {
            state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
    Ok(())
}

/// Takes memory, page by page, so that it is really taken.
pub(crate) fn hold(arguments: &[String]) -> Result<(), Failure> {
    let mebibytes: usize =
        number(arguments, 0)?.ok_or_else(|| Failure::Usage("`hold` wants a number of MiB".to_owned()))?;
    let held = vec![1_u8; mebibytes.saturating_mul(1 << 20)];
    writeln!(io::stdout(), "holds {mebibytes} MiB").map_err(|error| Failure::Io("cannot print", error))?;
    rest(None);
    drop(std::hint::black_box(held));
    Ok(())
}
