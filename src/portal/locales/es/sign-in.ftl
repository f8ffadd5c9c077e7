sign-in-title = Iniciar sesión
sign-in-text = En { $broker } usted elige quién responde por usted.
sign-in-with = Iniciar sesión con { $name }
sign-in-none = Aquí no hace falta iniciar sesión
sign-in-none-text = Este bróker solo atiende a este equipo y no pregunta a nadie quién es.
