sign-out-title = Abgemeldet
sign-out-text = Ihre Sitzung bei { $broker } ist beendet. Sie werden weitergeleitet, um sie auch dort zu beenden, wo Sie sich angemeldet haben.
sign-out-continue = Auch dort beenden
sign-out-again = Neu anmelden
