package text

// italianFactor are the sentences of the second factor.
func italianFactor() map[string]string {
	return map[string]string{
		"factor.title":      "Secondo fattore",
		"factor.code-title": "Ancora un codice",
		"factor.code-intro": "La password è giusta. Scrivi il codice che l’app sul tuo telefono mostra adesso.",
		"factor.code-help":  "Sei cifre. Al posto del codice dell’app va bene anche uno dei tuoi codici di recupero.",
		"factor.field":      "Codice",
		"factor.lost-phone": "Se non hai né il telefono né un codice di recupero, rivolgiti all’amministratore: può togliere il secondo fattore, e tu lo attivi di nuovo.",
		"factor.wrong":      "Il codice non è giusto, oppure è già stato usato, oppure ci sono stati troppi tentativi. Aspetta il prossimo e scrivilo.",

		"factor.none":       "Oltre alla password ti si può chiedere un codice mostrato da un’app sul tuo telefono. Così chi viene a sapere la tua password non entra comunque.",
		"factor.policy-off": "Qui non viene chiesto nessun secondo fattore.",
		"factor.elsewhere":  "Da questo ingresso non viene chiesto nessun codice; dall’altro sì, una volta attivato.",
		"factor.forced":     "Prima di continuare devi attivare un secondo fattore: un codice di un’app sul tuo telefono, oltre alla password.",
		"factor.begin":      "Attiva",
		"factor.on":         "Il secondo fattore è attivo: quando entri ti viene chiesto un codice oltre alla password.",
		"factor.on-unasked": "Il tuo secondo fattore è attivo. Da questo ingresso non viene chiesto nessun codice.",
		"factor.left.one":   "Resta %s codice di recupero.",
		"factor.left.other": "Restano %s codici di recupero.",
		"factor.required":   "Devi avere un secondo fattore, perciò non si può disattivare.",
		"factor.is-off":     "Il secondo fattore è disattivato: per entrare basta la password.",

		"factor.codes-title": "Nuovi codici di recupero",
		"factor.codes-help":  "Quelli vecchi non varranno più.",
		"factor.codes":       "Crea i codici di recupero",
		"factor.again-title": "Un altro telefono",
		"factor.again-help":  "L’app attuale resta valida finché quella nuova non è confermata.",
		"factor.again":       "Attiva di nuovo",
		"factor.off-title":   "Disattiva",
		"factor.off-help":    "Da quel momento per entrare basta la password.",
		"factor.off":         "Disattiva",

		"factor.setup-title":   "Attiva il secondo fattore",
		"factor.setup-app":     "Sul telefono apri un’app per codici di questo tipo (TOTP). Se non ne hai, installane una: ce ne sono di gratuite.",
		"factor.setup-scan":    "Con l’app inquadra il quadrato qui sotto, oppure scrivi la chiave nell’app.",
		"factor.setup-code":    "Scrivi il codice che l’app mostra a quel punto. Hai un quarto d’ora.",
		"factor.qr":            "Codice QR con la chiave scritta qui sotto",
		"factor.key":           "La chiave, da scrivere:",
		"factor.link":          "Aprila in un’app su questo dispositivo",
		"factor.confirm":       "Conferma",
		"factor.others-end":    "Le tue sessioni su altri dispositivi a quel punto finiscono.",
		"factor.ask-help":      "Dell’app che usi adesso, oppure un codice di recupero: sei entrato senza.",
		"factor.wrong-both":    "La password o il codice non è giusto, oppure il codice è già stato usato.",
		"factor.code-missing":  "Qui, oltre alla password, serve un codice dell’app o uno di recupero (otp): sei entrato senza.",
		"factor.wrong-confirm": "Il codice non è quello di questa chiave. Controlla che l’orologio del telefono sia giusto e scrivi il prossimo.",
		"factor.is-on":         "Il secondo fattore è attivo. I suoi codici di recupero sono stati mostrati una volta; se non li hai, fanne di nuovi.",
		"factor.late":          "È passato troppo tempo, oppure hai ricominciato in un’altra pagina. Comincia di nuovo.",

		"factor.recovery":       "Codici di recupero",
		"factor.done":           "Il secondo fattore è attivo.",
		"factor.recovery-intro": "Ognuno di questi codici ti fa entrare una volta al posto di quello dell’app, quando non hai il telefono. Stampali o scrivili, e tienili lontano dal telefono.",
		"factor.recovery-once":  "Vengono mostrati adesso e mai più. Non ricaricare questa pagina: se ne hai chiesti di nuovi ne farebbe altri, e questi non varrebbero più.",
		"factor.go-on":          "Li ho conservati: continua",
	}
}
