//! A map as numbers that a template draws: land, a graticule, marks of sites
//! (those that would lie upon each other as one), links between them.

use super::{
    Bounds,
    land::{LAKES, LAND},
    projection::{Place, Point, Projection},
};
use std::{collections::BTreeMap, fmt::Write as _};

/// The width of the drawing.
pub(crate) const WIDTH: f64 = 960.0;
/// Its height.
pub(crate) const HEIGHT: f64 = 540.0;
/// Marks that are nearer than this are drawn as one: a target has 24 pixels (WCAG 2.2, 2.5.8).
const NEAR: f64 = 30.0;
/// The least that a map of all sites shows from side to side, in earth radii: about 900 km.
const NARROWEST: f64 = 0.14;
/// The least that a map of some of them shows: about 6 km.
const CLOSEST: f64 = 0.001;
/// Room around the outermost sites.
const MARGIN: f64 = 1.3;
/// Links that are drawn at most: the fastest.
const MOST_LINKS: usize = 200;

/// A site as the map takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MapSite {
    /// Its IRI.
    pub(crate) id: String,
    /// Degrees east and north.
    pub(crate) east: f64,
    /// Degrees north.
    pub(crate) north: f64,
    /// Which of the providers it belongs to: decides about colour and shape.
    pub(crate) provider: usize,
    /// Round-trip times to other sites in microseconds, by IRI.
    pub(crate) latencies: BTreeMap<String, u32>,
}

/// A map that is ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    /// Land, as the data of one path.
    pub(crate) land: String,
    /// Seas within land.
    pub(crate) lakes: String,
    /// Meridians and parallels.
    pub(crate) graticule: String,
    /// What the lines of the graticule are called, where they meet the edge.
    pub(crate) labels: Vec<Label>,
    /// Sites and clusters, from the north-west to the south-east: the order of the keyboard.
    pub(crate) marks: Vec<Mark>,
    /// Links between marks.
    pub(crate) links: Vec<Link>,
}

/// A mark: a site, or several that lie near each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    /// Where it is drawn.
    pub(crate) x: f64,
    /// Where it is drawn.
    pub(crate) y: f64,
    /// Positions of its sites in the list that was handed in.
    pub(crate) sites: Vec<usize>,
    /// The provider of all of them; None: they belong to several.
    pub(crate) provider: Option<usize>,
    /// The part of the globe that shows its sites apart; None: it is one site, or they lie at one place.
    pub(crate) zoom: Option<Bounds>,
}

/// The fastest connection between two marks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Link {
    /// Positions of the marks.
    pub(crate) from: usize,
    /// Positions of the marks.
    pub(crate) to: usize,
    /// From there.
    pub(crate) x1: f64,
    /// From there.
    pub(crate) y1: f64,
    /// To there.
    pub(crate) x2: f64,
    /// To there.
    pub(crate) y2: f64,
    /// Round-trip time in microseconds.
    pub(crate) micros: u32,
}

/// The name of a line of the graticule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    /// Where it stands.
    pub(crate) x: f64,
    /// Where it stands.
    pub(crate) y: f64,
    /// `10° E`.
    pub(crate) text: String,
}

/// From the plane to the drawing.
struct View {
    projection: Projection,
    middle: Point,
    /// Units of the drawing for each earth radius.
    scale: f64,
}

impl Chart {
    /// The map of these sites. `within`: only that part of the globe.
    pub(crate) fn new(sites: &[MapSite], within: Option<Bounds>) -> Self {
        let places: Vec<Place> = sites.iter().filter_map(|site| Place::new(site.east, site.north)).collect();
        let view = match within {
            Some(bounds) => View::over(&bounds.corners(), CLOSEST),
            None => View::over(&places, NARROWEST),
        };
        let marks = marks(sites, &view);
        let links = links(sites, &marks);
        let (graticule, labels) = view.graticule();
        Self { land: view.coasts(LAND), lakes: view.coasts(LAKES), graticule, labels, marks, links }
    }
}

impl View {
    fn over(places: &[Place], narrowest: f64) -> Self {
        let projection = if places.is_empty() { Projection::World } else { Projection::suited(places) };
        let points: Vec<Point> = match projection {
            Projection::Region(_) => places.iter().map(|place| projection.project(*place)).collect(),
            // All of the world that people live in.
            Projection::World => [(-180.0, 0.0), (180.0, 0.0), (0.0, 80.0), (0.0, -57.0)]
                .map(|(east, north)| projection.project(Place { east, north }))
                .to_vec(),
        };
        let span = |of: fn(&Point) -> f64| {
            let values = points.iter().map(of);
            let (least, most) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), at| (least.min(at), most.max(at)));
            (f64::midpoint(least, most), most - least)
        };
        let ((x, width), (y, height)) = (span(|point| point.x), span(|point| point.y));
        let margin = if projection == Projection::World { 1.02 } else { MARGIN };
        let across = (width * margin).max(height * margin * WIDTH / HEIGHT).max(narrowest);
        Self { projection, middle: Point { x, y }, scale: WIDTH / across }
    }

    fn draw(&self, place: Place) -> Point {
        let point = self.projection.project(place);
        Point {
            x: WIDTH / 2.0 + (point.x - self.middle.x) * self.scale,
            y: HEIGHT / 2.0 + (point.y - self.middle.y) * self.scale,
        }
    }

    /// How far the corners of the drawing are from its middle, in degrees.
    fn reach(&self) -> f64 {
        let corner = (WIDTH / 2.0).hypot(HEIGHT / 2.0) / self.scale + self.middle.x.hypot(self.middle.y);
        // Lambert's projection: a chord of the sphere.
        (corner / 2.0).min(1.0).asin().to_degrees() * 2.0
    }

    /// Coasts as the data of a path. Those that lie wholly outside are left
    /// out: one around the antipode would cover everything.
    fn coasts(&self, coasts: &[&[(i16, i16)]]) -> String {
        let mut path = String::new();
        for coast in coasts {
            let places: Vec<Place> = coast
                .iter()
                .map(|(east, north)| Place { east: f64::from(*east) / 10.0, north: f64::from(*north) / 10.0 })
                .collect();
            if let Projection::Region(middle) = self.projection {
                let reach = self.reach() + 15.0;
                if places.iter().all(|place| place.distance(middle) > reach.min(90.0)) {
                    continue;
                }
            }
            put_ring(&mut path, places.iter().map(|place| self.draw(*place)));
        }
        path
    }

    /// Every so many degrees, so that a map has a handful of lines.
    fn step(&self) -> f64 {
        let across = (WIDTH / self.scale).to_degrees();
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0].into_iter().find(|step| across / step < 12.0).unwrap_or(30.0)
    }

    fn graticule(&self) -> (String, Vec<Label>) {
        let (step, mut path, mut labels) = (self.step(), String::new(), Vec::new());
        let lines = |most: f64| {
            let count = (most / step).floor();
            let mut at = -count;
            std::iter::from_fn(move || {
                let now = at;
                at += 1.0;
                (now <= count).then_some(now * step)
            })
        };
        for east in lines(180.0) {
            let along = (-34..=34).map(|part| Place { east, north: f64::from(part) * 2.5 });
            let edge = self
                .put_line(&mut path, along, |before, now| (before.y - HEIGHT).signum() != (now.y - HEIGHT).signum());
            labels.extend(edge.map(|at| Label { x: at.x, y: HEIGHT - 6.0, text: degrees(east, "E", "W") }));
        }
        for north in lines(85.0) {
            let along = (-72..=72).map(|part| Place { east: f64::from(part) * 2.5, north });
            let edge = self.put_line(&mut path, along, |before, now| before.x.signum() != now.x.signum());
            labels.extend(edge.map(|at| Label { x: 6.0, y: at.y - 3.0, text: degrees(north, "N", "S") }));
        }
        labels.retain(|label| {
            (30.0..WIDTH - 30.0).contains(&label.x) || label.x < 7.0 && (16.0..HEIGHT - 24.0).contains(&label.y)
        });
        (path, labels)
    }

    /// Draws what is in view of a line, and tells where it crosses an edge.
    fn put_line(
        &self,
        path: &mut String,
        along: impl Iterator<Item = Place>,
        crosses: impl Fn(Point, Point) -> bool,
    ) -> Option<Point> {
        let (mut before, mut edge, mut drawing): (Option<Point>, Option<Point>, bool) = (None, None, false);
        for place in along {
            if let Projection::Region(middle) = self.projection
                && place.distance(middle) > 100.0
            {
                (before, drawing) = (None, false);
                continue;
            }
            let now = self.draw(place);
            let shown = |point: Point| {
                (-200.0..WIDTH + 200.0).contains(&point.x) && (-200.0..HEIGHT + 200.0).contains(&point.y)
            };
            if let Some(before) = before.filter(|before| shown(*before) || shown(now)) {
                if !drawing {
                    put(path, 'M', before);
                }
                put(path, 'L', now);
                drawing = true;
                if crosses(before, now) && edge.is_none() {
                    edge = Some(crossing(before, now));
                }
            } else {
                drawing = false;
            }
            before = Some(now);
        }
        edge
    }
}

/// Where a piece of a line meets the lower edge, or else the left one.
fn crossing(one: Point, two: Point) -> Point {
    let part = if (one.y - HEIGHT).signum() == (two.y - HEIGHT).signum() {
        one.x / (one.x - two.x)
    } else {
        (HEIGHT - one.y) / (two.y - one.y)
    };
    Point { x: one.x + (two.x - one.x) * part, y: one.y + (two.y - one.y) * part }
}

fn degrees(value: f64, positive: &str, negative: &str) -> String {
    let side = match value {
        value if value > 0.0 => positive,
        value if value < 0.0 => negative,
        _ => return "0\u{b0}".to_owned(),
    };
    format!("{:.0}\u{b0}\u{a0}{side}", value.abs())
}

fn put(path: &mut String, command: char, point: Point) {
    // Far outside it does not matter where; short numbers keep the page small.
    let (x, y) = (point.x.clamp(-9_999.0, 9_999.0), point.y.clamp(-9_999.0, 9_999.0));
    if write!(path, "{command}{x:.0} {y:.0}").is_err() {
        tracing::error!("a path can't be written");
    }
}

fn put_ring(path: &mut String, points: impl Iterator<Item = Point>) {
    for (at, point) in points.enumerate() {
        put(path, if at == 0 { 'M' } else { 'L' }, point);
    }
    path.push('Z');
}

/// Sites as marks, those that lie near each other as one.
fn marks(sites: &[MapSite], view: &View) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (at, site) in sites.iter().enumerate() {
        let Some(place) = Place::new(site.east, site.north) else { continue };
        let point = view.draw(place);
        if !(0.0..=WIDTH).contains(&point.x) || !(0.0..=HEIGHT).contains(&point.y) {
            continue;
        }
        match marks.iter_mut().find(|mark| (mark.x - point.x).hypot(mark.y - point.y) < NEAR) {
            Some(mark) => {
                mark.sites.push(at);
                mark.provider = mark.provider.filter(|provider| *provider == site.provider);
            }
            None => {
                marks.push(Mark { x: point.x, y: point.y, sites: vec![at], provider: Some(site.provider), zoom: None })
            }
        }
    }
    for mark in &mut marks {
        let within =
            mark.sites.iter().filter_map(|at| sites.get(*at)).filter_map(|site| Place::new(site.east, site.north));
        mark.zoom = Bounds::around(&within.collect::<Vec<_>>());
    }
    marks.sort_by(|one, two| (one.y / 60.0).floor().total_cmp(&(two.y / 60.0).floor()).then(one.x.total_cmp(&two.x)));
    marks
}

/// The fastest connection between each two marks.
fn links(sites: &[MapSite], marks: &[Mark]) -> Vec<Link> {
    let mut mark_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, mark) in marks.iter().enumerate() {
        mark_of.extend(mark.sites.iter().filter_map(|site| sites.get(*site)).map(|site| (site.id.as_str(), at)));
    }
    let mut fastest: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for site in sites {
        let Some(&here) = mark_of.get(site.id.as_str()) else { continue };
        for (other, micros) in &site.latencies {
            if let Some(&there) = mark_of.get(other.as_str()).filter(|there| **there != here) {
                let known = fastest.entry((here.min(there), here.max(there))).or_insert(*micros);
                *known = (*known).min(*micros);
            }
        }
    }
    let mut links: Vec<Link> = fastest
        .into_iter()
        .filter_map(|((from, to), micros)| {
            let (one, two) = (marks.get(from)?, marks.get(to)?);
            Some(Link { from, to, x1: one.x, y1: one.y, x2: two.x, y2: two.y, micros })
        })
        .collect();
    links.sort_by_key(|link| (link.micros, link.from, link.to));
    links.truncate(MOST_LINKS);
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str, east: f64, north: f64, latencies: &[(&str, u32)]) -> MapSite {
        let latencies = latencies.iter().map(|(other, micros)| ((*other).to_owned(), *micros)).collect();
        MapSite { id: name.to_owned(), east, north, provider: name.len() % 2, latencies }
    }

    #[test]
    fn near_sites_are_one_mark_that_can_be_looked_into() {
        let sites = [
            site("berlin", 13.4, 52.5, &[("madrid", 40_000), ("potsdam", 900)]),
            site("potsdam", 13.06, 52.4, &[("madrid", 38_000)]),
            site("madrid", -3.7, 40.4, &[]),
            site("nowhere", 400.0, 0.0, &[]),
        ];
        let chart = Chart::new(&sites, None);
        let members: Vec<&[usize]> = chart.marks.iter().map(|mark| mark.sites.as_slice()).collect();
        assert_eq!(members, [&[0, 1][..], &[2][..]]);
        let link = chart.links.first().copied().unwrap();
        assert_eq!((chart.links.len(), link.micros), (1, 38_000));
        let closer = Chart::new(&sites, chart.marks[0].zoom);
        assert_eq!(closer.marks.len(), 2, "{:?}", closer.marks);
        assert_eq!(closer.links.len(), 1);
        assert_eq!(chart.marks[1].zoom, None);
    }

    #[test]
    fn all_sites_lie_within_the_drawing_and_the_north_is_up() {
        let europe = [site("oslo", 10.7, 59.9, &[]), site("rome", 12.5, 41.9, &[]), site("lisbon", -9.1, 38.7, &[])];
        let chart = Chart::new(&europe, None);
        assert_eq!(chart.marks.len(), 3);
        for mark in &chart.marks {
            assert!((NEAR..WIDTH - NEAR).contains(&mark.x) && (NEAR..HEIGHT - NEAR).contains(&mark.y), "{mark:?}");
        }
        let (oslo, rome) = (&chart.marks[0], &chart.marks[1]);
        assert!(oslo.sites == [0] && oslo.y < rome.y);
    }

    #[test]
    fn maps_of_every_place_have_land_and_finite_numbers() {
        for (east, north) in [(0.0, 0.0), (175.0, -41.0), (-58.0, -34.0), (-3.7, 40.4), (180.0, 89.0), (-157.0, 21.0)] {
            let chart = Chart::new(&[site("a", east, north, &[]), site("b", east / 1.2, north / 1.2, &[])], None);
            for path in [&chart.land, &chart.lakes, &chart.graticule] {
                assert!(!path.contains("NaN") && !path.contains("inf"), "{east} {north}");
            }
            assert!(chart.labels.len() < 60, "{}", chart.labels.len());
        }
        assert!(!Chart::new(&[], None).land.is_empty());
    }
}
