//! Answers that go into a file as they come, so that their size is of no concern.

use super::output;
use crate::failure::Failure;
use reqwest::Response;
use std::{fs::File, io::Write as _, path::Path};

/// Writes an answer into a file; `-` is standard output.
///
/// # Errors
/// When the file can't be written, or the answer breaks off.
pub(super) async fn save(mut answer: Response, file: &Path) -> Result<(), Failure> {
    let refused = |error: std::io::Error| Failure::failed(format!("{} can't be written: {error}", file.display()));
    let mut target = if file.as_os_str() == "-" { None } else { Some(File::create(file).map_err(refused)?) };
    loop {
        let chunk = answer.chunk().await.map_err(|error| {
            Failure::failed(format!("the answer broke off: {error}; what was written is not whole, so try again"))
        })?;
        let Some(chunk) = chunk else { break };
        match &mut target {
            Some(target) => target.write_all(&chunk).map_err(refused)?,
            None => output::write(&chunk)?,
        }
    }
    target.map_or(Ok(()), |target| target.sync_all().map_err(refused))
}
