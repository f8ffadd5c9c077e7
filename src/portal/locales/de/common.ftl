# Was alle Seiten brauchen.
brand = Hansa
skip = Zum Inhalt springen

nav-label = Hauptnavigation
nav-menu = Menü
nav-group-work = Anwendungen
nav-group-people = Organisation
nav-group-provider = Anbieter
nav-overview = Übersicht
nav-applications = Anwendungen
nav-offers = Angebote
nav-sites = Standorte
nav-costs = Kosten
nav-carbon = CO₂
nav-promises = Zusagen
nav-faults = Störungen
nav-alerts = Alarme
nav-projects = Projekte
nav-audit = Prüfprotokoll
nav-infrastructure = Infrastruktur
nav-partners = Partner
nav-agreements = Verträge
nav-orders = Bestellungen
nav-settlements = Abrechnung
nav-sign-out = Abmelden
nav-local = Ohne Anmeldung, nur auf diesem Rechner

switch-language = Sprache
switch-theme = Darstellung
theme-system = Wie das System
theme-light = Hell
theme-dark = Dunkel
foot-api = API-Referenz

also-title = Dasselbe per CLI und curl
also-cli = Befehlszeile
also-curl = REST-API

pager-label = Seiten
pager-first = Erste Seite
pager-previous = Vorige Seite
pager-next = Nächste Seite

live-on = Live
live-off = Nicht live; neuer Versuch läuft
live-end = Beendet

ago-now = gerade eben
ago-seconds = { $count ->
    [one] vor { $count } Sekunde
   *[other] vor { $count } Sekunden
}
ago-minutes = { $count ->
    [one] vor { $count } Minute
   *[other] vor { $count } Minuten
}
ago-hours = { $count ->
    [one] vor { $count } Stunde
   *[other] vor { $count } Stunden
}
ago-days = { $count ->
    [one] vor { $count } Tag
   *[other] vor { $count } Tagen
}
span-days = { $count } T
span-hours = { $count } Std.
span-minutes = { $count } Min.
span-seconds = { $count } Sek.

per-hour = { $amount } pro Stunde
per-month = { $amount } pro Monat
cancel = Abbrechen
none = keine
unknown = unbekannt

state-planning = wird geplant
state-deploying = wird bereitgestellt
state-running = läuft
state-waiting = wartet
state-degraded = eingeschränkt
state-blocked = blockiert
state-removing = wird entfernt
state-removed = entfernt
state-prepared = vorbereitet
state-starting = startet
state-unhealthy = gestört
state-backing-off = Neustart nach Absturz
state-failed = fehlgeschlagen
state-stopping = wird beendet
state-held = vorgemerkt
state-ordered = bestellt
state-ready = bereit
state-lost = verloren
state-releasing = wird zurückgegeben
state-succeeded = gelungen
state-active = aktiv
state-suspended = ausgesetzt
state-stale = veraltet
state-unreachable = nicht erreichbar
state-missing = noch nicht da

error-title = { $status ->
    [401] Bitte melden Sie sich an
    [403] Dazu fehlt Ihnen die Berechtigung
    [404] Hier ist nichts
    [405] Das geht hier nicht
    [409] Das steht im Widerspruch zum Vorhandenen
    [412] Inzwischen hat sich etwas geändert
    [413] Das ist zu groß
    [429] Zu viele Anfragen
    [500] Bei uns ist etwas schiefgegangen
    [503] Im Augenblick nicht möglich
    [504] Das hat zu lange gedauert
   *[other] Das hat nicht funktioniert
}
error-text = { $status ->
    [401] Ihre Sitzung ist abgelaufen, oder Sie haben sich noch nicht angemeldet.
    [403] Ihrem Konto fehlt eine Berechtigung, die dafür nötig ist. Wer Ihr Projekt verwaltet, kann sie Ihnen geben.
    [404] Vielleicht hat es das nie gegeben, vielleicht gibt es das nicht mehr, oder es gehört zu einem Projekt, das Sie nicht sehen.
    [500] Der Vorfall steht unter der Nummer unten im Protokoll des Brokers. Gehen Sie zurück und versuchen Sie es noch einmal.
   *[other] Was der Broker dazu sagt, steht unten.
}
error-said = Was der Broker sagt
error-number = Anfrage
error-back = Zur Übersicht
error-csrf = Dieses Formular ist veraltet oder kam nicht aus diesem Portal. Gehen Sie zurück, laden Sie die Seite neu und senden Sie es noch einmal; geändert wurde nichts.

# What was just done; $name is what it was done to.
done-offer-withdrawn = „{ $name }“ ist zurückgezogen.
done-invitation-withdrawn = Die Einladung ist zurückgenommen.
done-partner-accepted = Die Einladung von { $name } ist angenommen.
done-partner-suspended = { $name } ist ausgesetzt.
done-partner-resumed = { $name } läuft wieder.
done-partner-terminated = { $name } wird verlassen.
done-partner-policy = Die Regeln für { $name } gelten.
done-settlement-asked = Eine Abrechnung ist verlangt; beide Broker erstellen und unterschreiben sie.
done-claim-accepted = Die Forderung ist anerkannt; der Partner erfährt es bei seiner nächsten Anfrage.
done-claim-withdrawn = Die Forderung ist zurückgenommen.
state-invited = eingeladen
state-handshake = Handschlag
state-draining = wird geleert
state-terminated = verlassen
state-unsigned = nicht signiert
state-retired = beendet
state-breached = verletzt
state-expired = abgelaufen
state-pending = anstehend
state-acknowledged = bestätigt
state-in-progress = in Arbeit
state-completed = erledigt
state-ending = wird beendet
state-ended = beendet
state-placing = wird vorgemerkt
state-committed = bestellt
state-released = zurückgegeben
done-offers-imported = Übernommen; geändert oder neu: { $name }.
done-submitted = { $name } ist eingereicht und läuft unten an.
done-updated = { $name } bekommt die neue Revision.
done-scaled = { $name } wird skaliert.
done-rolled-back = { $name } kehrt zu einer früheren Revision zurück.
done-removing = { $name } wird entfernt.
done-token-revoked = Das Token ist widerrufen.
done-session-ended = Beendet.
done-made = { $name } ist angelegt.
done-member = Die Rolle ist { $name } gegeben.
done-member-removed = Das Mitglied ist entfernt.
done-quota = Das Kontingent ist gesetzt.
done-service-removed = Das Dienstkonto ist entfernt.
done-renamed = Es heißt jetzt { $name }.
done-closed = { $name } ist geschlossen.
state-draft = Entwurf
state-published = veröffentlicht
state-withdrawn = zurückgezogen
state-drained = leer
state-overdue = überfällig
state-moves = zieht um
state-moving = zieht gerade um
state-stays = bleibt
state-kept = gehalten
state-at-risk = gefährdet
state-missed = verfehlt
state-disputed = bestritten
state-raised = erhoben
state-proposed = vorgeschlagen
state-accepted = anerkannt
state-agreed = vereinbart
state-unmeasured = nicht gemessen
done-signed-out = Sie sind abgemeldet.
done-maintenance-begun = Die Wartung von { $name } hat begonnen.
done-maintenance-ended = { $name } darf wieder benutzt werden.
done-fault-acknowledged = Sie kümmern sich um Störung { $name }.
done-fault-resolved = Störung { $name } ist behoben.
done-alert-set = Die Regel { $name } ist gespeichert.
done-alert-removed = Die Regel { $name } ist entfernt.
done-notification-added = { $name } wird von nun an benachrichtigt.
done-notification-arrived = Der Test für { $name } ist angekommen.
done-notification-removed = { $name } wird nicht mehr benachrichtigt.
done-moving = { $name } zieht um.
done-consolidating = { $name } wird zusammengelegt.
done-promoted = Aufrufe von { $name } werden zur neuen Revision geführt.
done-credential-added = { $name } ist hinterlegt. Das Geheimnis lässt sich nicht mehr lesen.
done-credential-rotated = { $name } hat ein neues Geheimnis.
done-credential-removed = { $name } ist entfernt.
done-flavour-added = Der Zuschnitt { $name } ist da.
done-flavour-changed = Der Zuschnitt { $name } ist geändert.
done-flavour-removed = Der Zuschnitt { $name } ist entfernt.
done-system-connected = Das System { $name } ist verbunden.
done-system-changed = Das System { $name } ist geändert.
done-system-answers = Das System { $name } hat geantwortet.
done-system-asked = Das System { $name } wurde gefragt und ist nicht nutzbar.
done-system-offers = Die Angebote des Systems { $name } sind gemacht.
done-system-disconnected = Das System { $name } ist getrennt.
done-offer-drafted = „{ $name }“ ist entworfen. Noch sieht es sonst niemand.
done-offer-changed = „{ $name }“ ist geändert.
done-offer-published = „{ $name }“ ist veröffentlicht.
done-offer-priced = „{ $name }“ hat einen anderen Preis.
done-offer-units = Die Stückzahl von „{ $name }“ ist gesetzt.
done-offer-discarded = Der Entwurf „{ $name }“ ist weggeworfen.
