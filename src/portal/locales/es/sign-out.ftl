sign-out-title = Sesión cerrada
sign-out-text = Su sesión en { $broker } ha terminado. Se le lleva a donde inició sesión para terminarla también allí.
sign-out-continue = Terminarla también allí
sign-out-again = Iniciar sesión de nuevo
