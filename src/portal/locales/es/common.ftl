# Lo que necesitan todas las páginas.
brand = Hansa
skip = Ir al contenido

nav-label = Navegación principal
nav-menu = Menú
nav-group-work = Aplicaciones
nav-group-people = Organización
nav-group-provider = Proveedor
nav-overview = Resumen
nav-applications = Aplicaciones
nav-offers = Ofertas
nav-sites = Sedes
nav-costs = Costes
nav-carbon = Carbono
nav-promises = Compromisos
nav-faults = Incidencias
nav-alerts = Alertas
nav-projects = Proyectos
nav-audit = Auditoría
nav-infrastructure = Infraestructura
nav-partners = Socios
nav-agreements = Contratos
nav-orders = Pedidos
nav-settlements = Liquidaciones
nav-sign-out = Cerrar sesión
nav-local = Sin inicio de sesión, solo en este equipo

switch-language = Idioma
switch-theme = Apariencia
theme-system = Como el sistema
theme-light = Claro
theme-dark = Oscuro
foot-api = Referencia de la API

also-title = Lo mismo con la línea de órdenes y curl
also-cli = Línea de órdenes
also-curl = API REST

pager-label = Páginas
pager-first = Primera página
pager-previous = Página anterior
pager-next = Página siguiente

live-on = En directo
live-off = Sin conexión; reintentando
live-end = Terminado

ago-now = ahora mismo
ago-seconds = { $count ->
    [one] hace { $count } segundo
   *[other] hace { $count } segundos
}
ago-minutes = { $count ->
    [one] hace { $count } minuto
   *[other] hace { $count } minutos
}
ago-hours = { $count ->
    [one] hace { $count } hora
   *[other] hace { $count } horas
}
ago-days = { $count ->
    [one] hace { $count } día
   *[other] hace { $count } días
}
span-days = { $count } d
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s

per-hour = { $amount } por hora
per-month = { $amount } al mes
cancel = Cancelar
none = ninguno
unknown = desconocido

state-planning = planificando
state-deploying = desplegando
state-running = en marcha
state-waiting = en espera
state-degraded = degradado
state-blocked = bloqueado
state-removing = eliminando
state-removed = eliminado
state-prepared = preparado
state-starting = arrancando
state-unhealthy = con fallos
state-backing-off = reinicio tras un fallo
state-failed = fallido
state-stopping = deteniéndose
state-held = reservado
state-ordered = pedido
state-ready = listo
state-lost = perdido
state-releasing = en devolución
state-succeeded = completado
state-active = activo
state-suspended = suspendido
state-stale = caducado
state-unreachable = inaccesible
state-missing = aún no está

error-title = { $status ->
    [401] Inicie sesión
    [403] No tiene permiso para esto
    [404] Aquí no hay nada
    [405] Eso no es posible aquí
    [409] Entra en conflicto con lo que ya existe
    [412] Ha cambiado entretanto
    [413] Es demasiado grande
    [429] Demasiadas peticiones
    [500] Algo ha fallado por nuestra parte
    [503] Ahora mismo no es posible
    [504] Ha tardado demasiado
   *[other] No ha funcionado
}
error-text = { $status ->
    [401] Su sesión ha terminado o todavía no ha iniciado sesión.
    [403] A su cuenta le falta un permiso necesario. Quien administra su proyecto puede concedérselo.
    [404] Quizá no haya existido nunca, quizá ya no exista o pertenezca a un proyecto que usted no ve.
    [500] El incidente figura en el registro del bróker con el número de abajo. Vuelva atrás e inténtelo de nuevo.
   *[other] El bróker explica el motivo más abajo.
}
error-said = Lo que dice el bróker
error-number = Petición
error-back = Al resumen
error-csrf = Este formulario ha caducado o no procede de este portal. Vuelva atrás, recargue la página y envíelo de nuevo; no se ha cambiado nada.

# What was just done; $name is what it was done to.
done-offer-withdrawn = «{ $name }» se ha retirado.
done-invitation-withdrawn = La invitación se ha anulado.
done-partner-accepted = Se ha aceptado la invitación de { $name }.
done-partner-suspended = { $name } está suspendido.
done-partner-resumed = { $name } se ha reanudado.
done-partner-terminated = Se está dejando a { $name }.
done-partner-policy = La política para { $name } está en vigor.
done-settlement-asked = Se ha pedido una liquidación; ambos brókeres la hacen y la firman.
done-claim-accepted = La reclamación está aceptada; el socio lo sabrá en su próxima consulta.
done-claim-withdrawn = La reclamación se ha retirado.
state-invited = invitado
state-handshake = en contacto
state-draining = vaciándose
state-terminated = dejado
state-unsigned = sin firmar
state-retired = retirado
state-breached = incumplido
state-expired = caducado
state-pending = pendiente
state-acknowledged = confirmado
state-in-progress = en curso
state-completed = completado
state-ending = terminando
state-ended = terminado
state-placing = colocándose
state-committed = pedido
state-released = devuelto
done-offers-imported = Admitido; cambiados o nuevos: { $name }.
done-submitted = { $name } se ha enviado; arranca aquí abajo.
done-updated = { $name } recibe su nueva revisión.
done-scaled = { $name } se está escalando.
done-rolled-back = { $name } vuelve a una revisión anterior.
done-removing = { $name } se está eliminando.
done-token-revoked = El token está revocado.
done-session-ended = Terminado.
done-made = { $name } se ha creado.
done-member = El rol se ha dado a { $name }.
done-member-removed = El miembro se ha quitado.
done-quota = La cuota está fijada.
done-service-removed = La cuenta de servicio se ha quitado.
done-renamed = Ahora se llama { $name }.
done-closed = { $name } está cerrado.
state-draft = borrador
state-published = publicada
state-withdrawn = retirada
state-drained = vacío
state-overdue = atrasado
state-moves = se traslada
state-moving = trasladándose
state-stays = se queda
state-kept = cumplido
state-at-risk = en riesgo
state-missed = incumplido
state-disputed = disputado
state-raised = formulada
state-proposed = propuesto
state-accepted = aceptada
state-agreed = acordado
state-unmeasured = sin medir
done-signed-out = Ha cerrado la sesión.
done-maintenance-begun = El mantenimiento de { $name } ha empezado.
done-maintenance-ended = { $name } se puede usar de nuevo.
done-fault-acknowledged = Usted se ocupa de la incidencia { $name }.
done-fault-resolved = La incidencia { $name } está resuelta.
done-alert-set = La regla { $name } está guardada.
done-alert-removed = La regla { $name } está quitada.
done-notification-added = { $name } recibe avisos desde ahora.
done-notification-arrived = La prueba para { $name } ha llegado.
done-notification-removed = { $name } ya no recibe avisos.
done-moving = { $name } se traslada.
done-consolidating = { $name } se agrupa.
done-promoted = Las llamadas a { $name } se llevan a la nueva revisión.
done-credential-added = { $name } está guardada. Su secreto ya no se puede leer.
done-credential-rotated = { $name } tiene un secreto nuevo.
done-credential-removed = { $name } se ha eliminado.
done-flavour-added = El tipo { $name } ya está.
done-flavour-changed = El tipo { $name } se ha modificado.
done-flavour-removed = El tipo { $name } se ha eliminado.
done-system-connected = El sistema { $name } está conectado.
done-system-changed = El sistema { $name } se ha modificado.
done-system-answers = El sistema { $name } ha respondido.
done-system-asked = Se ha preguntado al sistema { $name }, y no se puede usar.
done-system-offers = Las ofertas del sistema { $name } están creadas.
done-system-disconnected = El sistema { $name } está desconectado.
done-offer-drafted = «{ $name }» está preparada. Aún no la ve nadie más.
done-offer-changed = «{ $name }» se ha modificado.
done-offer-published = «{ $name }» se ha publicado.
done-offer-priced = «{ $name }» tiene otro precio.
done-offer-units = Las unidades de «{ $name }» están fijadas.
done-offer-discarded = El borrador «{ $name }» se ha descartado.
