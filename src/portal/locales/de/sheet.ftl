sheet-crumbs = Sie sind hier
sheet-any = beliebig
sheet-filter = Anzeigen
sheet-reset = Alle zeigen
sheet-partner = Partner
sheet-state = Zustand
sheet-since = Seit
sheet-offer = Angebot
sheet-reason = Grund
sheet-role = Wir sind
sheet-customer = Kunde
sheet-seller = Anbieter
sheet-until = Bis
sheet-created = Angelegt
sheet-name = Name
sheet-count = { $count ->
    [one] { $number } Eintrag
   *[other] { $number } Einträge
}
sheet-save = Speichern
sheet-no-federation = Dieser Broker ist mit niemandem föderiert
sheet-no-federation-text = Setzen Sie federation.enabled und einen festen Port in der Konfiguration, um an einer Föderation teilzunehmen.
