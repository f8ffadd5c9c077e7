remove-title = { $name } entfernen?
remove-text = Alles, was dazugehört, verschwindet, auch die Daten. Das lässt sich nicht rückgängig machen.
remove-workloads = Instanzen, die enden
remove-machines = Maschinen, die zurückgegeben werden
remove-volumes = Datenträger, die gelöscht werden
remove-button = Endgültig entfernen
