//! Pages of lists that are sorted by IRI. A token names the last entry that
//! was seen, so pages stay right while the catalogue changes.

use super::model::Resource;
use crate::error::RepositoryError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The most entries that a page may have.
const LARGEST: usize = 1_000;

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many entries at most, 1 to 1,000.
    pub limit: usize,
    /// The token that came with the page before; None: the first page.
    pub token: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 100, token: None }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The token for the next page; None: this was the last.
    pub next: Option<String>,
    /// How many entries pass the filter in all.
    pub total: usize,
}

impl PageRequest {
    fn after(&self) -> Result<Option<String>, RepositoryError> {
        let invalid = || RepositoryError::invalid("page_token", "is not a token of this list; begin again without one");
        self.token
            .as_deref()
            .map(|token| {
                let bytes = URL_SAFE_NO_PAD.decode(token).ok().ok_or_else(invalid)?;
                String::from_utf8(bytes).ok().ok_or_else(invalid)
            })
            .transpose()
    }
}

/// Cuts a page out of a list that is sorted by IRI.
pub(super) fn cut<T: Resource>(
    list: &[T],
    request: &PageRequest,
    passes: impl Fn(&T) -> bool,
) -> Result<Page<T>, RepositoryError> {
    if request.limit == 0 || request.limit > LARGEST {
        return Err(RepositoryError::invalid("page_size", format!("must be 1 to {LARGEST}")));
    }
    let after = request.after()?;
    let passing: Vec<&T> = list.iter().filter(|item| passes(item)).collect();
    let start = after.map_or(0, |after| passing.partition_point(|item| item.iri() <= after.as_str()));
    let items: Vec<T> = passing.iter().skip(start).take(request.limit).map(|item| (*item).clone()).collect();
    let more = start + items.len() < passing.len();
    let next = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(last.iri()));
    Ok(Page { items, next, total: passing.len() })
}
