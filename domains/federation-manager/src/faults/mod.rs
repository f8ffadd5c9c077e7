//! Two brokers that trade over a wire that loses requests, loses answers,
//! repeats, and kills either side: in the end both agree, whatever happened.

mod cases;
mod delivery;
mod service;
mod settlement;
mod terms;
mod wire;
mod world;
