sites-title = Centros
sites-intro = Dónde tienen máquinas los proveedores y con qué rapidez un centro alcanza a otro.
sites-shown = { $count ->
    [one] { $number } centro
   *[other] { $number } centros
}
sites-map-text = Un mapa equivalente. Cada marca lleva a un centro; un número representa varios y acerca la vista. La tabla dice lo mismo.
sites-to-table = A la tabla
sites-table = Todos los centros mostrados
sites-caption = Centros con proveedor, lugar, derecho e intensidad de carbono
sites-country = País
sites-place = Lugar
sites-intensity = gCO₂e/kWh
sites-offers = Ofertas
sites-latencies = Latencias
sites-latencies-text = Tiempos de ida y vuelta que indican los centros, primero los más rápidos.
sites-no-latencies = No se indica ninguna latencia
sites-no-latencies-text = Ni este centro ni otro indica cuánto tarda un mensaje entre ellos.
sites-from = De
sites-to = A
sites-round-trip = Ida y vuelta
sites-speed-1 = menos de 10 ms
sites-speed-2 = de 10 a 50 ms
sites-speed-3 = 50 ms o más
sites-other-providers = otros proveedores
sites-cluster = { $count } centros: { $names }
sites-unplaced = { $count ->
    [one] { $count } centro no indica coordenadas y solo figura en la tabla.
   *[other] { $count } centros no indican coordenadas y solo figuran en la tabla.
}
sites-empty = No hay ningún centro aquí
sites-empty-text = Muestre todos los centros o elija otro proveedor.
