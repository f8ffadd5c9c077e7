//! Federation Manager (ICRA): partners and what is agreed with them, the
//! exchange of offers, agreements, holds and orders, on both sides.
