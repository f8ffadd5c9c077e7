//! From the globe to the page, true to area, so that no country looks larger
//! than another for lying farther north. Sites of one region are drawn by
//! Lambert's azimuthal projection around their middle; sites of the whole
//! world by the Equal Earth projection (Šavrič, Patterson, Jenny 2018).
//! The earth is taken as a sphere: on a map of this size that can't be seen.

/// Degrees east and north.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Degrees east, -180 to 180.
    pub(crate) east: f64,
    /// Degrees north, -90 to 90.
    pub(crate) north: f64,
}

/// A point of the plane in earth radii, y to the south as in SVG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// To the right.
    pub(crate) x: f64,
    /// Down.
    pub(crate) y: f64,
}

/// How the globe is put onto the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Projection {
    /// Lambert's azimuthal equal-area projection around a place (Snyder 1987, eq. 24-2 to 24-4).
    Region(Place),
    /// The Equal Earth projection.
    World,
}

/// Sites that lie farther than this from their middle, in degrees, are drawn on a map of the world.
const REGION: f64 = 45.0;

/// The coefficients of the Equal Earth projection.
const EQUAL_EARTH: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];

impl Place {
    /// The place, if it is one on earth.
    pub(crate) fn new(east: f64, north: f64) -> Option<Self> {
        let known = (-180.0..=180.0).contains(&east) && (-90.0..=90.0).contains(&north);
        known.then_some(Self { east, north })
    }

    /// As a vector of length 1 from the earth's middle.
    fn vector(self) -> [f64; 3] {
        let (east, north) = (self.east.to_radians(), self.north.to_radians());
        [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()]
    }

    /// The angle between two places, seen from the earth's middle, in degrees.
    pub(crate) fn distance(self, other: Self) -> f64 {
        let cosine: f64 = self.vector().iter().zip(other.vector()).map(|(one, two)| one * two).sum();
        cosine.clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// The middle of some places; None: there are none, or they lie all around.
    pub(crate) fn middle(places: &[Self]) -> Option<Self> {
        let mut sum = [0.0_f64; 3];
        for place in places {
            for (total, part) in sum.iter_mut().zip(place.vector()) {
                *total += part;
            }
        }
        let [x, y, z] = sum;
        let length = (x * x + y * y + z * z).sqrt();
        (length > 1e-6).then(|| Self { east: y.atan2(x).to_degrees(), north: (z / length).asin().to_degrees() })
    }
}

impl Projection {
    /// The projection that suits these places.
    pub(crate) fn suited(places: &[Place]) -> Self {
        match Place::middle(places) {
            Some(middle) if places.iter().all(|place| place.distance(middle) <= REGION) => Self::Region(middle),
            _ => Self::World,
        }
    }

    /// Where a place is drawn.
    pub(crate) fn project(self, place: Place) -> Point {
        let (east, north) = (place.east.to_radians(), place.north.to_radians());
        match self {
            Self::Region(middle) => {
                let (middle_east, middle_north) = (middle.east.to_radians(), middle.north.to_radians());
                let turn = east - middle_east;
                let facing = middle_north.sin() * north.sin() + middle_north.cos() * north.cos() * turn.cos();
                // At the antipode the scale is infinite; nothing is drawn there.
                let scale = (2.0 / (1.0 + facing).max(1e-9)).sqrt();
                let up = middle_north.cos() * north.sin() - middle_north.sin() * north.cos() * turn.cos();
                Point { x: scale * north.cos() * turn.sin(), y: -scale * up }
            }
            Self::World => {
                let [a1, a2, a3, a4] = EQUAL_EARTH;
                let angle = (3.0_f64.sqrt() / 2.0 * north.sin()).asin();
                let (square, sixth) = (angle * angle, angle.powi(6));
                let slope = 9.0 * a4 * sixth * square + 7.0 * a3 * sixth + 3.0 * a2 * square + a1;
                let x = 2.0 * 3.0_f64.sqrt() * east * angle.cos() / (3.0 * slope);
                let y = angle * (a4 * sixth * square + a3 * sixth + a2 * square + a1);
                Point { x, y: -y }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(east: f64, north: f64) -> Place {
        Place::new(east, north).unwrap()
    }

    fn close(point: Point, x: f64, y: f64) {
        assert!((point.x - x).abs() < 1e-4 && (point.y - y).abs() < 1e-4, "{point:?} is not {x} {y}");
    }

    /// The area of the cell of a graticule, on the plane: 40 points along each side.
    fn area(projection: Projection, west: f64, south: f64, width: f64) -> f64 {
        let side = |from: (f64, f64), to: (f64, f64)| {
            (0..40).map(move |step| {
                let part = f64::from(step) / 40.0;
                place(from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
            })
        };
        let (east, north) = (west + width, south + width);
        let corners = [(west, south), (east, south), (east, north), (west, north), (west, south)];
        let ring: Vec<Point> =
            corners.windows(2).flat_map(|ends| side(ends[0], ends[1])).map(|at| projection.project(at)).collect();
        let shifted = ring.iter().cycle().skip(1);
        ring.iter().zip(shifted).map(|(one, two)| one.x * two.y - two.x * one.y).sum::<f64>().abs() / 2.0
    }

    #[test]
    fn areas_are_true() {
        for projection in [Projection::World, Projection::Region(place(10.0, 50.0))] {
            for (west, south) in [(0.0_f64, 0.0_f64), (5.0, 45.0), (-30.0, 60.0), (40.0, -35.0)] {
                let sphere = 5.0_f64.to_radians() * ((south + 5.0).to_radians().sin() - south.to_radians().sin());
                let plane = area(projection, west, south, 5.0);
                assert!((plane / sphere - 1.0).abs() < 2e-3, "{projection:?} {west} {south}: {plane} {sphere}");
            }
        }
    }

    #[test]
    fn known_points_lie_where_the_papers_put_them() {
        // Snyder 1987, appendix A, page 332: centre 40° N 100° W, point 20° S 100° E, sphere of radius 3.
        let point = Projection::Region(place(-100.0, 40.0)).project(place(100.0, -20.0));
        close(Point { x: point.x * 3.0, y: -point.y * 3.0 }, -4.233_983_5, 4.025_776_6);
        // Equal Earth: the end of the equator, and the pole, as the reference implementation has them.
        close(Projection::World.project(place(180.0, 0.0)), 2.706_63, 0.0);
        close(Projection::World.project(place(0.0, 90.0)), 0.0, -1.317_362_8);
    }

    #[test]
    fn sites_of_one_region_get_a_map_of_it() {
        let europe = [place(13.4, 52.5), place(2.35, 48.9), place(-3.7, 40.4)];
        assert!(matches!(Projection::suited(&europe), Projection::Region(_)));
        assert_eq!(Projection::suited(&[europe[0], place(151.0, -33.9)]), Projection::World);
        // Across the date line is one region too.
        let pacific = [place(175.0, -37.0), place(-175.0, -37.0)];
        let Projection::Region(middle) = Projection::suited(&pacific) else { panic!("one region") };
        assert!(middle.east.abs() > 179.0);
    }

    #[test]
    fn what_is_no_place_is_none() {
        for (east, north) in [(181.0, 0.0), (0.0, 91.0), (f64::NAN, 0.0)] {
            assert_eq!(Place::new(east, north), None);
        }
    }
}
