maintenance-title = Mantenimiento
maintenance-intro = Nodos y sitios que se vacían o están vacíos: no dan nada nuevo, y lo que corre allí se traslada antes.
maintenance-none = Nada está en mantenimiento
maintenance-none-text = Todos los nodos se pueden usar.
maintenance-what = Nodo o sitio
maintenance-node = Nodo { $name }
maintenance-site = Sitio { $name }, todos sus nodos
maintenance-node-at = Nodo { $name } · { $site }
maintenance-progress = Avance
maintenance-left = quedan { $left } de { $whole } máquinas
maintenance-empty = vacío
maintenance-reason = Motivo
maintenance-reason-hint = Para las personas: figura en la lista y en los eventos.
maintenance-deadline = Vacío antes de
maintenance-deadline-field = Vacío antes de (UTC)
maintenance-deadline-hint = Puede faltar. Si pasa, nada se detiene; un evento lo avisa.
maintenance-volumes = Lo que guarda datos en un volumen
maintenance-volumes-stay = se queda, y se nombra
maintenance-volumes-leave = se traslada, y empieza con un volumen vacío
maintenance-new = Vaciar un nodo o un sitio
maintenance-new-text = Vea primero qué se trasladaría. Nada ocurre antes de que empiece.
maintenance-preview = Mostrar qué se trasladaría
maintenance-refused = No se ha empezado
maintenance-would = Qué se trasladaría: { $name }
maintenance-would-count = { $count ->
    [one] Hay { $count } máquina. Aún no ha pasado nada.
   *[other] Hay { $count } máquinas. Aún no ha pasado nada.
}
maintenance-would-stay = { $count ->
    [one] { $count } máquina no puede trasladarse ahora. Se queda, sigue corriendo y se vuelve a intentar; el nodo solo está vacío cuando se haya ido.
   *[other] { $count } máquinas no pueden trasladarse ahora. Se quedan, siguen corriendo y se vuelve a intentar; el nodo solo está vacío cuando se hayan ido.
}
maintenance-begin = Empezar el mantenimiento
maintenance-nothing = Allí no corre nada
maintenance-nothing-text = Está vacío; se puede trabajar en ello.
maintenance-application = Aplicación
maintenance-instances = Instancias
maintenance-end-of-it = Adónde, o por qué no
maintenance-moves = Qué hay allí, y qué será de ello
maintenance-there = Qué hay allí todavía
maintenance-by = Empezado por
maintenance-drained = Vacío desde
maintenance-again = Mirar otra vez
maintenance-end = Terminar el mantenimiento
maintenance-end-text = Entonces se puede usar de nuevo. Lo que se trasladó se queda donde está.
