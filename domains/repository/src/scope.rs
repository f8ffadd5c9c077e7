//! What is known about the transaction that runs on this thread.
//!
//! A transaction runs from begin to end on one blocking thread. What it owes
//! to others after its commit (a signal that events were appended, that work
//! was enqueued) and what an error message needs to name (the folder, the
//! database) is kept here, because a diesel connection has no place for it.

use std::{cell::RefCell, path::PathBuf};
use uuid::Uuid;

/// What the thread's transaction has done and where.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scope {
    /// The database's name without its password.
    pub(crate) database: String,
    /// The folder of the database file.
    pub(crate) folder: Option<PathBuf>,
    /// The request that the transaction belongs to.
    pub(crate) request: Option<Uuid>,
    /// The last event that was appended.
    pub(crate) last_event: Option<i64>,
    /// Whether work was enqueued.
    pub(crate) work: bool,
}

thread_local! {
    static SCOPE: RefCell<Scope> = RefCell::default();
}

/// Begins a scope, forgetting what an earlier one left.
pub(crate) fn enter(scope: Scope) {
    SCOPE.with_borrow_mut(|current| *current = scope);
}

/// Ends the scope and says what happened in it.
pub(crate) fn leave() -> Scope {
    SCOPE.take()
}

/// Notes an appended event.
pub(crate) fn event_appended(sequence: i64) {
    SCOPE.with_borrow_mut(|scope| scope.last_event = scope.last_event.max(Some(sequence)));
}

/// The request that the transaction belongs to.
pub(crate) fn request() -> Option<Uuid> {
    SCOPE.with_borrow(|scope| scope.request)
}

/// Notes enqueued work.
pub(crate) fn work_enqueued() {
    SCOPE.with_borrow_mut(|scope| scope.work = true);
}

/// The database's name for messages.
pub(crate) fn database() -> String {
    SCOPE.with_borrow(|scope| scope.database.clone())
}

/// The database's folder for messages.
pub(crate) fn folder() -> Option<String> {
    SCOPE.with_borrow(|scope| scope.folder.as_ref().map(|folder| folder.display().to_string()))
}

/// ` under FOLDER`, or nothing.
pub(crate) fn under(folder: Option<&str>) -> String {
    folder.map(|folder| format!(" under {folder}")).unwrap_or_default()
}

/// Whether the database's file system has less than one page left. SQLite
/// reports some writes that fail for want of room as mere I/O errors.
pub(crate) fn disk_is_full() -> bool {
    const PAGE: u64 = 4_096;
    let folder = SCOPE.with_borrow(|scope| scope.folder.clone());
    folder.is_some_and(|folder| fs4::available_space(folder).is_ok_and(|bytes| bytes < PAGE * 16))
}
