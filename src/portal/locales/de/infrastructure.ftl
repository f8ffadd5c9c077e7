infrastructure-intro = Die Standorte und Knoten dieses Anbieters, und was darauf frei ist.
infrastructure-offers-count = { $count ->
    [one] { $number } Angebot dieses Anbieters ist veröffentlicht.
   *[other] { $number } Angebote dieses Anbieters sind veröffentlicht.
}
infrastructure-nodes = Knoten
infrastructure-nodes-text = Anteile von Maschinen, die vergeben werden, und wie viel von jedem.
infrastructure-nodes-caption = Knoten mit dem, was davon vergeben ist
infrastructure-no-nodes = Es gibt keine Knoten
infrastructure-no-nodes-text = Dieser Broker verkauft, was Partner und angebundene Clouds liefern.
infrastructure-node = Knoten
infrastructure-processors = Prozessoren
infrastructure-memory = Arbeitsspeicher
infrastructure-machines = Maschinen
infrastructure-used = { $used } von { $whole }
infrastructure-whole = als Ganzes vergeben
infrastructure-overcommitted = mehr vergeben als vorhanden
infrastructure-withdrawn = zurückgezogen
infrastructure-draining = in Wartung
infrastructure-down = ausgefallen
infrastructure-falling-asleep = wird ausgeschaltet
infrastructure-asleep = schläft
infrastructure-waking = wird eingeschaltet
infrastructure-no-sites = Es gibt keine Standorte
infrastructure-no-sites-text = Fügen Sie einen in der Konfiguration hinzu, oder importieren Sie seine Beschreibung.
infrastructure-sites-caption = Standorte dieses Anbieters
infrastructure-import = Beschreibungen importieren
infrastructure-import-text = Anbieter, Standorte und Angebote als RDF (Turtle). Jedes wird gegen seine Form geprüft; alles wird übernommen, oder nichts.
infrastructure-document = Dokument (Turtle)
infrastructure-refused = Das Dokument wurde nicht übernommen
infrastructure-drain = Leeren
