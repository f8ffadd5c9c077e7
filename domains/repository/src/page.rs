//! Pages of lists. A token is the key of the last entry that was seen, so that
//! pages stay right while a list grows.

use crate::RepositoryError;

/// The most entries that a page may have.
const LARGEST: usize = 1_000;

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many entries at most, 1 to 1,000.
    pub limit: usize,
    /// The token that came with the page before; none: the first page.
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
    /// The token for the next page; none: this was the last.
    pub next: Option<String>,
}

impl PageRequest {
    /// One row more than the page has, which tells whether there is another.
    ///
    /// # Errors
    /// When it asks for none, or for too many.
    pub fn rows(&self) -> Result<i64, RepositoryError> {
        if self.limit == 0 || self.limit > LARGEST {
            return Err(RepositoryError::invalid("page_size", format!("must be 1 to {LARGEST}")));
        }
        Ok(i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1))
    }
}

impl<T> Page<T> {
    /// Cuts what [`PageRequest::rows`] has loaded.
    #[must_use]
    pub fn cut(mut items: Vec<T>, rows: i64, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(rows).unwrap_or(usize::MAX).saturating_sub(1);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(key);
        Self { items, next }
    }

    /// The same page with other entries.
    pub fn map<U>(self, of: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(of).collect(), next: self.next }
    }
}
