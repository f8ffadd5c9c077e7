remove-title = Supprimer { $name } ?
remove-text = Tout ce qui lui appartient disparaît, ses données aussi. C’est irréversible.
remove-workloads = Instances arrêtées
remove-machines = Machines rendues
remove-volumes = Volumes effacés
remove-button = Supprimer définitivement
