//! One file for each real system that runs packages, behind one trait.
