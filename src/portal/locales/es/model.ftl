model-update = Modificar { $name }
model-new-text = Descríbala, examine el plan y despliéguela. Hasta entonces no ocurre nada.
model-update-text = Cambie la descripción y examine el plan. Las instancias nuevas funcionan antes de que se vayan las antiguas.
model-text = Descripción (YAML o JSON)
model-text-hint = Componentes, qué necesita cada uno, quién llama a quién y qué exige usted de lugar, derecho y precio.
model-file = O subir un archivo
model-file-hint = El archivo sustituye al texto.
model-plan = Mostrar el plan
model-nothing-yet = Todavía no ocurre nada.
model-examples = Partir de un ejemplo
model-example-three-tier = Proxy, aplicación y base de datos
model-example-minimal = Lo mínimo: un proceso
model-example-sovereign = Ligada a lugares, leyes y certificados
model-example-batch = Trabajadores por número y proporción
model-example-federation = Funciona en varios proveedores a la vez
model-faults = { $count ->
    [one] La descripción tiene un error
   *[other] La descripción tiene { $count } errores
}
model-faults-label = Errores de la descripción
model-fault-at = Línea { $line }, columna { $column }:
model-refused = El bróker lo rechaza
model-other-name = El nombre no se puede cambiar. Consérvelo o cree una aplicación nueva.
model-no-project = Una aplicación necesita un proyecto
model-no-project-text = Pertenece para siempre a uno, con su cuota y sus miembros. Aún no hay ninguno en el que pueda crear una.
model-make-project = Cree un proyecto
model-make-project-text = Puede crear proyectos en estas organizaciones; luego dé un papel en él a usted o a quien vaya a usarlo.
model-make-organisation = Cree antes una organización
model-make-organisation-text = Los proyectos pertenecen a organizaciones. Puede crear ambos, y darse a usted o a otros el papel que piden las aplicaciones.
model-ask = Pida uno
model-ask-text = Quien administra un proyecto, o gestiona este bróker, puede hacerle miembro. Dígale su cuenta:
model-ask-whom = Quién administra
