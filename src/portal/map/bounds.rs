//! A part of the globe, as it stands in the address: `box=5,45,15,55`.

use super::projection::Place;
use std::{fmt, str::FromStr};

/// A part of the globe: what is shown, and which sites are listed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    /// Degrees east of the left side.
    pub(crate) west: f64,
    /// Degrees north of the lower side.
    pub(crate) south: f64,
    /// Degrees east of the right side; less than `west` across the date line.
    pub(crate) east: f64,
    /// Degrees north of the upper side.
    pub(crate) north: f64,
}

impl Bounds {
    /// The part that shows these places apart. None: they are one, or none.
    pub(crate) fn around(places: &[Place]) -> Option<Self> {
        let first = places.first()?;
        if places.iter().all(|place| place.distance(*first) < 1e-3) {
            return None;
        }
        // Counted from the first, so that places on both sides of the date line lie together.
        let turn = |east: f64| (east - first.east + 540.0).rem_euclid(360.0) - 180.0;
        let fold = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), at| (least.min(at), most.max(at)))
        };
        let (west, east) = fold(&mut places.iter().map(|place| turn(place.east)));
        let (south, north) = fold(&mut places.iter().map(|place| place.north));
        let back = |turned: f64| (turned + first.east + 540.0).rem_euclid(360.0) - 180.0;
        Some(Self {
            west: back(west - 0.01),
            south: (south - 0.01).max(-90.0),
            east: back(east + 0.01),
            north: (north + 0.01).min(90.0),
        })
    }

    /// Whether a place lies in it.
    pub(crate) fn contains(&self, east: f64, north: f64) -> bool {
        let within = if self.west <= self.east {
            (self.west..=self.east).contains(&east)
        } else {
            east >= self.west || east <= self.east
        };
        within && (self.south..=self.north).contains(&north)
    }

    /// Its corners.
    pub(super) fn corners(&self) -> [Place; 4] {
        let corner = |east, north| Place { east, north };
        [
            corner(self.west, self.south),
            corner(self.east, self.south),
            corner(self.west, self.north),
            corner(self.east, self.north),
        ]
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3},{:.3},{:.3},{:.3}", self.west, self.south, self.east, self.north)
    }
}

/// The text is no part of the globe: west, south, east, north in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoBounds;

impl FromStr for Bounds {
    type Err = NoBounds;

    fn from_str(text: &str) -> Result<Self, NoBounds> {
        let mut numbers = text.splitn(5, ',').map(|number| number.trim().parse::<f64>().ok());
        let mut next = || numbers.next().flatten().ok_or(NoBounds);
        let (west, south, east, north) = (next()?, next()?, next()?, next()?);
        let known = numbers.next().is_none() && south < north;
        let corners = Place::new(west, south).zip(Place::new(east, north));
        corners.filter(|_| known).map(|_| Self { west, south, east, north }).ok_or(NoBounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(list: &[(f64, f64)]) -> Vec<Place> {
        list.iter().map(|(east, north)| Place::new(*east, *north).unwrap()).collect()
    }

    #[test]
    fn an_address_says_what_it_was_read_from() {
        let text = "5.000,45.000,15.000,55.000";
        assert_eq!(text.parse::<Bounds>().unwrap().to_string(), text);
        for bad in ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,10,10,0", "0,0,999,1", "NaN,0,1,1", "0,0,inf,1"] {
            assert_eq!(bad.parse::<Bounds>(), Err(NoBounds), "{bad}");
        }
    }

    #[test]
    fn places_on_both_sides_of_the_date_line_lie_together() {
        let bounds = Bounds::around(&places(&[(179.5, 1.0), (-179.5, 2.0)])).unwrap();
        assert!(bounds.contains(180.0, 1.5) && bounds.contains(-179.9, 1.5));
        assert!(!bounds.contains(0.0, 1.5) && !bounds.contains(180.0, 3.0));
        assert_eq!(Bounds::around(&places(&[(5.0, 5.0), (5.0, 5.0)])), None);
        assert_eq!(Bounds::around(&[]), None);
    }
}
