sites-title = Standorte
sites-intro = Wo Anbieter Maschinen betreiben, und wie schnell ein Standort den anderen erreicht.
sites-shown = { $count ->
    [one] { $number } Standort
   *[other] { $number } Standorte
}
sites-map-text = Eine flächentreue Karte. Jede Marke führt zu einem Standort; eine Zahl steht für mehrere und führt näher heran. Die Tabelle darunter sagt dasselbe.
sites-to-table = Zur Tabelle
sites-table = Alle gezeigten Standorte
sites-caption = Standorte mit Anbieter, Lage, Recht und CO₂-Intensität
sites-country = Land
sites-place = Lage
sites-intensity = gCO₂e/kWh
sites-offers = Angebote
sites-latencies = Latenzen
sites-latencies-text = Umlaufzeiten, wie die Standorte sie nennen, die schnellsten zuerst.
sites-no-latencies = Keine Latenz ist angegeben
sites-no-latencies-text = Weder dieser Standort noch ein anderer sagt, wie lange eine Nachricht zwischen ihnen braucht.
sites-from = Von
sites-to = Nach
sites-round-trip = Umlaufzeit
sites-speed-1 = unter 10 ms
sites-speed-2 = 10 bis 50 ms
sites-speed-3 = 50 ms und mehr
sites-other-providers = andere Anbieter
sites-cluster = { $count } Standorte: { $names }
sites-unplaced = { $count ->
    [one] { $count } Standort nennt keine Koordinaten und steht nur in der Tabelle.
   *[other] { $count } Standorte nennen keine Koordinaten und stehen nur in der Tabelle.
}
sites-empty = Hier ist kein Standort
sites-empty-text = Zeigen Sie alle Standorte, oder wählen Sie einen anderen Anbieter.
