remove-title = ¿Eliminar { $name }?
remove-text = Desaparece todo lo que le pertenece, también sus datos. No se puede deshacer.
remove-workloads = Instancias que terminan
remove-machines = Máquinas que se devuelven
remove-volumes = Volúmenes que se borran
remove-button = Eliminar definitivamente
