sites-title = Sites
sites-intro = Where providers run machines, and how fast one site reaches another.
sites-shown = { $count ->
    [one] { $number } site
   *[other] { $number } sites
}
sites-map-text = A map, true to area. Each mark is a link to a site; a number stands for several sites and leads closer. The table below says the same.
sites-to-table = To the table
sites-table = All sites shown
sites-caption = Sites with provider, place, law and carbon intensity
sites-country = Country
sites-place = Place
sites-intensity = gCO₂e/kWh
sites-offers = Offers
sites-latencies = Latencies
sites-latencies-text = Round-trip times as the sites state them, the fastest first.
sites-no-latencies = No latency is stated
sites-no-latencies-text = Neither this site nor another says how long a message takes between them.
sites-from = From
sites-to = To
sites-round-trip = Round trip
sites-speed-1 = under 10 ms
sites-speed-2 = 10 to 50 ms
sites-speed-3 = 50 ms and more
sites-other-providers = other providers
sites-cluster = { $count } sites: { $names }
sites-unplaced = { $count ->
    [one] { $count } site states no coordinates and stands in the table only.
   *[other] { $count } sites state no coordinates and stand in the table only.
}
sites-empty = No site here
sites-empty-text = Show all sites, or choose another provider.
