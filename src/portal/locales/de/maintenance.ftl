maintenance-title = Wartung
maintenance-intro = Knoten und Standorte, die geleert werden oder leer sind: Sie geben nichts Neues, und was dort läuft, zieht erst um.
maintenance-none = Nichts ist in Wartung
maintenance-none-text = Jeder Knoten darf benutzt werden.
maintenance-what = Knoten oder Standort
maintenance-node = Knoten { $name }
maintenance-site = Standort { $name }, alle Knoten
maintenance-node-at = Knoten { $name } · { $site }
maintenance-progress = Fortschritt
maintenance-left = { $left } von { $whole } Maschinen noch da
maintenance-empty = leer
maintenance-reason = Grund
maintenance-reason-hint = Für Menschen: Er steht in der Liste und in den Ereignissen.
maintenance-deadline = Leer bis
maintenance-deadline-field = Leer bis (UTC)
maintenance-deadline-hint = Darf fehlen. Verstreicht der Zeitpunkt, wird nichts angehalten; ein Ereignis sagt es.
maintenance-volumes = Was Daten in einem Volume hält
maintenance-volumes-stay = bleibt und wird genannt
maintenance-volumes-leave = zieht um und beginnt mit leerem Volume
maintenance-new = Knoten oder Standort leeren
maintenance-new-text = Sehen Sie zuerst, was umziehen würde. Bevor Sie beginnen, geschieht nichts.
maintenance-preview = Zeigen, was umziehen würde
maintenance-refused = Es wurde nicht begonnen
maintenance-would = Was umziehen würde: { $name }
maintenance-would-count = { $count ->
    [one] { $count } Maschine ist jetzt dort. Noch ist nichts geschehen.
   *[other] { $count } Maschinen sind jetzt dort. Noch ist nichts geschehen.
}
maintenance-would-stay = { $count ->
    [one] { $count } Maschine kann jetzt nicht umziehen. Sie bleibt, läuft weiter und wird wieder versucht; leer ist der Knoten erst, wenn sie fort ist.
   *[other] { $count } Maschinen können jetzt nicht umziehen. Sie bleiben, laufen weiter und werden wieder versucht; leer ist der Knoten erst, wenn sie fort sind.
}
maintenance-begin = Wartung beginnen
maintenance-nothing = Dort läuft nichts
maintenance-nothing-text = Es ist leer; man kann daran arbeiten.
maintenance-application = Anwendung
maintenance-instances = Instanzen
maintenance-end-of-it = Wohin, oder warum nicht
maintenance-moves = Was dort ist, und was daraus wird
maintenance-there = Was noch dort ist
maintenance-by = Begonnen von
maintenance-drained = Leer seit
maintenance-again = Noch einmal sehen
maintenance-end = Wartung beenden
maintenance-end-text = Danach darf wieder benutzt werden, was in Wartung war. Was umgezogen ist, bleibt, wo es ist.
