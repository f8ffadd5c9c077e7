model-update = { $name } ändern
model-new-text = Beschreiben Sie sie, sehen Sie sich den Plan an, stellen Sie sie dann bereit. Bis dahin geschieht nichts.
model-update-text = Ändern Sie die Beschreibung und sehen Sie sich den Plan an. Neue Instanzen arbeiten, bevor alte gehen.
model-text = Beschreibung (YAML oder JSON)
model-text-hint = Komponenten, was jede braucht, wer wen aufruft und was Sie an Ort, Recht und Preis verlangen.
model-file = Oder eine Datei hochladen
model-file-hint = Eine Datei tritt an die Stelle des Textes.
model-plan = Plan zeigen
model-nothing-yet = Noch geschieht nichts.
model-examples = Mit einem Beispiel beginnen
model-example-three-tier = Proxy, Anwendung und Datenbank
model-example-minimal = Das Kleinste, was geht: ein Prozess
model-example-sovereign = An Orte, Recht und Zertifikate gebunden
model-example-batch = Arbeiter nach Anzahl und Verhältnis
model-example-federation = Läuft bei mehreren Anbietern zugleich
model-faults = { $count ->
    [one] Die Beschreibung hat einen Fehler
   *[other] Die Beschreibung hat { $count } Fehler
}
model-faults-label = Fehler in der Beschreibung
model-fault-at = Zeile { $line }, Spalte { $column }:
model-refused = Der Broker lehnt das ab
model-other-name = Der Name lässt sich nicht ändern. Behalten Sie ihn bei oder legen Sie eine neue Anwendung an.
model-no-project = Eine Anwendung braucht ein Projekt
model-no-project-text = Sie gehört für immer zu einem, mit Kontingent und Mitgliedern. Noch gibt es keines, in dem Sie eine anlegen dürfen.
model-make-project = Ein Projekt anlegen
model-make-project-text = In diesen Organisationen dürfen Sie Projekte anlegen; geben Sie dann sich oder wem es dienen soll dort eine Rolle.
model-make-organisation = Erst eine Organisation anlegen
model-make-organisation-text = Projekte gehören zu Organisationen. Sie dürfen beides anlegen und sich oder anderen die Rolle geben, die Anwendungen brauchen.
model-ask = Um eines bitten
model-ask-text = Wer ein Projekt verwaltet oder diesen Broker betreibt, kann Sie zum Mitglied machen. Nennen Sie Ihr Konto:
model-ask-whom = Wer verwaltet
