sign-in-title = Anmelden
sign-in-text = Bei { $broker } wählen Sie, wer für Sie bürgt.
sign-in-with = Anmelden mit { $name }
sign-in-none = Hier ist keine Anmeldung nötig
sign-in-none-text = Dieser Broker bedient nur diesen Rechner und fragt niemanden, wer er ist.
