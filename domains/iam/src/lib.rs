//! Security (ICRA): who acts, what they may do, and the record of it.
