sheet-crumbs = Está aquí
sheet-any = cualquiera
sheet-filter = Mostrar
sheet-reset = Mostrar todo
sheet-partner = Socio
sheet-state = Estado
sheet-since = Desde
sheet-offer = Oferta
sheet-reason = Motivo
sheet-role = Somos
sheet-customer = cliente
sheet-seller = proveedor
sheet-until = Hasta
sheet-created = Creado
sheet-name = Nombre
sheet-count = { $count ->
    [one] { $number } entrada
   *[other] { $number } entradas
}
sheet-save = Guardar
sheet-no-federation = Este bróker no está federado con nadie
sheet-no-federation-text = Active federation.enabled y un puerto fijo en la configuración para participar en una federación.
