//! Contracts of the border that need no room below it.
