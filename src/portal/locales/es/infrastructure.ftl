infrastructure-intro = Los centros y nodos de este proveedor, y lo que queda libre en ellos.
infrastructure-offers-count = { $count ->
    [one] { $number } oferta de este proveedor está publicada.
   *[other] { $number } ofertas de este proveedor están publicadas.
}
infrastructure-nodes = Nodos
infrastructure-nodes-text = Partes de máquinas que se ceden y cuánto de cada una.
infrastructure-nodes-caption = Nodos con lo que se ha cedido de ellos
infrastructure-no-nodes = No hay nodos
infrastructure-no-nodes-text = Este bróker vende lo que entregan los socios y las nubes conectadas.
infrastructure-node = Nodo
infrastructure-processors = Procesadores
infrastructure-memory = Memoria
infrastructure-machines = Máquinas
infrastructure-used = { $used } de { $whole }
infrastructure-whole = cedido entero
infrastructure-overcommitted = cedido más de lo que hay
infrastructure-withdrawn = retirado
infrastructure-draining = en mantenimiento
infrastructure-down = fuera de servicio
infrastructure-falling-asleep = apagándose
infrastructure-asleep = en reposo
infrastructure-waking = encendiéndose
infrastructure-no-sites = No hay centros
infrastructure-no-sites-text = Añada uno a la configuración o importe su descripción.
infrastructure-sites-caption = Centros de este proveedor
infrastructure-import = Importar descripciones
infrastructure-import-text = Proveedores, centros y ofertas en RDF (Turtle). Cada uno se comprueba; se admite todo o nada.
infrastructure-document = Documento (Turtle)
infrastructure-refused = El documento no se admitió
infrastructure-drain = Vaciar
