//! The protocol between the brokers of different providers: who they are, what
//! they sign, what they say to each other, in which states a contract can be,
//! and the client that speaks it. It keeps nothing: no database.
